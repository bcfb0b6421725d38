//! The frames of a task: 120 bytes beside each slot.
//!
//! The memory is mapped when the first task of a chunk enters a frame. Pages that are never touched cost nothing.
//!
//! The header has the lower half of the task's id. Frames with the id of another task do not count, so a spawn clears
//! nothing. The header also counts the frames without room, and has a bit for each index in use. An entry is the address
//! of a [`FrameSite`] and, in its low bits, the index of the outer frame.
//!
//! The thread that runs the task writes with plain stores. A frame may be left on another thread, because its future was
//! moved to another task or is dropped there. Then only its entry becomes zero, by compare-and-swap, if the entry is
//! still the same.
//!
//! A frame may be left while inner frames still refer to it, as with `&mut future` in a loop. Its entry becomes a
//! *tombstone*, which is zero. The index is not used again until the inner frames have moved or are gone.

use super::slot::Slot;
use crate::platform::sync::atomic::AtomicU64;
use crate::types::frame_site::FrameSite;

#[cfg(not(loom))]
mod area;
mod cursor;
mod snapshot;
mod write;

#[cfg(not(loom))]
pub(super) use area::release;

pub(crate) use cursor::TaggedCursor;
pub use cursor::{index, Cursor};
pub use snapshot::FrameSnapshot;

/// Frames that have room.
pub const ROOM: usize = index::LAST;

/// The bits of the indices 1 to `ROOM`.
const USED: u64 = (2 << ROOM) - 2;
/// Where a frame is inside of one with a higher index, or entries are tombstones. Above the indices, so that
/// one shift tells what is in use from an index on and that nothing is out of order.
const IRREGULAR: u64 = 1 << 15;
const ONE_BEYOND: u64 = 1 << 16;
const OWNER: u64 = 0xffff_ffff << 32;
const ALL_BEYOND: u64 = 0xffff << 16;

#[repr(C)]
pub(crate) struct Frames {
    header: AtomicU64,
    entries: [AtomicU64; ROOM],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Frames>() == 120 && USED < IRREGULAR);

impl Frames {
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Frames {
            header: AtomicU64::new(0),
            entries: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    fn entry(&self, index: usize) -> &AtomicU64 {
        &self.entries[index - 1]
    }
}

/// The lower half of the task's id, in the upper half.
#[inline(always)]
fn owner(slot: &'static Slot) -> u64 {
    slot.id() << 32
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

/// An entry of a frame that was entered inside of the one with the index `outer`.
#[inline(always)]
fn entry_of(site: &'static FrameSite, outer: usize) -> u64 {
    (site.address() | outer & index::MASK) as u64
}

fn site_of(entry: u64) -> usize {
    entry as usize & !index::MASK
}

fn outer_of(entry: u64) -> usize {
    entry as usize & index::MASK
}
