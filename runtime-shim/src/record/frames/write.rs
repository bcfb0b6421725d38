//! How frames are entered and left.

#[cfg(not(loom))]
use super::drops;
use super::index;
use super::{
    above, bit, entry_of, indices, outer_of, owner, site_of, Frames, ALL_BEYOND, IRREGULAR,
    ONE_BEYOND, OWNER, ROOM, USED,
};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::slot::Slot;
use crate::types::frame_site::FrameSite;

/// Writing, by the thread that runs the task, in the order in which most frames come and go: the last one
/// entered is the first one left. This is in every `.await`, so each instruction counts.
impl Frames {
    /// Enters a frame of the task with this id inside of `outer`, at the index that follows. Returns whether
    /// there was room, and `outer` the last in use.
    #[inline(always)]
    pub(crate) fn push(&self, id: u64, site: &'static FrameSite, outer: usize) -> bool {
        let Some(entry) = self.entries.get(outer) else {
            return false;
        };
        // If there are frames around, these are this task's, for the cursor says that they are there; if not, an
        // ended task may have left its id.
        let around = self.header.load(Ordering::Relaxed) as u32;
        if (around | 1) >> outer != 1 {
            return false;
        }
        // As at a spawn: a reader that sees what is written must also see that the task runs.
        fence(Ordering::Release);
        entry.store(entry_of(site, outer), Ordering::Relaxed);
        self.publish(id << 32 | u64::from(around) | 2 << outer);
        true
    }

    /// Leaves a frame of the task. Returns whether it is the one with the highest index, and others are inside
    /// of those with lower ones only, so that none is inside of it.
    #[inline(always)]
    pub(crate) fn pop(&self, index: usize) -> bool {
        if index > ROOM {
            return false;
        }
        let header = self.header.load(Ordering::Relaxed);
        let is_last = header as u32 >> index == 1;
        if is_last {
            self.publish(header & !(1 << index));
        }
        is_last
    }
}

/// Writing, by the thread that runs the task, in any order.
impl Frames {
    /// Enters a frame. Returns its index.
    pub(crate) fn enter(
        &self,
        slot: &'static Slot,
        site: &'static FrameSite,
        outer: usize,
    ) -> usize {
        let header = self.header_of(slot);
        let room = match outer {
            _ if index::is_beyond(outer) => None,
            _ => self.room(header),
        };
        let Some((header, index)) = room else {
            let full = header & ALL_BEYOND == ALL_BEYOND;
            self.publish(if full { header } else { header + ONE_BEYOND });
            return index::BEYOND;
        };
        self.write(header, index, site, outer);
        self.publish(header | bit(index));
        index
    }

    /// Puts a frame under another one, unless it is there. Returns its index.
    pub(crate) fn relink(
        &self,
        slot: &'static Slot,
        index: usize,
        site: &'static FrameSite,
        outer: usize,
    ) -> usize {
        if index::is_beyond(index) {
            return index::BEYOND;
        }
        let header = self.header_of(slot);
        let is_there = self.entry(index).load(Ordering::Relaxed) == entry_of(site, outer);
        if !is_there && self.is(header, index, site) {
            self.write(header, index, site, outer);
            self.publish(match outer > index {
                true => header | IRREGULAR,
                false => header,
            });
        }
        index
    }

    /// Leaves a frame.
    pub(crate) fn leave(&self, slot: &'static Slot, index: usize, site: &'static FrameSite) {
        let mut header = self.header_of(slot);
        if index::is_beyond(index) {
            self.leave_beyond(header);
        } else if self.is(header, index, site) {
            header &= !bit(index);
            // Those that it is around have been entered after it, and mostly been left before.
            if header & IRREGULAR != 0 || header & USED > bit(index) {
                header = self.leave_among_others(header, index);
            }
            self.publish(header);
        }
    }

    /// Returns the header if it is this task's, otherwise an empty one.
    fn header_of(&self, slot: &'static Slot) -> u64 {
        let owner = owner(slot);
        let header = self.header.load(Ordering::Relaxed);
        if header & OWNER == owner {
            header
        } else {
            owner
        }
    }

    /// Returns `true` if the frame is entered, and no other thread has left it.
    fn is(&self, header: u64, index: usize, site: &'static FrameSite) -> bool {
        header & bit(index) != 0
            && site_of(self.entry(index).load(Ordering::Relaxed)) == site.address()
    }

