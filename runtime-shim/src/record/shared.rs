//! Tasks that several threads run at once: an `Fn` closure that is called by all of them.
//!
//! A thread may name the task, and so replace the parent of its future children, while another thread is about to spawn
//! below the node that was there. So a thread that takes a reference to that node publishes it in a hazard pointer. A
//! thread that has replaced the node waits until no hazard pointer has it. A task that one thread has run so far needs
//! none of this.

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
