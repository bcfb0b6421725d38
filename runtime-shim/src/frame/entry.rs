//! How a frame is entered and left.

use core::marker::PhantomData;

use super::cursor::{index, Cursor, Place};
use super::FrameSite;
use crate::local::{self, Local};
use crate::mode;
use crate::registry::frames::Frames;
use crate::registry::slot::Slot;

/// A frame, as the future that it is around knows it. It leaves the frame when it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    /// The address of the site. In its low bits, those in which the index inside of the frame differs from the
    /// one outside: none where nothing is recorded.
    site: usize,
    /// Where it was entered.
    outer: Place,
}

/// Polling.
impl Entry {
    #[inline]
    pub(super) fn new(site: &'static FrameSite) -> Self {
        Entry {
            site: site.address(),
            outer: Place::NOWHERE,
        }
    }

    #[inline(always)]
    fn is_entered_from(&self, outer: Cursor) -> bool {
        self.outer == Place::of(outer)
    }

    /// What a cursor from which the frame was entered is inside of it. Where nothing is recorded it is the
    /// same, so that nothing is inside of it either.
    #[inline(always)]
    fn inside(&self, outer: Cursor) -> Cursor {
        outer.with_difference(self.difference())
    }

    #[inline(always)]
    fn difference(&self) -> usize {
        self.site & index::MASK
    }

    #[inline(always)]
    fn is_recorded(&self) -> bool {
        self.difference() != 0
    }

    fn site(&self) -> usize {
        self.site & !index::MASK
    }

    #[inline(always)]
    fn note(&mut self, outer: Place, difference: usize) {
        self.outer = outer;
        self.site = self.site() | difference;
    }
}

/// Entering.
impl Entry {
    /// Enters the frame, or moves it to where it is polled now.
    #[inline(never)]
    fn enter(&mut self, local: &Local) {
        let outer = local.cursor.get();
        if self.outer == Place::NOWHERE && self.push(outer) {
            self.site |= outer.index() ^ (outer.index() + 1);
            self.outer = Place::of(outer);
        } else {
            self.enter_anyhow(local);
        }
    }

    #[inline(always)]
    fn push(&self, outer: Cursor) -> bool {
        let push = |slot| Some(Frames::of(slot)?.push(slot, self.site, outer.index()));
        outer.slot().and_then(push).unwrap_or(false)
    }

    /// The same, whatever it takes.
    #[cold]
    #[inline(never)]
    fn enter_anyhow(&mut self, local: &Local) {
        let outer = match local.cursor.get() {
            Cursor::UNKNOWN => local.look_for_main(),
            outer => outer,
        };
        let index = match self.recorded() {
            Some((slot, frames)) if self.is_moved_within(outer) => {
                frames.relink(slot, self.index(), self.site(), outer.index())
            }
            _ => {
                self.leave();
                self.enter_first(outer)
            }
        };
        self.note(Place::of(outer), index ^ outer.index());
    }

    /// Whether the frame is one of the task in which it is polled.
    fn is_moved_within(&self, outer: Cursor) -> bool {
        outer.records() && self.outer.is_same_task(Place::of(outer))
    }

    /// Records the frame. Returns its index: where nothing is recorded, that of what is around it.
    fn enter_first(&self, outer: Cursor) -> usize {
        let Some(slot) = outer.slot().filter(|_| outer.records()) else {
            return outer.index();
        };
        Frames::of_or_map(slot).map_or(outer.index(), |frames| {
            frames.enter(slot, self.site(), outer.index())
        })
    }
}

/// Leaving.
impl Entry {
    /// Leaves the frame, if it is entered.
    #[inline(always)]
    pub(super) fn leave(&mut self) {
        if self.is_recorded() {
            self.leave_recorded();
            self.note(Place::NOWHERE, 0);
        }
    }

    /// Leaves the frame for the last time.
    #[inline(never)]
    fn leave_recorded(&self) {
        let outer = local::with(|local| local.cursor.get());
        if !(self.is_entered_from(outer) && self.pop(outer)) {
            self.leave_anyhow(Place::of(outer));
        }
    }

    #[inline(always)]
    fn pop(&self, outer: Cursor) -> bool {
        let pop = |slot| Some(Frames::of(slot)?.pop(self.inside(outer).index()));
        outer.slot().and_then(pop).unwrap_or(false)
    }

    #[cold]
    #[inline(never)]
    fn leave_anyhow(&self, here: Place) {
        let Some((slot, frames)) = self.recorded() else {
            return;
        };
        if here.is_same_task(self.outer) {
            frames.leave(slot, self.index(), self.site());
        } else if Place::of(self.outer.cursor()) == self.outer {
            frames.leave_elsewhere(slot, self.index(), self.site());
        }
    }

    /// Where it is recorded, if it is.
    #[inline(always)]
    fn recorded(&self) -> Option<(&'static Slot, &'static Frames)> {
        if !self.is_recorded() {
            return None;
        }
        let slot = self.outer.cursor().slot()?;
        Some((slot, Frames::of(slot)?))
    }

    /// The index of a frame that is recorded.
    #[inline(always)]
    fn index(&self) -> usize {
        self.outer.cursor().index() ^ self.difference()
    }
}

impl Drop for Entry {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_recorded() {
            self.leave_recorded();
        }
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
            if !entry.is_entered_from(local.cursor.get()) {
                entry.enter(local);
            }
            let outer = local.cursor.get();
            local.cursor.set(entry.inside(outer));
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
            local.cursor.set(outer.muted());
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
