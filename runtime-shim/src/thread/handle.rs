//! The handle of a task: one pointer, whose low bits tell what it points to.

use core::ptr;

use crate::record::slot::TaskSlot;
use crate::thread::local::Local;

/// The slot's address, or one of the constants.
///
/// With the lowest bit set, it is the address of what hooks have left with the task, which knows the slot. With the two
/// lowest bits set, it is that of a refused task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Handle(pub(crate) *const ());

/// Set in what is not the address of a slot.
pub(crate) const TAG: usize = 1;
/// Both this and the tag: a slot like any other, but its task does not take the short way.
const MARK: usize = 5;
/// Both bits: a reference to a refused task.
pub(crate) const REFUSED: usize = 3;

impl Handle {
    /// Handle of a task that is not recorded.
    pub(crate) const NONE: Handle = Handle(ptr::without_provenance(1));

    /// Handle of no task at all.
    pub(crate) const NO_BIRTH: Handle = Handle(ptr::without_provenance(9));
    /// As [`Handle::NONE`], marked.
    const MARKED_NONE: Handle = Handle(ptr::without_provenance(17));

    /// The handle of a task with nothing attached.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn plain(task: TaskSlot) -> Self {
        Handle(task.as_ptr())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_untracked(self) -> bool {
        self == Handle::NONE
    }

    /// The slot of a birth with nothing attached that is not marked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain(self) -> Option<TaskSlot> {
        if self.0.addr() & TAG != 0 {
            return None;
        }
        // SAFETY: without the tag it is the result of `as_ptr`, by `Handle::plain`. The task ends with its handle.
        Some(unsafe { TaskSlot::from_ptr(self.0) })
    }

    /// As [`Handle::as_plain`], if this thread has a block. One test tells both.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain_here(self, local: &Local) -> Option<TaskSlot> {
        if self.0.addr() & local.special.get() != 0 {
            return None;
        }
        // SAFETY: `special` is the tag, or all bits. Without the tag it is the result of `as_ptr`, which has some bits.
        // The task ends with its handle.
        Some(unsafe { TaskSlot::from_ptr(self.0) })
    }

    /// Marks the handle, which is neither plain nor untracked then.
    pub(crate) fn marked(self) -> Self {
        if self.is_untracked() {
            Handle::MARKED_NONE
        } else if self.as_plain().is_some() {
            Handle(self.0.wrapping_byte_add(MARK))
        } else {
            self
        }
    }

    /// Undoes [`Handle::marked`].
    pub(crate) fn unmarked(self) -> Self {
        if self == Handle::MARKED_NONE {
            return Handle::NONE;
        }
        // What is attached is aligned to more, and refusals have the bit between set.
        if self.0.addr() & 7 == MARK {
            Handle(self.0.wrapping_byte_sub(MARK))
        } else {
            self
        }
    }
}
