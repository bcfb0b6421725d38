//! Copies of a task's frames, for readers.

use core::hash::{Hash, Hasher};
use core::iter::successors;
use core::ptr;

use super::index;
use super::{
    above, bit, entry_of, indices, outer_of, site_of, Frames, ALL_BEYOND, ONE_BEYOND, OWNER, ROOM,
    USED,
};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::types::frame_site::FrameSite;

/// The frames of a task at one moment.
#[derive(Clone, Copy, Debug)]
pub struct FrameSnapshot {
    /// Without the owner.
    header: u64,
    entries: [u64; ROOM],
    pub(super) is_settled: bool,
}

impl FrameSnapshot {
    /// No frames.
    pub const EMPTY: FrameSnapshot = FrameSnapshot {
        header: 0,
        entries: [0; ROOM],
        is_settled: true,
    };

    /// Copies the frames of the task with this id. The copy counts if the slot is still that task's afterwards.
    pub(crate) fn copy(frames: &Frames, id: u64) -> Self {
        let header = owned_by(frames.header.load(Ordering::Acquire), id);
        let mut snapshot = FrameSnapshot {
            header,
            ..Self::EMPTY
        };
        for index in indices(header) {
            snapshot.entries[index - 1] = frames.entry(index).load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        snapshot
    }

    /// Returns frames out of a copy of their memory: a header and entries, of the task with this id. `site_at` finds the
    /// site at an address of the memory that was copied.
    #[cfg(not(loom))]
    pub fn of_words(
        words: &[u64; 1 + ROOM],
        id: u64,
        is_settled: bool,
        mut site_at: impl FnMut(u64) -> Option<&'static FrameSite>,
    ) -> Self {
        let [header, entries @ ..] = words;
        let header = owned_by(*header, id);
        let mut snapshot = FrameSnapshot {
            header,
            is_settled,
            ..Self::EMPTY
        };
        for index in indices(header) {
            let entry = entries[index - 1];
            let site = site_at(site_of(entry) as u64);
            snapshot.entries[index - 1] = site.map_or(outer_of(entry) as u64, |site| {
                entry_of(site, outer_of(entry))
            });
        }
        snapshot
    }

    /// Returns `true` if the task with this id has the same frames. Copies none. The answer counts if the slot is still
    /// that task's afterwards.
    #[inline]
    pub(crate) fn is_same(&self, frames: &Frames, id: u64) -> bool {
        let entry = |index: usize| {
            frames
                .entries
                .get(index - 1)
                .map(|entry| entry.load(Ordering::Relaxed))
        };
        let is_same = |index: usize| entry(index).as_ref() == self.entries.get(index - 1);
        let header = owned_by(frames.header.load(Ordering::Acquire), id);
        let same = self.header == header && indices(header).all(is_same);
        fence(Ordering::Acquire);
        same
    }

    /// Returns `true` if there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.header == 0
    }

    /// Returns `true` if the task was suspended, and had not moved on when all was read.
    #[inline]
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// How many had no room.
    #[inline]
    pub fn omitted_frames(&self) -> u32 {
        ((self.header & ALL_BEYOND) / ONE_BEYOND) as u32
    }

    /// The frames that were entered inside of one, or of none for 0. A tombstone has no site.
    pub fn inside(
        &self,
        outer: usize,
    ) -> impl Iterator<Item = (usize, Option<&'static FrameSite>)> + '_ {
        indices(self.header).filter_map(move |index| {
            let entry = self.entries[index - 1];
            // What a tombstone was inside of is lost, which counts as nothing.
            (outer_of(entry) == outer).then(|| (index, decode(entry)))
        })
    }

    /// The sites from a frame outwards, its own first. For one that had no room, from the last that had.
    pub fn outwards(&self, index: usize) -> impl Iterator<Item = &'static FrameSite> + '_ {
        let last = above(self.header) - 1;
        let start = if index::is_beyond(index) { last } else { index };
        let entry = |index: usize| Some(*self.entries.get(index.checked_sub(1)?)?);
        let path = successors(entry(start), move |&inner| entry(outer_of(inner)));
        // There are no more; what is damaged must not send a thread that panics round in circles.
        path.take(ROOM).filter_map(decode)
    }

    /// Adds a frame that is not in the record. Returns its index.
    #[cfg(not(loom))]
    pub(super) fn add(&mut self, site: &'static FrameSite, outer: usize) -> usize {
        let free = USED & !self.header;
        if free == 0 {
            if self.header & ALL_BEYOND != ALL_BEYOND {
                self.header += ONE_BEYOND;
            }
            return index::BEYOND;
        }
        let index = free.trailing_zeros() as usize;
        self.header |= bit(index);
        self.entries[index - 1] = entry_of(site, outer);
        index
    }

    fn used(&self) -> &[u64] {
        &self.entries[..above(self.header) - 1]
    }
}

/// Returns a header without the owner, if the owner is the task with this id and has frames. Otherwise returns 0.
#[inline]
fn owned_by(header: u64, id: u64) -> u64 {
    match header & OWNER == id << 32 && header & (USED | ALL_BEYOND) != 0 {
        true => header & !OWNER,
        false => 0,
    }
}

impl PartialEq for FrameSnapshot {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.used() == other.used()
    }
}

impl Eq for FrameSnapshot {}

impl Hash for FrameSnapshot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.header, self.used()).hash(state);
    }
}

fn decode(entry: u64) -> Option<&'static FrameSite> {
    let site = ptr::with_exposed_provenance::<FrameSite>(site_of(entry));
    // SAFETY: null in a tombstone. All other entries are made by `entry_of`, of a static site.
    unsafe { site.as_ref() }
}
