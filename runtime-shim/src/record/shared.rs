//! Tasks that several threads run at once: an `Fn` closure that is called by all of them.
//!
//! Each thread may name the task, and so replace its scope, while another is about to spawn under the
//! one that was there. So whoever takes a reference to the scope of a task shows it while doing so, and
//! whoever has replaced one waits for that. Nobody has to wait, nor to look, before a second thread has
//! come.

use super::hazard::{is_shown, Hazard};
use super::slot::{state, Slot, SHARED};
use crate::platform::sync::atomic::{fence, Ordering};

/// Notes that a closure is called that others may be calling. `status` says that it runs.
pub(crate) fn note_call(task: &'static Slot, status: u64) {
    let before = task.status.swap(status, Ordering::AcqRel);
    if before & state::MASK == state::RUNNING {
        task.refs.fetch_or(SHARED, Ordering::AcqRel);
    }
}

/// The scope of a task that this thread runs. It is not freed before the hazard is cleared.
pub(crate) fn protect_scope(task: &'static Slot, hazard: &Hazard<Slot>) -> Option<&'static Slot> {
    let load = || task.own_scope(Ordering::Acquire).cast_mut();
    // SAFETY: null or a slot, as every scope; slots are never unmapped.
    unsafe { hazard.protect(load).as_ref() }
}

/// Waits until a name node that its task does not have any more may be released. `hazards` are those of
/// all threads.
pub(crate) fn wait_until_unused<'a, H: Iterator<Item = &'a Hazard<Slot>>>(
    name: &'static Slot,
    hazards: impl Fn() -> H,
) {
    // A second thread that is not seen here has not shown anything yet, and sees the new scope.
    fence(Ordering::SeqCst);
    let is_shared = |task: &Slot| task.refs.load(Ordering::Acquire) & SHARED != 0;
    if name.parent.get().is_some_and(is_shared) {
        while is_shown(name, hazards()) {
            crate::platform::sync::yield_now();
        }
    }
}
