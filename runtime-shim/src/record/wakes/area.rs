//! Where the wakes of a slot are.

use core::mem::offset_of;
use core::ptr;

use super::Wakes;
use crate::record::arena::{BATCH, CHUNK_BYTES, CHUNK_SLOTS};
use crate::record::frames;
use crate::record::root_future;
use crate::record::slot::Slot;

/// Bytes at the end of a chunk that hold the wakes of its slots. They take no memory until a task is polled.
pub(in crate::record) const AREA_BYTES: usize = CHUNK_SLOTS * size_of::<Wakes>();

const _: () = assert!(size_of::<Wakes>() == size_of::<Slot>());

impl Wakes {
    /// From a slot to its wakes, in bytes. Both are of the same size, so the distance is the same for all.
    pub(in crate::record) const DISTANCE: usize =
        CHUNK_BYTES + frames::AREA_BYTES + root_future::AREA_BYTES;
    /// Where words are, in bytes from the start.
    pub(in crate::record) const STATE: usize = offset_of!(Wakes, state);
    pub(in crate::record) const OWNER: usize = offset_of!(Wakes, owner);
    pub(in crate::record) const WOKEN: usize = offset_of!(Wakes, woken);
    pub(in crate::record) const WOKEN_BY: usize = offset_of!(Wakes, woken_by);

    /// Returns the wakes of a slot.
    #[inline(always)]
    pub(crate) fn of(slot: &'static Slot) -> &'static Wakes {
        let address = ptr::from_ref(slot).addr() + Self::DISTANCE;
        // SAFETY: `Chunk::map` maps and exposes an area at the end with room for each slot, which is never
        // unmapped. Zeros are valid.
        unsafe { &*ptr::with_exposed_provenance::<Wakes>(address) }
    }

    /// Returns the slot of these wakes.
    #[inline(always)]
    pub(crate) fn slot(&'static self) -> &'static Slot {
        let address = ptr::from_ref(self).addr() - Self::DISTANCE;
        // SAFETY: only `Wakes::of` returns a static reference, so the slot is at this distance. Slots are never unmapped.
        unsafe { &*ptr::with_exposed_provenance::<Slot>(address) }
    }
}

/// Gives the memory back that the wakes of slots on free pages occupy: of `pages` in a row in one chunk.
///
/// # Safety
///
/// All slots of the pages are free, and stay so until this returns.
pub(in crate::record) unsafe fn release(slot: &'static Slot, pages: usize) {
    let bytes = pages * BATCH * size_of::<Wakes>();
    let start = ptr::from_ref(Wakes::of(slot)).cast_mut();
    // SAFETY: memory from `map`. A slot is free only if no waker of its task is out, so no thread writes there. Zeros are
    // the wakes of no task.
    unsafe { crate::platform::memory::release(start.cast(), bytes) };
}
