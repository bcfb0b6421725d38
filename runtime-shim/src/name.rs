//! Names: for whom a task works.

mod node;
mod text;
mod under;

use std::fmt;
use std::future::Future;

use crate::local;
use crate::mode;
use crate::registry::root::ARENA;
use crate::registry::slot::Slot;

pub(crate) use node::Change;
pub(crate) use text::{boundary, Text};
pub use under::Under;
pub(crate) use under::{during, set};

/// The most bytes that a name has. What is longer is cut at a character boundary and shown with
/// an ellipsis.
pub const MAX_NAME_LEN: usize = 255;

/// Names the current task, from now on, and all that it will spawn.
///
/// Tasks that it has already spawned keep the name that they have. An empty name removes the name,
/// also an inherited one. While birthmark is off, this does nothing and does not format the name.
///
/// In a task that no instrumented code has spawned, such as a connection of `axum::serve`, the current task is the
/// OS thread that polls it. It keeps the name, and gives it to what it spawns for others. There, and in a task
/// that serves one request after the other, [`with_name_async`] names a request and nothing else.
///
/// # Examples
///
/// ```
/// # let request_id = 123_123;
/// birthmark::set_name(format_args!("req-id-{request_id}"));
/// assert_eq!(birthmark::current().unwrap().name().unwrap().as_str(), "req-id-123123");
/// ```
pub fn set_name(name: impl fmt::Display) {
    if !mode::has(mode::OFF) {
        set(&Change::Name(Text::new(name)));
    }
}

/// Does `f` under a name: the current task has it meanwhile, and what `f` spawns keeps it.
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
/// birthmark::with_name(tenant, || {
///     std::thread::spawn(|| { /* works for the tenant */ });
/// });
/// # }
/// ```
pub fn with_name<R>(name: impl fmt::Display, f: impl FnOnce() -> R) -> R {
    if mode::has(mode::OFF) {
        return f();
    }
    during(&Change::Name(Text::new(name)), f)
}

/// Runs a future under a name: whichever task polls it has the name meanwhile, and what is spawned
/// in it keeps the name.
///
/// What is set inside, a name or a label, ends with it: so this is for requests, in a middleware say.
///
/// # Examples
///
/// ```
/// # async fn handle() {}
/// # async fn serve(tenant: &str) {
/// birthmark::with_name_async(tenant, async {
///     handle().await;
/// })
/// .await;
/// # }
/// ```
pub fn with_name_async<F: Future>(name: impl fmt::Display, future: F) -> Under<F> {
    Under::new(|| Change::Name(Text::new(name)), future)
}

/// Changes what is said of a task that has not started yet. Not a part of births, which would otherwise
/// all make room for it on the stack.
#[cold]
#[inline(never)]
pub(crate) fn give(task: &'static Slot, change: &Change, flags: u64) {
    local::with(|local| {
        local.with_block(|store, block| {
            let Some(node) = node::make_for_newborn(store, block, task, change, flags) else {
                return;
            };
            if let Some(old) = task.scope.swap(Some(node)).filter(|old| old.is_name()) {
                store.release(&ARENA, old);
            }
        })
    });
}
