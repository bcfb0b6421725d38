//! Labels: what else is said of a task, as keys and values.

mod edit;
mod set;

use std::fmt;
use std::future::Future;

use crate::context::name::{self, Change, WithContext};
use crate::platform::runtime_flags;
use crate::record::slot::TaskSlot;
use crate::types::bounded::BoundedText;

pub(crate) use crate::record::content::MAX_LABELS_LEN;
pub use crate::record::content::{MAX_LABELS, MAX_LABEL_LEN};
pub use edit::LabelSet;
pub use set::write_labels;
pub use set::{Label, LabelIter, Labels};

/// A key or a value.
pub(crate) type LabelText = BoundedText<MAX_LABEL_LEN>;

/// Sets a label of the current task and of the tasks that it spawns from now on.
///
/// A task has one value for a key: the last one. Tasks that were spawned earlier keep their labels. An empty value
/// removes the label, also an inherited one. An empty key has no effect. While birthmark is off, this function does
/// nothing and does not format the value.
///
/// A name records on whose behalf a task runs, and each task has one. Labels are for selecting and counting: the
/// tenant, the route, the shard. A task has up to [`MAX_LABELS`] of them.
///
/// [`set_name`](crate::set_name) explains which task is the current one if instrumented code did not spawn the
/// running task.
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
    if !runtime_flags::has(runtime_flags::OFF) {
        name::set(&change(key, value));
    }
}

/// Runs `f` while the current task has a label. Tasks that `f` spawns keep the label.
///
/// A name or a label that `f` sets ends with `f`.
///
/// An `Fn` closure that several threads call at once is one task. The label belongs to one call of it: other calls, also
/// those that `f` makes, do not have it.
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
    if runtime_flags::has(runtime_flags::OFF) {
        return f();
    }
    name::with_change(&change(key, value), f)
}

/// Runs a future while the task that polls it has a label. Tasks that the future spawns keep the label.
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
pub fn with_label_async<F: Future>(
    key: &str,
    value: impl fmt::Display,
    future: F,
) -> WithContext<F> {
    WithContext::new(|| change(key, value), future)
}

/// Labels a task that has not started yet.
pub(crate) fn set_before_start(task: TaskSlot, key: &str, value: impl fmt::Display) {
    name::set_before_start(task, &change(key, value), 0);
}

/// Returns the change that sets a label.
pub(crate) fn change(key: &str, value: impl fmt::Display) -> Change {
    Change::Label(BoundedText::new(key), BoundedText::new(value))
}
