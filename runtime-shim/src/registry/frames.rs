//! The frames of a task: 120 bytes beside each slot, in memory that is mapped when the first task of a
//! chunk enters one and costs nothing where no page of it is touched.
//!
//! The header says whose the frames are, by the lower half of the task's id, so that a birth need not
//! clear anything: frames of another task are none. Below that it counts the frames for which there was
//! no room, and has a bit for each index in use. An entry is the address of a [`FrameSite`] and, in its low
//! bits, the index of the frame inside of which it was entered.
//!
//! Whoever runs the task writes, with plain stores. A frame that is left elsewhere, because its future
//! was moved to another task or is dropped on another thread, only has its entry set to zero, by
//! compare-and-swap, as long as it says the same.
//!
//! A frame that is left while others still refer to it, as when `&mut future` is awaited in a loop, stays
//! as a *tombstone*, an entry of zero, until they have moved or are gone: so its index means nothing else.

use core::hash::{Hash, Hasher};
use core::ptr;

use super::arena::{Chunk, BATCH, CHUNK_SLOTS};
use super::read::Record;
use super::slot::Slot;
use crate::frame::{index, FrameSite};
use crate::sync::atomic::{fence, AtomicU64, Ordering};

/// Frames that have room.
pub(crate) const ROOM: usize = index::LAST;

/// What is mapped for a chunk.
const AREA_BYTES: usize = (CHUNK_SLOTS * size_of::<Frames>()).next_power_of_two();

/// Where the indices are not in the order of entering, or entries are tombstones.
const IRREGULAR: u64 = 1;
/// The bits of the indices 1 to `ROOM`.
const USED: u64 = (2 << ROOM) - 2;
const ONE_BEYOND: u64 = 1 << 16;
const ALL_BEYOND: u64 = 0xffff << 16;

#[repr(C)]
pub(crate) struct Frames {
    header: AtomicU64,
    entries: [AtomicU64; ROOM],
}

const _: () = assert!(size_of::<Frames>() == 120 && USED < ONE_BEYOND);

