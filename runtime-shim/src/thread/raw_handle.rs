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
pub(crate) struct RawHandle(pub(crate) *const ());

/// Set in what is not the address of a slot.
pub(crate) const TAG: usize = 1;
/// Both this and the tag: a slot like any other, but its task takes the slow path.
const SLOW_PATH: usize = 5;
/// Both bits: a reference to a refused task.
pub(crate) const REFUSED: usize = 3;

impl RawHandle {
    /// Handle of a task that is not recorded.
    pub(crate) const NONE: RawHandle = RawHandle(ptr::without_provenance(1));

    /// Handle of no task at all.
    pub(crate) const NO_TASK: RawHandle = RawHandle(ptr::without_provenance(9));
    /// As [`RawHandle::NONE`], with the tag `SLOW_PATH`.
    const SLOW_PATH_NONE: RawHandle = RawHandle(ptr::without_provenance(17));

    /// The handle of a task with nothing attached.
    #[inline(always)]
    pub(crate) fn plain(task: TaskSlot) -> Self {
        RawHandle(task.as_ptr())
    }

    #[inline(always)]
    pub(crate) fn is_untracked(self) -> bool {
        self == RawHandle::NONE
    }

    /// Returns the slot of a handle without any tag.
    #[inline(always)]
    pub(crate) fn as_plain(self) -> Option<TaskSlot> {
        if self.0.addr() & TAG != 0 {
            return None;
        }
        // SAFETY: without the tag it is the result of `as_ptr`, by `RawHandle::plain`. The task ends with its handle.
        Some(unsafe { TaskSlot::from_ptr(self.0) })
    }

    /// As [`Handle::as_plain`], if this thread has a state. One test tells both.
    #[inline(always)]
    pub(crate) fn as_plain_here(self, local: &Local) -> Option<TaskSlot> {
        if self.0.addr() & local.fast_path_mask.get() != 0 {
            return None;
        }
        // SAFETY: `fast_path_mask` is the tag, or all bits. Without the tag it is the result of `as_ptr`, which has some bits.
        // The task ends with its handle.
        Some(unsafe { TaskSlot::from_ptr(self.0) })
    }

    /// Tags the handle, which is neither plain nor untracked then.
    pub(crate) fn with_slow_path(self) -> Self {
        if self.is_untracked() {
            RawHandle::SLOW_PATH_NONE
        } else if self.as_plain().is_some() {
            RawHandle(self.0.wrapping_byte_add(SLOW_PATH))
        } else {
            self
        }
    }

    /// Undoes [`RawHandle::with_slow_path`].
    pub(crate) fn without_slow_path(self) -> Self {
        if self == RawHandle::SLOW_PATH_NONE {
            return RawHandle::NONE;
        }
        // What is attached is aligned to more, and refusals have the bit between set.
        if self.0.addr() & 7 == SLOW_PATH {
            RawHandle(self.0.wrapping_byte_sub(SLOW_PATH))
        } else {
            self
        }
    }
}
