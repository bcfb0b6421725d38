//! Tasks that several threads run at once: an `Fn` closure that is called by all of them.
//!
//! Each thread may name the task, and so replace its scope, while another is about to spawn under the
//! one that was there. So whoever takes a reference to the scope of a task shows it while doing so, and
//! whoever has replaced one waits for that. Nobody has to wait, nor to look, before a second thread has
//! come.

use super::hazard::{is_shown, Hazard};
use super::slot::{NameSlot, NodeSlot, Slot, TaskSlot};
use crate::platform::sync::atomic::{fence, Ordering};

/// Returns the parent of the future children of a task that this thread runs. The node stays valid until the hazard
/// is cleared.
pub(crate) fn protect_spawn_parent(task: TaskSlot, hazard: &Hazard<Slot>) -> Option<NodeSlot> {
    let load = || task.spawn_parent_ptr(Ordering::Acquire).cast_mut();
    let node = hazard.protect(load);
    // SAFETY: null or the address of a node, because the word is a task's. The hazard keeps it valid.
    unsafe { Some(NodeSlot::new(node.as_ref()?)) }
}

/// Waits until a name that its task does not have any more may be released. `hazards` are those of all threads.
pub(crate) fn wait_until_unused<'a, H: Iterator<Item = &'a Hazard<Slot>>>(
    name: NameSlot,
    hazards: impl Fn() -> H,
) {
    // A second thread that is not seen here has not published anything yet, and reads the new node.
    fence(Ordering::SeqCst);
    if name.task().is_some_and(TaskSlot::is_shared) {
        while is_shown(name.slot(), hazards()) {
            crate::platform::sync::yield_now();
        }
    }
}
