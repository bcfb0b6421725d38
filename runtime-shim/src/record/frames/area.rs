//! Where the frames of a slot are.

use core::ptr;

use super::Frames;
use super::TaggedCursor;
use crate::platform::sync::atomic::Ordering;
use crate::record::arena::{self, Chunk, BATCH, CHUNK_SLOTS};
use crate::record::slot::Slot;

/// Size of the area that is mapped for a chunk.
const AREA_BYTES: usize = (CHUNK_SLOTS * size_of::<Frames>()).next_power_of_two();

impl Frames {
    /// Returns the frames beside a slot, if any task in its chunk has ever had one.
    #[inline]
    pub(crate) fn of(slot: &'static Slot) -> Option<&'static Frames> {
        let (chunk, place) = arena::locate(slot);
        let area = chunk.frames.load(Ordering::Acquire);
        if area.is_null() {
            return None;
        }
        // SAFETY: an area has room for each slot of its chunk, and is never unmapped. Zeros are valid.
        Some(unsafe { &*area.add(place) })
    }

    /// Returns the same, with new memory if there is none yet.
    pub(crate) fn of_or_map(slot: &'static Slot) -> Option<&'static Frames> {
        Self::of(slot).or_else(|| {
            map(arena::locate(slot).0)?;
            Self::of(slot)
        })
    }
}

#[cold]
fn map(chunk: &'static Chunk) -> Option<*mut Frames> {
    // Where the system hands out addresses that large, there are no frames.
    if !TaggedCursor::can_hold(ptr::from_ref(chunk).addr()) {
        return None;
    }
    let area = crate::platform::memory::map(AREA_BYTES)?.cast::<Frames>();
    let installed =
        chunk
            .frames
            .compare_exchange(ptr::null_mut(), area, Ordering::AcqRel, Ordering::Acquire);
    match installed {
        Ok(_) => Some(area),
        Err(other) => {
            // SAFETY: `map` has just made it and nobody else has seen it.
            unsafe { crate::platform::memory::unmap(area.cast(), AREA_BYTES) };
            Some(other)
        }
    }
}

/// Gives the memory back that the frames of slots on free pages occupy: of `pages` in a row in one chunk.
///
/// # Safety
///
/// All slots of the pages are free, and stay so until this returns.
pub(in crate::record) unsafe fn release(slot: &'static Slot, pages: usize) {
    let Some(first) = Frames::of(slot) else {
        return;
    };
    let bytes = pages * BATCH * size_of::<Frames>();
    let start = ptr::from_ref(first).cast_mut();
    // SAFETY: memory from `map`, the frames of free slots, which nobody needs: to whoever reads or
    // writes there, zeros are the frames of no task.
    unsafe { crate::platform::memory::release(start.cast(), bytes) };
}
