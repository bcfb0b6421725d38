//! Names: for whom a task works.

mod given;
mod node;
mod with_context;

use std::fmt;
use std::future::Future;
use std::sync::atomic::Ordering;

use crate::platform::runtime_flags;
use crate::record::local_set::LocalSetRef;
use crate::record::slot::{NodeSlot, TaskSlot};
use crate::thread::local;
use crate::types::bounded::BoundedText;

pub use crate::record::content::MAX_NAME_LEN;
pub use given::effective_name;
pub(crate) use given::inherits_name;
pub use given::{Name, NameOrigin};
pub(crate) use node::{make_to_lend, Change};
pub use with_context::WithContext;
pub(crate) use with_context::{node_with, set, with_change};

/// Sets the name of the current task and of the tasks that it spawns from now on.
///
/// Tasks that were spawned earlier keep their name. An empty name removes the name, also an inherited one. While
/// birthmark is off, this function does nothing and does not format the name.
///
/// If no instrumented code spawned the running task, the current task is the OS thread that polls it. A connection of
/// `axum::serve` is an example. The thread keeps the name and passes it to all later spawns.
///
/// [`with_name_async`] names a single request, in such tasks and in tasks that serve several requests one after the
/// other.
///
/// # Examples
///
/// ```
/// # let request_id = 123_123;
/// birthmark::set_name(format_args!("req-id-{request_id}"));
/// assert_eq!(birthmark::current().unwrap().name().unwrap().as_str(), "req-id-123123");
/// ```
pub fn set_name(name: impl fmt::Display) {
    if !runtime_flags::has(runtime_flags::OFF) {
        set(&Change::Name(BoundedText::new(name)));
    }
}

/// Runs `f` while the current task has a name. Tasks that `f` spawns keep the name.
///
/// A name or a label that `f` sets ends with `f`.
///
/// An `Fn` closure that several threads call at once is one task. The name belongs to one call of it: other calls, also
/// those that `f` makes, do not have it.
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
    if runtime_flags::has(runtime_flags::OFF) {
        return f();
    }
    with_change(&Change::Name(BoundedText::new(name)), f)
}

/// Runs a future while the task that polls it has a name. Tasks that the future spawns keep the name.
///
/// A name or a label that the future sets ends with the future. This function therefore suits requests, for example
/// in a middleware.
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
pub fn with_name_async<F: Future>(name: impl fmt::Display, future: F) -> WithContext<F> {
    WithContext::new(|| Change::Name(BoundedText::new(name)), future)
}

/// Changes what is said of a task that has not started yet. Not a part of spawns, which would otherwise
/// all make room for it on the stack.
#[cold]
#[inline(never)]
pub(crate) fn set_before_start(task: TaskSlot, change: &Change, flags: u64) {
    local::with(|local| {
        // SAFETY: the task has not started, and this thread spawns it.
        let present = unsafe { clone_locals_of(task) };
        let locals = change.apply(present);
        let Some(node) = node::make_before_start(local, task, change, locals.as_ref(), flags)
        else {
            return;
        };
        let old = task.swap_spawn_parent(Some(node.into()));
        if let Some(old) = old.and_then(NodeSlot::as_name) {
            // SAFETY: the task was the owner of the reference, and has another node now.
            unsafe { local.release_name(old) };
        }
    });
}

/// Returns a reference to the values of a task's locals.
///
/// # Safety
///
/// No other thread uses the task.
unsafe fn clone_locals_of(task: TaskSlot) -> Option<LocalSetRef> {
    let name = task.spawn_parent(Ordering::Relaxed)?.as_name()?;
    // SAFETY: by the contract.
    unsafe { name.clone_locals() }
}
