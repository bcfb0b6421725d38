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

/// Calls `f`, and returns a refusal of a spawn in it instead of what the spawn's callee makes of that.
///
/// The callee's ways differ, and some tell little: a `JoinError` has no room for a reason, so that a refused task looks
/// like a cancelled one. Here the spawner learns at once which spawn was refused, and why. The result of `f`, the
/// handle of a refused task, is dropped. A spawn that would panic unwinds to here, without a message.
///
/// Only spawns by this thread count. Code that `f` calls may pass a refusal on as an error, or catch its panic: the
/// refusal is returned all the same, the first one if there are several.
///
/// # Errors
///
/// If a hook has refused a spawn in `f`.
///
/// # Panics
///
/// If `f` does, for another reason.
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
pub(super) fn note(refusal: &Refusal) {
    if is_catching() {
        let first = replace_caught(None).unwrap_or_else(|| refusal.clone());
        replace_caught(Some(first));
    }
}

/// Whether the spawner is in a call of [`catch_refusal`].
pub(super) fn is_catching() -> bool {
    DEPTH.get() > 0
}

fn replace_caught(new: Option<Refusal>) -> Option<Refusal> {
    let new = ManuallyDrop::new(new);
    ManuallyDrop::into_inner(CAUGHT.replace(new))
}
