//! The owner of a task's [`RawHandle`], by which the task holds its record.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::Arc;

use crate::hook::{Attached, RefusedTask};
use crate::record::frames::Cursor;
use crate::record::slot::TaskSlot;
use crate::record::words::state;
use crate::thread::end::{end, end_as};
use crate::thread::local::Local;
use crate::thread::raw_handle::{RawHandle, REFUSED, TAG};
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::TaskId;

/// A task's hold on its record. Dropping it ends the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[repr(transparent)]
pub struct TaskHandle(RawHandle);

// SAFETY: a slot is made of atomics; which of its parts only the task itself may touch does not
// depend on the thread. A `RefusedTask` is Send and Sync. `Attached` is Send, and reached only through an exclusive
// reference or by the thread that enters the task.
unsafe impl Send for TaskHandle {}
// SAFETY: as above; through a shared reference only `enter` acts, and a task that several threads
// enter at once (an `Fn` closure) meets atomics, and a mutex around what is attached.
unsafe impl Sync for TaskHandle {}

/// The content of a handle.
pub(crate) enum HandleContent<'a> {
    /// Recorded, nothing attached.
    Plain(TaskSlot),
    /// Recorded, and hooks have left something.
    Attached(&'a Attached),
    /// Not recorded: birthmark was off.
    Untracked,
    /// A hook has refused the task.
    Refused(&'a RefusedTask),
}

impl TaskHandle {
    #[inline(always)]
    pub(super) fn plain(slot: TaskSlot) -> Self {
        TaskHandle(RawHandle::plain(slot))
    }

    /// The handle of a task that is not recorded, or not any more.
    #[inline(always)]
    pub(crate) fn untracked() -> Self {
        TaskHandle(RawHandle::NONE)
    }

    #[inline(always)]
    pub(crate) fn is_untracked(&self) -> bool {
        self.0.is_untracked()
    }

    /// Returns `true` if this is untracked, and the thread runs no task. Then a poll needs nothing around it. One test
    /// suffices, because no other handle is as small as a cursor without a slot.
    #[inline(always)]
    pub(crate) fn is_untracked_at(&self, cursor: Cursor) -> bool {
        cursor.has_no_slot_nor(self.0 .0.addr() as u64)
    }

    /// The handle, which another handle must not be made of while this one is there.
    #[inline(always)]
    pub(crate) fn raw(&self) -> RawHandle {
        self.0
    }

    /// Leaves the handle to whoever keeps the handle.
    #[inline(always)]
    pub(crate) fn into_raw(self) -> RawHandle {
        core::mem::ManuallyDrop::new(self).0
    }

    /// Returns the handle that [`TaskHandle::into_raw`] was called on.
    ///
    /// # Safety
    ///
    /// `into_raw` has left the handle to the caller, who gives it away here.
    pub(crate) unsafe fn from_raw(raw: RawHandle) -> Self {
        TaskHandle(raw)
    }

    pub(crate) fn refused(task: Arc<RefusedTask>) -> Self {
        let tagged = Arc::into_raw(task).wrapping_byte_add(REFUSED);
        TaskHandle(RawHandle(tagged.cast()))
    }

    /// Returns `true` if a hook has refused the task, which then owns nothing.
    #[inline(always)]
    pub(crate) fn is_refused(&self) -> bool {
        self.0 .0.addr() & REFUSED == REFUSED
    }

    pub(crate) fn attached(attached: Box<Attached>) -> Self {
        TaskHandle(RawHandle(
            Box::into_raw(attached)
                .wrapping_byte_add(TAG)
                .cast_const()
                .cast(),
        ))
    }

    /// Returns the handle with the tag `SLOW_PATH`, so that [`TaskHandle::as_plain`] returns `None`.
    pub(crate) fn with_slow_path(mut self) -> Self {
        self.0 = self.0.with_slow_path();
        self
    }

    /// Undoes [`TaskHandle::with_slow_path`].
    pub(crate) fn without_slow_path(mut self) -> Self {
        self.0 = self.0.without_slow_path();
        self
    }

    /// Returns the slot of a plain handle, which is the common case. One test.
    #[inline(always)]
    pub(crate) fn as_plain(&self) -> Option<TaskSlot> {
        self.0.as_plain()
    }

    /// Returns the slot of a plain handle if this thread has a state. One test.
    #[inline(always)]
    pub(crate) fn as_plain_here(&self, local: &Local) -> Option<TaskSlot> {
        self.0.as_plain_here(local)
    }

    pub(crate) fn content(&self) -> HandleContent<'_> {
        let raw = self.0.without_slow_path();
        if let Some(slot) = raw.as_plain() {
            return HandleContent::Plain(slot);
        }
        match raw {
            RawHandle::NONE => HandleContent::Untracked,
            RawHandle(tagged) if self.is_refused() => {
                // SAFETY: what `refused` has tagged, a reference to which this handle owns.
                HandleContent::Refused(unsafe { &*Self::untag_refused(tagged) })
            }
            // SAFETY: what is left is a box that this handle owns, by `attached`.
            RawHandle(tagged) => HandleContent::Attached(unsafe { &*Self::untag(tagged) }),
        }
    }

    fn untag(tagged: *const ()) -> *mut Attached {
        tagged.wrapping_byte_sub(TAG).cast::<Attached>().cast_mut()
    }

    fn untag_refused(tagged: *const ()) -> *const RefusedTask {
        tagged.wrapping_byte_sub(REFUSED).cast()
    }

    /// Returns the id of a recorded task.
    pub fn id(&self) -> Option<TaskId> {
        self.slot().map(|slot| TaskId(slot.id()))
    }

    pub(crate) fn slot(&self) -> Option<TaskSlot> {
        match self.content() {
            HandleContent::Plain(slot) => Some(slot),
            HandleContent::Attached(attached) => Some(attached.slot()),
            HandleContent::Untracked | HandleContent::Refused(_) => None,
        }
    }

    /// Takes back the record, or the refusal, of an argument that is no task. It counts as no kind of end, but hooks
    /// that have left something are told. Returns its site, unless it had neither.
    #[cold]
    pub(crate) fn retract(self) -> Option<&'static Site> {
        if let HandleContent::Refused(task) = self.content() {
            let site = task.refusal().site();
            site.counts.refused.fetch_sub(1, Ordering::Relaxed);
            return Some(site);
        }
        let slot = self.slot()?;
        let site = slot.site();
        let tagged = self.0 .0;
        let is_attached = matches!(self.content(), HandleContent::Attached(_));
        core::mem::forget(self);
        if is_attached {
            // SAFETY: the box that `attached` took apart. The handle, which owned it, is forgotten.
            let attached = unsafe { Box::from_raw(Self::untag(tagged)) };
            attached.end();
        }
        // SAFETY: the handle is this handle, which is forgotten.
        unsafe { end_as(slot, state::CANCELLED) };
        Some(site)
    }

    /// Notes what the adaptor found out about the kind of the task, which has not started yet.
    pub(crate) fn set_kind(&self, found: Kind) {
        if let Some(slot) = self.slot() {
            slot.set_kind(found as u64);
        }
    }
}

impl Drop for TaskHandle {
    // Most handles are untracked by the time they are dropped: their future has completed.
    #[inline]
    fn drop(&mut self) {
        if !self.is_untracked() {
            self.drop_tracked();
        }
    }
}

impl TaskHandle {
    #[inline(never)]
    fn drop_tracked(&mut self) {
        match self.content() {
            // SAFETY: the handle is dropped here.
            HandleContent::Plain(slot) => unsafe { end(slot) },
            HandleContent::Attached(_) => {
                // SAFETY: the box that `attached` took apart. Whoever is given a handle drops it once.
                let attached = unsafe { Box::from_raw(Self::untag(self.0 .0)) };
                let slot = attached.slot();
                attached.end();
                // SAFETY: as above.
                unsafe { end(slot) };
            }
            HandleContent::Refused(task) => {
                task.drop_by_executor();
                // SAFETY: the reference that `refused` took apart. Whoever is given a handle drops it once.
                drop(unsafe { Arc::from_raw(Self::untag_refused(self.0 .0)) });
            }
            HandleContent::Untracked => {}
        }
    }
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.slot().map(TaskSlot::id);
        f.debug_tuple("TaskHandle").field(&id).finish()
    }
}