/// Finding them.
impl Frames {
    /// The frames beside a slot, if any task in its chunk has ever had one.
    pub(crate) fn of(slot: &'static Slot) -> Option<&'static Frames> {
        let (chunk, place) = super::arena::locate(slot);
        Self::at(chunk.frames.load(Ordering::Acquire), place)
    }

    /// The same, with memory if there is none yet.
    pub(crate) fn of_or_map(slot: &'static Slot) -> Option<&'static Frames> {
        let (chunk, place) = super::arena::locate(slot);
        let area = match chunk.frames.load(Ordering::Acquire) {
            area if area.is_null() => map(chunk)?,
            area => area,
        };
        Self::at(area, place)
    }

    fn at(area: *mut Frames, place: usize) -> Option<&'static Frames> {
        // SAFETY: null, or an area that has room for each place of the chunk and is never unmapped;
        // zeros are valid.
        unsafe {
            area.wrapping_add(place)
                .as_ref()
                .filter(|_| !area.is_null())
        }
    }
}

#[cold]
fn map(chunk: &'static Chunk) -> Option<*mut Frames> {
    let area = crate::sys::memory::map(AREA_BYTES)?.cast::<Frames>();
    let installed =
        chunk
            .frames
            .compare_exchange(ptr::null_mut(), area, Ordering::AcqRel, Ordering::Acquire);
    match installed {
        Ok(_) => Some(area),
        Err(other) => {
            // SAFETY: `map` has just made it and nobody else has seen it.
            unsafe { crate::sys::memory::unmap(area.cast(), AREA_BYTES) };
            Some(other)
        }
    }
}

/// Writing, by the thread that runs the task.
impl Frames {
    /// Enters a frame. Returns its index.
    pub(crate) fn enter(&self, slot: &'static Slot, site: usize, outer: usize) -> usize {
        let header = self.header_of(slot);
        let room = match outer {
            index::BEYOND => None,
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

    /// Puts a frame under another one.
    pub(crate) fn relink(&self, slot: &'static Slot, index: usize, site: usize, outer: usize) {
        let header = self.header_of(slot);
        if self.is(header, index, site) {
            self.write(header, index, site, outer);
            self.publish(header);
        }
    }

    /// Leaves a frame.
    pub(crate) fn leave(&self, slot: &'static Slot, index: usize, site: usize) {
        let mut header = self.header_of(slot);
        if index == index::BEYOND {
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

    /// What the header says if it is this task's; an empty one otherwise.
    fn header_of(&self, slot: &'static Slot) -> u64 {
        let owner = owner(slot);
        let header = self.header.load(Ordering::Relaxed);
        if header & owner::MASK == owner {
            header
        } else {
            owner
        }
    }

    /// Whether the frame is entered and nobody has taken it away meanwhile.
    fn is(&self, header: u64, index: usize, site: usize) -> bool {
        header & bit(index) != 0 && site_of(self.entry(index).load(Ordering::Relaxed)) == site
    }

    fn write(&self, header: u64, index: usize, site: usize, outer: usize) {
        // The frame around may have been left elsewhere.
        let outer = if header & bit(outer) != 0 { outer } else { 0 };
        // As at a birth: a reader that sees what is written must also see that the task runs.
        fence(Ordering::Release);
        self.entry(index)
            .store((site | outer) as u64, Ordering::Relaxed);
    }

    /// Stores the header; and whoever sees the task suspended from now on sees this, too.
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

    /// Whether a frame was entered inside of this one.
    fn has_inner(&self, header: u64, outer: usize) -> bool {
        indices(header).any(|index| outer_of(self.entry(index).load(Ordering::Relaxed)) == outer)
    }

    fn entry(&self, index: usize) -> &AtomicU64 {
        &self.entries[index - 1]
    }
}

/// Writing, by others.
impl Frames {
    /// Leaves a frame of a task that runs elsewhere, or does not run, or has ended.
    pub(crate) fn leave_elsewhere(&self, slot: &'static Slot, index: usize, site: usize) {
        if index == index::BEYOND {
            return self.leave_beyond_elsewhere(slot);
        }
        let entry = self.entry(index);
        let word = entry.load(Ordering::Relaxed);
        if site_of(word) == site {
            // If it fails, the index is another frame's by now.
            let _ = entry.compare_exchange(word, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn leave_beyond_elsewhere(&self, slot: &'static Slot) {
        let less_one = |header: u64| {
            let beyond = header & ALL_BEYOND;
            let counted = header & owner::MASK == owner(slot) && beyond != 0;
            (counted && beyond != ALL_BEYOND).then(|| header - ONE_BEYOND)
        };
        // The task may overwrite this, and then counts one too many.
        let _ = self
            .header
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one);
    }
}

mod owner {
    pub(super) const MASK: u64 = 0xffff_ffff << 32;
}

/// The lower half of the task's id, in the upper half.
fn owner(slot: &'static Slot) -> u64 {
    slot.id.load(Ordering::Relaxed) << 32
}

fn bit(index: usize) -> u64 {
    1 << index & USED
}

/// One more than the highest index in use.
fn above(header: u64) -> usize {
    (header & USED | 1).ilog2() as usize + 1
}

/// The indices in use.
fn indices(header: u64) -> impl Iterator<Item = usize> {
    (1..=ROOM).filter(move |&index| header & bit(index) != 0)
}

fn site_of(entry: u64) -> usize {
    entry as usize & !index::MASK
}

fn outer_of(entry: u64) -> usize {
    entry as usize & index::MASK
}

/// What the frames of a task were at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    /// Without the owner.
    header: u64,
    entries: [u64; ROOM],
    is_settled: bool,
}

impl Image {
    const EMPTY: Image = Image {
        header: 0,
        entries: [0; ROOM],
        is_settled: true,
    };

    /// Reads the frames of a task.
    pub(crate) fn read(record: &Record) -> Self {
        let Some(frames) = Frames::of(record.slot) else {
            return Self::EMPTY;
        };
        let header = frames.header.load(Ordering::Acquire);
        if header & owner::MASK != record.id << 32 || header & (USED | ALL_BEYOND) == 0 {
            return Self::EMPTY;
        }
        let mut image = Image {
            header: header & !owner::MASK,
            ..Self::EMPTY
        };
        for index in indices(header) {
            image.entries[index - 1] = frames.entry(index).load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        image.is_settled = record.is_unmoved();
        image
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.header == 0
    }

    /// Whether the task was suspended, and had not moved on when all was read.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// How many had no room.
    pub(crate) fn beyond(&self) -> u32 {
        ((self.header & ALL_BEYOND) / ONE_BEYOND) as u32
    }

    /// The frames that were entered inside of one, or of none for 0. A tombstone has no site.
    pub(crate) fn inside(
        &self,
        outer: usize,
    ) -> impl Iterator<Item = (usize, Option<&'static FrameSite>)> + '_ {
        indices(self.header).filter_map(move |index| {
            let entry = self.entries[index - 1];
            // What a tombstone was inside of is lost, which counts as nothing.
            (outer_of(entry) == outer).then(|| (index, decode(entry)))
        })
    }

    fn used(&self) -> &[u64] {
        &self.entries[..above(self.header) - 1]
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.used() == other.used()
    }
}

impl Eq for Image {}

impl Hash for Image {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.header, self.used()).hash(state);
    }
}

fn decode(entry: u64) -> Option<&'static FrameSite> {
    let site = ptr::with_exposed_provenance::<FrameSite>(site_of(entry));
    // SAFETY: null in a tombstone. Entries hold nothing but that and addresses of static sites, from the
    // first to the last time that anybody writes there.
    unsafe { site.as_ref() }
}

/// Gives the memory back that the frames of slots on free pages occupy: of `pages` in a row in one chunk.
///
/// # Safety
///
/// All slots of the pages are free, and stay so until this returns.
pub(super) unsafe fn release(slot: &'static Slot, pages: usize) {
    let Some(first) = Frames::of(slot) else {
        return;
    };
    let bytes = pages * BATCH * size_of::<Frames>();
    let start = ptr::from_ref(first).cast_mut();
    // SAFETY: memory from `map`, the frames of free slots, which nobody needs: to whoever reads or
    // writes there, zeros are the frames of no task.
    unsafe { crate::sys::memory::release(start.cast(), bytes) };
}
