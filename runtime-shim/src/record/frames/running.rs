//! The frames of a task that may run: those in its record, and those on the shadow stack of its thread.

use super::{FrameSnapshot, Frames, ShadowStack};
use crate::record::read::Record;
use crate::record::slot::Slot;

impl FrameSnapshot {
    /// Reads the frames of a task.
    #[inline]
    pub fn read(record: &Record) -> Self {
        let recorded = Frames::of_recorded(record.slot);
        let mut snapshot = recorded.map_or(Self::EMPTY, |frames| Self::copy(frames, record.id));
        if !record.is_current() {
            // They may be those of the next task.
            return Self::EMPTY;
        }
        snapshot.is_settled = record.is_unmoved();
        if !snapshot.is_settled {
            if let Some(thread) = record.thread() {
                thread
                    .position
                    .read(|shadow| snapshot.add_shadow(record.slot, shadow));
            }
        }
        snapshot
    }

    /// Reads the frames of a task that runs on the calling thread, to which `shadow` belongs. Returns the index of the
    /// innermost frame, too.
    pub(crate) fn read_here(record: &Record, shadow: &ShadowStack) -> (Self, usize) {
        let mut snapshot = Self::copy(Frames::of(record.slot), record.id);
        let innermost = snapshot.add_shadow(record.slot, shadow);
        (snapshot, innermost)
    }

    /// Adds the frames of a task that are on a shadow stack alone. Returns the index of the innermost frame.
    fn add_shadow(&mut self, slot: &'static Slot, shadow: &ShadowStack) -> usize {
        let Some((cursor, levels)) = shadow.of_task(slot) else {
            return 0;
        };
        levels.fold(cursor.index(), |outer, level| {
            let level = shadow.level(level);
            match (level.index(), level.site()) {
                (0, Some(site)) => self.add(site, outer),
                (0, None) => outer,
                (index, _) => index,
            }
        })
    }
}
