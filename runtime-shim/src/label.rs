//! Labels: what else is said of a task, as keys and values.

mod edit;
mod set;

use std::fmt;
use std::future::Future;

use crate::mode;
use crate::name::{self, Change, Text, Under};
use crate::registry::slot::Slot;

pub(crate) use edit::LabelSet;
pub(crate) use set::write_labels;
pub use set::{Label, LabelIter, Labels};

/// The most labels that a task has. Of more, the first are kept, and dumps say that there were others.
pub const MAX_LABELS: usize = 8;

/// The most bytes that the key of a label has, and that its value has. What is longer is cut at a
/// character boundary and shown with an ellipsis.
pub const MAX_LABEL_LEN: usize = 127;

/// The most bytes that labels take, encoded.
pub(crate) const MAX_LABELS_LEN: usize = MAX_LABELS * 2 * (1 + MAX_LABEL_LEN) + 1;

/// A key or a value.
pub(crate) type LabelText = Text<MAX_LABEL_LEN>;

/// Labels the current task, from now on, and all that it will spawn.
///
/// A task has one value for a key: the one that was set last. Tasks that it has already spawned keep the
/// labels that they have. An empty value removes the label, also an inherited one; an empty key does
/// nothing. While birthmark is off, this does nothing and does not format the value.
///
/// A name says for whom a task works, and each task has one. Labels are for what tasks are selected and
/// counted by: the tenant, the route, the shard. There may be [`MAX_LABELS`] of them.
///
/// Which task is the current one, where instrumented code has not spawned any: see [`set_name`](crate::set_name).
///
/// # Examples
///
/// ```
/// birthmark::set_label("tenant", "acme");
/// birthmark::set_label("shard", 7);
/// let task = birthmark::current().unwrap();
/// assert_eq!(task.label("tenant"), Some("acme"));
/// assert_eq!(task.labels().to_string(), "shard=7 tenant=acme");
///
/// birthmark::set_label("shard", "");
/// assert_eq!(birthmark::current().unwrap().label("shard"), None);
/// ```
pub fn set_label(key: &str, value: impl fmt::Display) {
    if !mode::has(mode::OFF) {
        name::set(&change(key, value));
    }
}

/// Does `f` under a label: the current task has it meanwhile, and what `f` spawns keeps it.
///
/// What is set inside, a name or a label, ends with it.
///
/// An `Fn` closure that several threads call at once is one task with one name. Names and labels for a while that
/// overlap in such calls may be lost, or stay behind.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn index(tenant: &str) {
/// birthmark::with_label("tenant", tenant, || {
///     std::thread::spawn(|| { /* works for the tenant */ });
/// });
/// # }
/// ```
pub fn with_label<R>(key: &str, value: impl fmt::Display, f: impl FnOnce() -> R) -> R {
    if mode::has(mode::OFF) {
        return f();
    }
    name::during(&change(key, value), f)
}

/// Runs a future under a label: whichever task polls it has the label meanwhile, and what is spawned in
/// it keeps the label.
///
/// # Examples
///
/// ```
/// # async fn handle() {}
/// # async fn serve(tenant: &str) {
/// birthmark::with_label_async("tenant", tenant, async {
///     handle().await;
/// })
/// .await;
/// # }
/// ```
pub fn with_label_async<F: Future>(key: &str, value: impl fmt::Display, future: F) -> Under<F> {
    Under::new(|| change(key, value), future)
}

/// Labels a task that has not started yet.
pub(crate) fn give(task: &'static Slot, key: &str, value: impl fmt::Display) {
    name::give(task, &change(key, value), 0);
}

fn change(key: &str, value: impl fmt::Display) -> Change {
    Change::Label(Text::new(key), Text::new(value))
}
