//! The frames of a task that may run: those in its record, and those on the shadow stack of its thread.

use super::{Cursor, FrameSnapshot, Frames, Level, ShadowStack};
use crate::record::read::Record;
use crate::record::slot::Slot;
use crate::record::words::state;
use crate::types::frame_site::FrameSite;

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

    /// Returns `true` if these are the frames of a suspended task, without a copy of them. Returns `false` if the task
    /// may have moved on meanwhile.
    #[inline]
    pub fn is_of(&self, record: &Record) -> bool {
        if record.state() == state::RUNNING {
            return false;
        }
        let same = match Frames::of_recorded(record.slot) {
            Some(frames) => self.is_same(frames, record.id),
            None => self.is_empty(),
        };
        same && (self.is_empty() || record.is_unmoved())
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
        self.add_levels(Cursor::of_slot(slot), shadow, Level::site)
    }

    /// Adds the frames of a running task that are on the shadow stack of its thread alone, out of a copy of the stack's
    /// memory: the cursor and the levels. `slot` is the address of the task's slot there, and `site_at` finds the site at
    /// an address.
    pub fn add_shadow_words(
        &mut self,
        id: u64,
        slot: u64,
        cursor: u64,
        levels: &[u64],
        mut site_at: impl FnMut(u64) -> Option<&'static FrameSite>,
    ) {
        // SAFETY: `add_levels` compares cursors, and `site_at` finds the sites.
        let shadow = unsafe { ShadowStack::of_words(cursor, levels) };
        let task = Cursor::of_task(id, slot);
        self.add_levels(task, &shadow, |level| site_at(level.site_address()?));
    }

    fn add_levels(
        &mut self,
        task: Cursor,
        shadow: &ShadowStack,
        mut site: impl FnMut(Level) -> Option<&'static FrameSite>,
    ) -> usize {
        let Some((cursor, levels)) = shadow.of_task(task) else {
            return 0;
        };
        levels.fold(cursor.index(), |outer, level| {
            let level = shadow.level(level);
            match level.index() {
                0 => site(level).map_or(outer, |site| self.add(site, outer)),
                index => index,
            }
        })
    }
}
