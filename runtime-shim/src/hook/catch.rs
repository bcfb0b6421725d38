//! Catches refusals in the spawner, however the callee would pass them on.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use super::refusal::Refusal;

thread_local! {
    /// How many calls of [`catch_refusal`] the thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The first refusal in the innermost call. Without a destructor: a thread may spawn until it is gone.
    static CAUGHT: RefCell<ManuallyDrop<Option<Refusal>>> = const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Calls `f` and returns the refusal of a spawn in it, whatever the spawn's callee makes of the refusal.
///
/// Callees report a refusal in different ways, and some lose the reason. A `JoinError` has no room for it, so a
/// refused task looks like a cancelled one. This function returns the site and the reason at once.
///
/// The result of `f`, which is the handle of a refused task, is dropped. A spawn that would panic unwinds to this
/// function without a message.
///
/// Only spawns by the current thread count. Code in `f` may turn a refusal into an error or catch its panic. The
/// first refusal is returned nevertheless.
///
/// # Errors
///
/// Returns the refusal if a hook has refused a spawn in `f`.
///
/// # Panics
///
/// Panics if `f` panics for another reason.
///
/// # Examples
///
/// ```
/// # async fn serve(_: u32) {}
/// # #[birthmark::instrument]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| spawn.refuse("overload"));
/// let result = birthmark::catch_refusal(|| tokio::spawn(serve(1)));
/// assert_eq!(result.unwrap_err().reason(), "overload");
/// hook.remove();
/// let result = birthmark::catch_refusal(|| tokio::spawn(serve(1)));
/// assert!(result.unwrap().await.is_ok());
/// # }
/// ```
pub fn catch_refusal<R>(f: impl FnOnce() -> R) -> Result<R, Refusal> {
    let outer = replace_caught(None);
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(f));
    DEPTH.set(DEPTH.get() - 1);
    let caught = replace_caught(outer);
    match (result, caught) {
        (Ok(result), None) => Ok(result),
        (Ok(result), Some(refusal)) => {
            drop(result);
            Err(refusal)
        }
        (Err(payload), caught) => match payload.downcast::<Refusal>() {
            Ok(refusal) => Err(caught.unwrap_or(*refusal)),
            Err(payload) => resume_unwind(payload),
        },
    }
}

/// Notes a refusal that the spawner learns of by other means.
pub(crate) fn note(refusal: &Refusal) {
    if is_catching() {
        let first = replace_caught(None).unwrap_or_else(|| refusal.clone());
        replace_caught(Some(first));
    }
}

/// Returns `true` if the thread is in a call of [`catch_refusal`].
pub(super) fn is_catching() -> bool {
    DEPTH.get() > 0
}

fn replace_caught(new: Option<Refusal>) -> Option<Refusal> {
    let new = ManuallyDrop::new(new);
    ManuallyDrop::into_inner(CAUGHT.replace(new))
}
