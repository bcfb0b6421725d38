//! The owner of a task's [`Handle`], by which the task holds its record.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::Arc;

use crate::hook::{Attached, RefusedTask};
use crate::record::frames::Cursor;
use crate::record::slot::TaskSlot;
use crate::record::words::state;
use crate::thread::end::{end, end_as};
use crate::thread::handle::{Handle, REFUSED, TAG};
use crate::thread::local::Local;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// A task's hold on its record. Dropping it ends the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[repr(transparent)]
pub struct Birth(Handle);

// SAFETY: a slot is made of atomics; which of its parts only the task itself may touch does not
// depend on the thread. A `RefusedTask` is Send and Sync. `Attached` is Send, and reached only through an exclusive
// reference or by the thread that enters the task.
unsafe impl Send for Birth {}
// SAFETY: as above; through a shared reference only `enter` acts, and a task that several threads
// enter at once (an `Fn` closure) meets atomics, and a mutex around what is attached.
unsafe impl Sync for Birth {}

/// What a birth turned out to be.
pub(crate) enum Status<'a> {
    /// Recorded, nothing attached.
    Plain(TaskSlot),
    /// Recorded, and hooks have left something.
    Attached(&'a Attached),
    /// Not recorded: birthmark was off.
    Untracked,
    /// A hook has refused the task.
    Refused(&'a RefusedTask),
}

impl Birth {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn plain(slot: TaskSlot) -> Self {
        Birth(Handle::plain(slot))
    }

    /// The birth of a task that is not recorded, or not any more.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn untracked() -> Self {
        Birth(Handle::NONE)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_untracked(&self) -> bool {
        self.0.is_untracked()
    }

    /// Whether this is untracked, and the thread where no frame is recorded: then there is nothing to do
    /// around a poll. One test: no other birth is as small as a cursor without a slot.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_untracked_at(&self, cursor: Cursor) -> bool {
        cursor.has_no_slot_nor(self.0 .0.addr())
    }

    /// The handle, which another birth must not be made of while this one is there.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn handle(&self) -> Handle {
        self.0
    }

    /// Leaves the birth to whoever keeps the handle.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_handle(self) -> Handle {
        core::mem::ManuallyDrop::new(self).0
    }

    /// The birth that [`Birth::into_handle`] was called on.
    ///
    /// # Safety
    ///
    /// That call left the birth to the caller, who gives it away here.
    pub(crate) unsafe fn from_handle(handle: Handle) -> Self {
        Birth(handle)
    }

    pub(crate) fn refused(task: Arc<RefusedTask>) -> Self {
        let tagged = Arc::into_raw(task).wrapping_byte_add(REFUSED);
        Birth(Handle(tagged.cast()))
    }

    /// Whether a hook has refused the task, which then owns nothing.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_refused(&self) -> bool {
        self.0 .0.addr() & REFUSED == REFUSED
    }

    pub(crate) fn attached(attached: Box<Attached>) -> Self {
        Birth(Handle(
            Box::into_raw(attached)
                .wrapping_byte_add(TAG)
                .cast_const()
                .cast(),
        ))
    }

    /// The same birth, which [`Birth::as_plain`] does not know.
    pub(crate) fn marked(mut self) -> Self {
        self.0 = self.0.marked();
        self
    }

    /// Undoes [`Birth::marked`].
    pub(crate) fn unmarked(mut self) -> Self {
        self.0 = self.0.unmarked();
        self
    }

    /// The slot of a birth with nothing attached: the common case, one test.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain(&self) -> Option<TaskSlot> {
        self.0.as_plain()
    }

    /// The same, if this thread has a block. Still one test.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain_here(&self, local: &Local) -> Option<TaskSlot> {
        self.0.as_plain_here(local)
    }

    pub(crate) fn status(&self) -> Status<'_> {
        let handle = self.0.unmarked();
        if let Some(slot) = handle.as_plain() {
            return Status::Plain(slot);
        }
        match handle {
            Handle::NONE => Status::Untracked,
            Handle(tagged) if self.is_refused() => {
                // SAFETY: what `refused` has tagged, a reference to which this birth owns.
                Status::Refused(unsafe { &*Self::untag_refused(tagged) })
            }
            // SAFETY: what is left is a box that this birth owns, by `attached`.
            Handle(tagged) => Status::Attached(unsafe { &*Self::untag(tagged) }),
        }
    }

    fn untag(tagged: *const ()) -> *mut Attached {
        tagged.wrapping_byte_sub(TAG).cast::<Attached>().cast_mut()
    }

    fn untag_refused(tagged: *const ()) -> *const RefusedTask {
        tagged.wrapping_byte_sub(REFUSED).cast()
    }

    pub(crate) fn slot(&self) -> Option<TaskSlot> {
        match self.status() {
            Status::Plain(slot) => Some(slot),
            Status::Attached(attached) => Some(attached.slot()),
            Status::Untracked | Status::Refused(_) => None,
        }
    }

    /// Takes back the record, or the refusal, of an argument that is no task. It counts as no kind of end, but hooks
    /// that have left something are told. Returns its site, unless it had neither.
    #[cold]
    pub(crate) fn retract(self) -> Option<&'static Site> {
        if let Status::Refused(task) = self.status() {
            let site = task.refusal().site();
            site.counts.refused.fetch_sub(1, Ordering::Relaxed);
            return Some(site);
        }
        let slot = self.slot()?;
        let site = slot.site();
        let tagged = self.0 .0;
        let is_attached = matches!(self.status(), Status::Attached(_));
        core::mem::forget(self);
        if is_attached {
            // SAFETY: the box that `attached` took apart. The birth, which owned it, is forgotten.
            let attached = unsafe { Box::from_raw(Self::untag(tagged)) };
            attached.end();
        }
        // SAFETY: the handle is this birth, which is forgotten.
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

impl Drop for Birth {
    // Most births are untracked by the time they are dropped: their future has completed.
    #[cfg_attr(not(debug_assertions), inline)]
    fn drop(&mut self) {
        if !self.is_untracked() {
            self.drop_tracked();
        }
    }
}

impl Birth {
    #[inline(never)]
    fn drop_tracked(&mut self) {
        match self.status() {
            // SAFETY: the handle is dropped here.
            Status::Plain(slot) => unsafe { end(slot) },
            Status::Attached(_) => {
                // SAFETY: the box that `attached` took apart. Whoever is given a birth drops it once.
                let attached = unsafe { Box::from_raw(Self::untag(self.0 .0)) };
                let slot = attached.slot();
                attached.end();
                // SAFETY: as above.
                unsafe { end(slot) };
            }
            Status::Refused(task) => {
                task.drop_by_executor();
                // SAFETY: the reference that `refused` took apart. Whoever is given a birth drops it once.
                drop(unsafe { Arc::from_raw(Self::untag_refused(self.0 .0)) });
            }
            Status::Untracked => {}
        }
    }
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.slot().map(TaskSlot::id);
        f.debug_tuple("Birth").field(&id).finish()
    }
}
