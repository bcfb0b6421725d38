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

use core::ptr;

use super::arena::{Chunk, BATCH, CHUNK_SLOTS};
use super::slot::Slot;
use crate::frame::{index, Place};
use crate::sync::atomic::{AtomicU64, Ordering};

mod image;
mod write;

pub(crate) use image::Image;

/// Frames that have room.
pub(crate) const ROOM: usize = index::LAST;

/// What is mapped for a chunk.
const AREA_BYTES: usize = (CHUNK_SLOTS * size_of::<Frames>()).next_power_of_two();

/// Where the indices are not in the order of entering, or entries are tombstones.
const IRREGULAR: u64 = 1;
/// The bits of the indices 1 to `ROOM`.
const USED: u64 = (2 << ROOM) - 2;
const ONE_BEYOND: u64 = 1 << 16;
const OWNER: u64 = 0xffff_ffff << 32;
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
    #[inline]
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

    #[inline]
    fn at(area: *mut Frames, place: usize) -> Option<&'static Frames> {
        if area.is_null() {
            return None;
        }
        // SAFETY: an area has room for each place of its chunk, and is never unmapped; zeros are valid.
        Some(unsafe { &*area.add(place) })
    }

    fn entry(&self, index: usize) -> &AtomicU64 {
        &self.entries[index - 1]
    }
}

#[cold]
fn map(chunk: &'static Chunk) -> Option<*mut Frames> {
    // Where the system hands out addresses that large, there are no frames.
    if !Place::can_hold(ptr::from_ref(chunk).addr()) {
        return None;
    }
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

/// The lower half of the task's id, in the upper half.
fn owner(slot: &'static Slot) -> u64 {
    slot.id.load(Ordering::Relaxed) << 32
}

fn bit(index: usize) -> u64 {
    1 << index & USED
}

/// The bits of the indices from 1 to `index`.
fn up_to(index: usize) -> u64 {
    (2 << index) - 2
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
