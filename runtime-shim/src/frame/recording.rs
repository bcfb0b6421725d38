//! How frames get from the shadow stack of a thread into the record of its task.

use super::FrameSite;
use crate::platform::{runtime_flags, thread};
use crate::record::frames::{Cursor, Frames, Level, Registered};
use crate::record::slot::Slot;
use crate::thread::local::Local;

/// The surroundings of a frame, once all frames around it are recorded.
pub(super) struct Around {
    pub(super) slot: &'static Slot,
    pub(super) frames: &'static Frames,
    /// The index of the outer frame, 0 if there is none.
    pub(super) outer: usize,
    /// The lowest level of the task.
    pub(super) base: usize,
}

impl Local {
    /// Records the frame at the lowest level, in the order in which most frames come and go. Returns `true` if that was
    /// possible.
    #[inline]
    pub(super) fn record_alone(&self, outer: Cursor, site: &'static FrameSite) -> bool {
        let Some(slot) = outer.slot_at_bottom() else {
            return false;
        };
        let is_recorded = Frames::of_recording(slot).push(slot.id(), site, outer.index());
        if is_recorded {
            let level = Level::recorded(site, outer.index() + 1, outer.index(), 0);
            self.position.set_level(0, level);
        }
        is_recorded
    }

    /// Returns where the frame at a cursor is recorded, if a frame inside of it has recorded it. The thread leaves the level.
    #[inline]
    pub(super) fn take_recorded(&self, outer: Cursor) -> Registered {
        if !outer.records() {
            return Registered::NOWHERE;
        }
        let level = self.position.level(outer.level());
        self.position.leave_level(outer.level());
        match level.index() {
            0 => Registered::NOWHERE,
            _ => level.registered(outer),
        }
    }

    /// Records a frame of the task at a cursor, and all frames around it.
    pub(super) fn record_all(&self, outer: Cursor, site: &'static FrameSite) -> Option<Level> {
        let level = self.record_around(outer)?.record(site);
        // A frame above the highest level is not on the stack.
        if outer.records() {
            self.position.set_level(outer.level(), level);
        }
        Some(level)
    }

    /// Records all frames of the current task that are around a cursor.
    pub(super) fn record_around(&self, outer: Cursor) -> Option<Around> {
        let slot = outer.slot()?;
        let end = outer.level_or_full();
        let find = |level| Some((level, self.position.around(outer, level)?));
        let (start, (index, base)) = (0..=end).rev().find_map(find)?;
        if start < end {
            self.position.note_recorded(start);
        }
        let mut around = Around {
            slot,
            frames: Frames::of_recording(slot),
            outer: index,
            base,
        };
        for at in start..end {
            let level = around.record(self.position.level(at).site()?);
            self.position.set_level(at, level);
            around.outer = level.index();
        }
        Some(around)
    }

    /// Finds out whether this is the main thread, which is a task from its first suspension on.
    #[cold]
    pub(crate) fn look_for_main(&self) {
        if !thread::is_main() {
            self.position.set(Cursor::NOWHERE);
        } else if !runtime_flags::has(runtime_flags::OFF) {
            self.spawn_parent_or_adopt();
        }
    }
}

impl Around {
    fn record(&self, site: &'static FrameSite) -> Level {
        let index = match self.frames.push(self.slot.id(), site, self.outer) {
            true => self.outer + 1,
            false => self.frames.enter(self.slot, site, self.outer),
        };
        Level::recorded(site, index, self.outer, self.base)
    }
}
