//! The frames of a task in its record: 128 bytes for each slot of a chunk, behind the slots. Pages of them that no task has
//! touched take no memory.
//!
//! The header contains the lower half of the id of the task that owns the frames. Frames of another task count as none, so
//! a spawn clears nothing. Below the owner, the header counts the frames for which there was no room, and has a bit for
//! each index in use. An entry is the address of a [`FrameSite`]. In its low bits is the index of the frame inside of which
//! it was entered.
//!
//! The thread that runs the task writes with plain stores. A frame may also be left by another thread, because its future
//! was moved to another task or is dropped there. That thread only sets the entry to zero, by compare-and-swap, if the
//! entry is still the same.
//!
//! A frame may be left while others refer to it, as when `&mut future` is awaited in a loop. It stays as a *tombstone*, an
//! entry of zero, until the others have moved or are gone. So its index keeps its meaning.
//!
//! `shadow_stack.rs` has the frames that a thread is inside of and that are not in a record.

use super::slot::Slot;
use crate::platform::sync::atomic::AtomicU64;
use crate::types::frame_site::FrameSite;

#[cfg(not(loom))]
mod area;
mod cursor;
#[cfg(not(loom))]
pub(crate) mod drops;
#[cfg(not(loom))]
mod running;
#[cfg(not(loom))]
mod shadow_stack;
mod snapshot;
mod write;

#[cfg(not(loom))]
pub(super) use area::{release, AREA_BYTES};

pub(crate) use cursor::Cursor;
pub(crate) use cursor::Registered;
pub use cursor::{index, LEVELS};
#[cfg(not(loom))]
pub use drops::{counts as drop_counts, DropCounts};
#[cfg(not(loom))]
pub(crate) use shadow_stack::Level;
#[cfg(not(loom))]
pub(crate) use shadow_stack::ShadowStack;
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

#[repr(C, align(64))]
pub(crate) struct Frames {
    header: AtomicU64,
    entries: [AtomicU64; ROOM],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Frames>() == 128 && USED < IRREGULAR);

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

/// The indices in use, in ascending order.
#[inline]
fn indices(header: u64) -> impl Iterator<Item = usize> {
    let mut left = header & USED;
    core::iter::from_fn(move || {
        let index = left.trailing_zeros() as usize;
        (left != 0).then(|| {
            left &= left - 1;
            index
        })
    })
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
