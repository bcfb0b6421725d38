//! How a frame is entered and left.

use super::FrameSite;
use crate::platform::runtime_flags;
use crate::record::frames::Frames;
use crate::record::frames::{Cursor, TaggedCursor};
use crate::record::slot::Slot;
use crate::thread::local::{self, Local};

/// A frame, as the future that it is around knows it. All else is in the record, or known of the `.await`: a
/// future with a frame is moved as often as one without, so each word of it costs.
#[derive(Debug)]
pub(super) struct FrameEntry {
    /// Where one stands inside of the frame, or nowhere, as long as it is not entered.
    inner: TaggedCursor,
}

impl FrameEntry {
    pub(super) const NEW: FrameEntry = FrameEntry {
        inner: TaggedCursor::NOWHERE,
    };

    #[inline(always)]
    fn is_entered(&self) -> bool {
        self.inner != TaggedCursor::NOWHERE
    }

    /// Where it is recorded, if it is, and at which index.
    fn recorded(&self) -> Option<(&'static Slot, &'static Frames, usize)> {
        let inner = self.inner.cursor();
        let slot = inner.slot()?;
        Some((slot, Frames::of(slot)?, inner.index()))
    }
}

/// Entering.
impl FrameEntry {
    /// Enters the frame, unless it is entered here already. Returns what the cursor is inside of it: the same
    /// as outside where nothing is recorded.
    #[inline(always)]
    pub(super) fn enter(&mut self, site: &'static FrameSite, local: &Local) -> Cursor {
        let outer = local.cursor.get();
        let inner = outer.next();
        if self.is_entered() {
            if self.inner == TaggedCursor::of(inner) {
                return inner;
            }
        } else if let Some(slot) = outer.slot() {
            let (id, frames) = (slot.id(), Frames::of(slot));
            if frames.is_some_and(|frames| frames.push(id, site, outer.index())) {
                self.inner = TaggedCursor::within(id, inner);
                return inner;
            }
        } else if outer != Cursor::UNKNOWN || runtime_flags::has(runtime_flags::OFF) {
            return outer;
        }
        self.enter_slow(site, local)
    }

    /// Enters the frame on the slow path, or moves it to the place where it is polled now.
    ///
    /// `extern "C"` marks this function and [`FrameEntry::leave_slow`] as non-unwinding, so that no `.await` has a
    /// landing pad for them.
    #[cold]
    #[inline(never)]
    extern "C" fn enter_slow(&mut self, site: &'static FrameSite, local: &Local) -> Cursor {
        let outer = match local.cursor.get() {
            Cursor::UNKNOWN => local.look_for_main(),
            outer => outer,
        };
        let index = match self.recorded() {
            Some((slot, frames, index)) if self.is_moved_within(outer) => {
                frames.relink(slot, index, site, outer.index())
            }
            _ => {
                self.leave(site);
                enter_first(outer, site)
            }
        };
        let inner = outer.with_index(index);
        if inner != outer {
            self.inner = TaggedCursor::of(inner);
        }
        inner
    }

    /// Returns `true` if the frame belongs to the task in which it is polled.
    fn is_moved_within(&self, outer: Cursor) -> bool {
        outer.records() && self.inner.is_same_task(TaggedCursor::of(outer))
    }
}

/// Records a frame. Returns its index: where nothing is recorded, that of what is around it.
fn enter_first(outer: Cursor, site: &'static FrameSite) -> usize {
    let Some(slot) = outer.slot().filter(|_| outer.records()) else {
        return outer.index();
    };
    Frames::of_or_map(slot).map_or(outer.index(), |frames| {
        frames.enter(slot, site, outer.index())
    })
}

/// Leaving.
impl FrameEntry {
    /// Leaves the frame, if it is entered.
    #[inline(always)]
    pub(super) fn leave(&mut self, site: &'static FrameSite) {
        if self.is_entered() {
            self.leave_slow(site, local::with(|local| local.cursor.get()));
        }
    }

    /// Leaves the frame, if it is entered, on the thread that has just polled its future there.
    #[inline(always)]
    pub(super) fn leave_from(&mut self, site: &'static FrameSite, outer: Cursor) {
        if !self.is_entered() {
            return;
        }
        let index = self.inner.cursor().index();
        let frames = outer.slot().and_then(Frames::of);
        if frames.is_some_and(|frames| frames.pop(index)) {
            self.inner = TaggedCursor::NOWHERE;
        } else {
            self.leave_slow(site, outer);
        }
    }

    /// Leaves the frame, which is entered, wherever that is.
    #[cold]
    #[inline(never)]
    extern "C" fn leave_slow(&mut self, site: &'static FrameSite, here: Cursor) {
        if let Some((slot, frames, index)) = self.recorded() {
            if self.inner.is_same_task(TaggedCursor::of(here)) {
                frames.leave(slot, index, site);
            } else if TaggedCursor::of(self.inner.cursor()) == self.inner {
                frames.leave_elsewhere(slot, index, site);
            }
        }
        self.inner = TaggedCursor::NOWHERE;
    }
}

impl Local {
    /// Finds out whether this is the main thread, which is a task from its first frame on.
    pub(crate) fn look_for_main(&self) -> Cursor {
        if !crate::platform::thread::is_main() {
            self.cursor.set(Cursor::NOWHERE);
        } else if !runtime_flags::has(runtime_flags::OFF) {
            self.spawn_parent_or_adopt();
        }
        self.cursor.get()
    }
}
