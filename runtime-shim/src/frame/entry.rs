//! How a frame is entered and left.

use core::marker::PhantomData;

use super::cursor::{index, Cursor};
use super::FrameSite;
use crate::birth::site_of;
use crate::kind::Kind;
use crate::local::{self, Local};
use crate::mode;
use crate::registry::frames::Frames;

/// A frame, as the future that it is around knows it. It leaves the frame when it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    /// The address of the site; in its low bits the index of the cursor under which it was entered.
    site: usize,
    /// What the cursor is inside of the frame; [`Cursor::NOWHERE`] until it is entered.
    at: Cursor,
}

impl Entry {
    #[inline]
    pub(super) fn new(site: &'static FrameSite) -> Self {
        Entry {
            site: site.address(),
            at: Cursor::NOWHERE,
        }
    }

    /// Whether there is nothing to do but to move the cursor.
    #[inline(always)]
    fn is_entered_under(&self, outer: Cursor) -> bool {
        self.at.is_same_task(outer) && self.site & index::MASK == outer.index()
    }

    /// Enters the frame, moves it to the task that polls it now, or puts it under the frame that does.
    /// Returns the cursor of the thread, which this may have been the first to look for.
    #[cold]
    #[inline(never)]
    fn enter(&mut self, local: &Local) -> Cursor {
        let outer = match local.cursor.get() {
            Cursor::UNKNOWN => local.look_for_main(),
            outer => outer,
        };
        if self.at.records() && self.at.is_same_task(outer) && outer.records() {
            self.relink(outer);
        } else {
            self.leave();
            self.at = self.enter_under(outer);
        }
        self.site = self.address() | outer.index();
        outer
    }

    /// Records the frame. Returns what the cursor is inside of it: where nothing is recorded, something
    /// under which nothing is.
    fn enter_under(&self, outer: Cursor) -> Cursor {
        let Some(slot) = outer.slot().filter(|_| outer.records()) else {
            return outer;
        };
        // A thread that was not spawned by instrumented code runs what belongs to others.
        let frames = match site_of(slot).kind() {
            Kind::Foreign => None,
            _ => Frames::of_or_map(slot),
        };
        let index = frames.map_or(index::MUTED, |frames| {
            frames.enter(slot, self.address(), outer.index())
        });
        outer.with_index(index)
    }

    fn relink(&self, outer: Cursor) {
        if let Some((slot, frames)) = self.recorded() {
            frames.relink(slot, self.at.index(), self.address(), outer.index());
        }
    }

    /// Leaves the frame, if it is entered.
    #[inline(always)]
    pub(super) fn leave(&mut self) {
        if self.at.records() {
            self.leave_recorded();
        }
    }

    #[inline(never)]
    fn leave_recorded(&mut self) {
        if let Some((slot, frames)) = self.recorded() {
            let here = local::with(|local| local.cursor.get().is_same_task(self.at));
            if here {
                frames.leave(slot, self.at.index(), self.address());
            } else {
                frames.leave_elsewhere(slot, self.at.index(), self.address());
            }
        }
        self.at = Cursor::NOWHERE;
    }

    fn recorded(&self) -> Option<(&'static crate::registry::slot::Slot, &'static Frames)> {
        let slot = self.at.slot()?;
        Some((slot, Frames::of(slot)?))
    }

    fn address(&self) -> usize {
        self.site & !index::MASK
    }
}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        self.leave();
    }
}

/// The time in which a thread stands in a frame.
pub(crate) struct Inside {
    outer: Cursor,
    /// The cursor must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Inside {
    /// Stands in the frame, which is entered if it is not yet.
    #[inline(always)]
    pub(super) fn of(entry: &mut Entry) -> Self {
        local::with(|local| {
            let mut outer = local.cursor.get();
            if !entry.is_entered_under(outer) {
                outer = entry.enter(local);
            }
            local.cursor.set(entry.at);
            Self::back_to(outer)
        })
    }

    /// Enters a frame for good: nothing is polled in it.
    pub(super) fn note(entry: &mut Entry) {
        local::with(|local| entry.enter(local));
    }

    /// Whether frames that are entered here are recorded, or may be.
    #[inline(always)]
    pub(crate) fn records() -> bool {
        local::with(|local| local.cursor.get().has_slot())
    }

    /// Stands where no frame is recorded, though what is spawned is.
    #[inline(always)]
    pub(crate) fn muted() -> Self {
        local::with(|local| {
            let outer = local.cursor.get();
            if outer.has_slot() {
                local.cursor.set(outer.with_index(index::MUTED));
            }
            Self::back_to(outer)
        })
    }

    #[inline(always)]
    fn back_to(outer: Cursor) -> Self {
        Inside {
            outer,
            _not_send: PhantomData,
        }
    }
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        // Without a slot the cursor was not moved; it may have found one meanwhile.
        if self.outer.has_slot() {
            local::with(|local| local.cursor.set(self.outer));
        }
    }
}

impl Local {
    /// Finds out whether this is the main thread, which is a task from its first frame on.
    fn look_for_main(&self) -> Cursor {
        if mode::has(mode::OFF) {
            return self.cursor.get();
        }
        if crate::sys::thread::is_main() {
            self.scope_or_adopt();
        } else {
            self.cursor.set(Cursor::NOWHERE);
        }
        self.cursor.get()
    }
}
