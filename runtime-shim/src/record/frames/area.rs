//! Where the frames of a slot are.

use core::ptr;

use super::Frames;
use crate::platform::sync::atomic::Ordering;
use crate::record::arena::{self, Chunk, BATCH, CHUNK_BYTES, CHUNK_SLOTS};
use crate::record::slot::Slot;

/// Bytes behind the slots of a chunk that hold their frames. They take no memory until a task has a frame.
pub(in crate::record) const AREA_BYTES: usize = CHUNK_SLOTS * size_of::<Frames>();

impl Frames {
    /// Returns the frames of a slot, unless no task of its chunk has ever had one. So a reader touches no page of them in
    /// vain.
    #[inline]
    pub(super) fn of_recorded(slot: &'static Slot) -> Option<&'static Frames> {
        let (chunk, _) = arena::locate(slot);
        let has_frames = !chunk.frames.load(Ordering::Relaxed).is_null();
        has_frames.then(|| Self::of(slot))
    }

    /// Returns the frames of a slot, in which the caller is about to record one.
    #[inline]
    pub(crate) fn of_recording(slot: &'static Slot) -> &'static Frames {
        let (chunk, _) = arena::locate(slot);
        if chunk.frames.load(Ordering::Relaxed).is_null() {
            let first = first(chunk).cast_mut();
            chunk.frames.store(first, Ordering::Relaxed);
        }
        Self::of(slot)
    }

    /// Returns the frames of a slot.
    #[inline(always)]
    pub(crate) fn of(slot: &'static Slot) -> &'static Frames {
        let (chunk, place) = arena::locate(slot);
        // SAFETY: `Chunk::map` maps and exposes an area behind the slots with room for each of them, which is never
        // unmapped. Zeros are valid.
        unsafe { &*first(chunk).add(place) }
    }
}

/// Returns the address of the frames of a chunk's first slot.
#[inline(always)]
fn first(chunk: &'static Chunk) -> *const Frames {
    ptr::with_exposed_provenance(ptr::from_ref(chunk).addr() + CHUNK_BYTES)
}

/// Gives the memory back that the frames of slots on free pages occupy: of `pages` in a row in one chunk.
///
/// # Safety
///
/// All slots of the pages are free, and stay so until this returns.
pub(in crate::record) unsafe fn release(slot: &'static Slot, pages: usize) {
    let bytes = pages * BATCH * size_of::<Frames>();
    let start = ptr::from_ref(Frames::of(slot)).cast_mut();
    // SAFETY: memory from `map`, the frames of free slots, which nobody needs: to whoever reads or
    // writes there, zeros are the frames of no task.
    unsafe { crate::platform::memory::release(start.cast(), bytes) };
}
