//! Where a thread stands while it polls what has a frame.

use core::marker::PhantomData;

use super::entry::FrameEntry;
use super::FrameSite;
use crate::record::frames::Cursor;
use crate::thread::local;

/// The time in which a thread stands in a frame.
pub(super) struct PollGuard {
    outer: Cursor,
    /// The cursor must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl PollGuard {
    /// Stands in the frame, which is entered if it is not yet.
    #[inline(always)]
    pub(super) fn of(entry: &mut FrameEntry, site: &'static FrameSite) -> Self {
        local::with(|local| {
            let inner = entry.enter(site, local);
            Self::back_to(local.cursor.replace(inner))
        })
    }

    /// Stands outside again, and leaves the frame, whose future is ready.
    #[inline(always)]
    pub(super) fn leave(self, entry: &mut FrameEntry, site: &'static FrameSite) {
        let outer = self.outer;
        drop(self);
        entry.leave_from(site, outer);
    }

    #[inline(always)]
    fn back_to(outer: Cursor) -> Self {
        PollGuard {
            outer,
            _not_send: PhantomData,
        }
    }
}

impl Drop for PollGuard {
    #[inline(always)]
    fn drop(&mut self) {
        // Without a slot the cursor was not moved; it may have found one meanwhile.
        if self.outer.has_slot() {
            local::with(|local| local.cursor.set(self.outer));
        }
    }
}