    fn write(&self, header: u64, index: usize, site: &'static FrameSite, outer: usize) {
        // The frame around may have been left elsewhere.
        let outer = if header & bit(outer) != 0 { outer } else { 0 };
        // As in `push`.
        fence(Ordering::Release);
        self.entry(index)
            .store(entry_of(site, outer), Ordering::Relaxed);
    }

    /// Stores the header; and whoever sees the task suspended from now on sees this, too.
    #[inline(always)]
    fn publish(&self, header: u64) {
        self.header.store(header, Ordering::Release);
        fence(Ordering::Release);
    }

    /// A free index, and the header that goes with it.
    fn room(&self, header: u64) -> Option<(u64, usize)> {
        match above(header) {
            index if index <= ROOM => Some((header, index)),
            _ => self.hole(self.sweep(header)),
        }
    }

    #[cold]
    fn hole(&self, header: u64) -> Option<(u64, usize)> {
        let free = USED & !header;
        (free != 0).then(|| (header | IRREGULAR, free.trailing_zeros() as usize))
    }

    fn leave_beyond(&self, header: u64) {
        let beyond = header & ALL_BEYOND;
        // More than can be counted stay that many.
        if beyond != 0 && beyond != ALL_BEYOND {
            self.publish(header - ONE_BEYOND);
        }
    }

    #[cold]
    fn leave_among_others(&self, header: u64, index: usize) -> u64 {
        let mut header = header;
        if self.has_inner(header, index) {
            self.entry(index).store(0, Ordering::Relaxed);
            header |= bit(index) | IRREGULAR;
        }
        if header & IRREGULAR != 0 {
            header = self.sweep(header);
        }
        header
    }

    /// Takes away tombstones that nothing refers to any more.
    fn sweep(&self, header: u64) -> u64 {
        let is_done = |header: u64, index: &usize| {
            self.entry(*index).load(Ordering::Relaxed) == 0 && !self.has_inner(header, *index)
        };
        let mut header = header;
        while let Some(index) = indices(header).find(|index| is_done(header, index)) {
            header &= !bit(index);
        }
        match header & USED {
            0 => header & !IRREGULAR,
            _ => header,
        }
    }

    /// Returns `true` if a frame was entered inside of this one.
    fn has_inner(&self, header: u64, outer: usize) -> bool {
        indices(header).any(|index| outer_of(self.entry(index).load(Ordering::Relaxed)) == outer)
    }
}

/// Counting, by the thread that runs the task.
#[cfg(not(loom))]
impl Frames {
    /// Counts the drop of a frame. `here` is the index of the innermost frame that is polled now.
    pub(crate) fn note_dropped(&self, index: usize, site: &'static FrameSite, here: usize) {
        if index::is_beyond(index) {
            return;
        }
        let header = self.header.load(Ordering::Relaxed);
        let outer = outer_of(self.entry(index).load(Ordering::Relaxed));
        let siblings = indices(header).filter(|&other| other != index);
        let words = siblings.map(|other| self.entry(other).load(Ordering::Relaxed));
        let mut is_branch = false;
        for word in words.filter(|&word| outer_of(word) == outer && site_of(word) != 0) {
            is_branch = true;
            // SAFETY: an entry that is not zero has the address of a static site.
            let site = unsafe { &*core::ptr::with_exposed_provenance::<FrameSite>(site_of(word)) };
            drops::note_branch(site);
        }
        if is_branch {
            drops::note_branch(site);
        }
        drops::note_dropped(site, outer == here);
    }
}

/// Writing, by others.
impl Frames {
    /// Leaves a frame of a task that runs elsewhere, or does not run, or has ended.
    pub(crate) fn leave_elsewhere(
        &self,
        slot: &'static Slot,
        index: usize,
        site: &'static FrameSite,
    ) {
        if index::is_beyond(index) {
            return self.leave_beyond_elsewhere(slot);
        }
        let entry = self.entry(index);
        let word = entry.load(Ordering::Relaxed);
        if site_of(word) == site.address() {
            // If it fails, the index is another frame's by now.
            let _ = entry.compare_exchange(word, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn leave_beyond_elsewhere(&self, slot: &'static Slot) {
        let less_one = |header: u64| {
            let beyond = header & ALL_BEYOND;
            let counted = header & OWNER == owner(slot) && beyond != 0;
            (counted && beyond != ALL_BEYOND).then(|| header - ONE_BEYOND)
        };
        // The task may overwrite this, and then counts one too many.
        let _ = self
            .header
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one);
    }
}
