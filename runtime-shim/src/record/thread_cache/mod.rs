//! The cache of a thread: free slots, ids and references, so that most spawns and ends touch no shared memory.
//!
//! References are counted, but seldom with an atomic operation. A thread takes [`REFS_PER_ACQUIRE`] references at once
//! to the node below which it spawns, and gives them to children one by one. A child that ends puts its reference into
//! its thread's cache if the cache has the same node.
//!
//! Spawns and ends have a fast path and a slow path. The fast path first checks that nothing out of the ordinary is due,
//! and then only writes.

mod end;
mod name;
mod record;
mod reference;

pub(crate) use name::NameContent;

use core::cell::Cell;
use core::ptr;

use super::arena::{Arena, Batch, BATCH};
use super::slot::{FreeSlot, Slot};
use crate::platform::sync::atomic::AtomicU64;
use crate::types::site::Site;

/// References taken at once.
const REFS_PER_ACQUIRE: u32 = if cfg!(loom) { 2 } else { 64 };
/// References kept at most, checked when slots are put away.
const MAX_CACHED_REFS: u32 = 8 * REFS_PER_ACQUIRE;
/// Slots, and ids, that a thread begins with: few, so that small programs have small ids.
const FIRST_REFILL: usize = if cfg!(loom) { 1 } else { 8 };

/// The address of no node, and not null. So neither a task nor a thread without a task has it as a parent.
const NO_NODE: *const Slot = ptr::without_provenance(1);

pub(crate) struct ThreadCache {
    /// The node that the references in the cache are to.
    cached_node: Cell<*const Slot>,
    /// Number of spawns that may take the fast path. For each there is a free slot, an id, and a cached reference.
    fast_spawns: Cell<u32>,
    /// Number of ends that may take the fast path. For each there is room among the freed slots.
    fast_ends: Cell<u32>,
    /// Free slots to take, with an id reserved for each.
    free: Cell<Option<FreeSlot>>,
    next_id: Cell<u64>,
    /// Slots that were freed here, fewer than a batch.
    freed: Cell<Option<FreeSlot>>,
    // Only the slow paths use the fields from here on.
    /// The values of `fast_spawns` and `fast_ends` when they were reserved. The difference to the present values is not
    /// yet in the counts below; `flush_counters` adds it.
    reserved: Cell<(u32, u32)>,
    cached_refs: Cell<u32>,
    free_len: Cell<u32>,
    freed_len: Cell<u32>,
    end_id: Cell<u64>,
    /// Free slots that have no ids yet.
    unassigned: Cell<Chain>,
    refill_size: Cell<usize>,
    reserve_batch: Cell<Option<Batch>>,
}

/// Free slots, linked through `parent`.
#[derive(Clone, Copy, Default)]
struct Chain {
    first: Option<FreeSlot>,
    len: usize,
}

impl ThreadCache {
    pub(crate) const fn new() -> Self {
        ThreadCache {
            cached_node: Cell::new(NO_NODE),
            fast_spawns: Cell::new(0),
            fast_ends: Cell::new(0),
            free: Cell::new(None),
            next_id: Cell::new(0),
            freed: Cell::new(None),
            reserved: Cell::new((0, 0)),
            cached_refs: Cell::new(0),
            free_len: Cell::new(0),
            freed_len: Cell::new(0),
            end_id: Cell::new(0),
            unassigned: Cell::new(Chain {
                first: None,
                len: 0,
            }),
            refill_size: Cell::new(FIRST_REFILL),
            reserve_batch: Cell::new(None),
        }
    }

    /// Exchanges all that is in two stores of the calling thread: where a thread looks, and where the
    /// cache waits for the next one.
    pub(crate) fn swap(&self, other: &ThreadCache) {
        let [own, other] = [self, other].map(|store| ptr::from_ref(store).cast_mut());
        // SAFETY: a cache consists of cells, which may be written through a shared reference, and is
        // not `Sync`: both are this thread's, and nobody else looks at them meanwhile.
        unsafe { ptr::swap(own, other) };
    }

    /// Takes the reservations back, so that the counts are right.
    fn flush_counters(&self) {
        let (fast_spawns, fast_ends) = self.reserved.take();
        let spawned = fast_spawns - self.fast_spawns.take();
        let ended = fast_ends - self.fast_ends.take();
        self.cached_refs
            .set(self.cached_refs.get() + ended - spawned);
        self.free_len.set(self.free_len.get() - spawned);
        self.freed_len.set(self.freed_len.get() + ended);
    }

    /// Reserves as many spawns and ends for the fast path as the counts allow.
    fn reserve(&self) {
        let fast_spawns = self.free_len.get().min(self.cached_refs.get());
        let fast_ends = BATCH as u32 - 1 - self.freed_len.get();
        self.fast_spawns.set(fast_spawns);
        self.fast_ends.set(fast_ends);
        self.reserved.set((fast_spawns, fast_ends));
    }
}

/// Takes one from a count, unless it is zero.
#[inline(always)]
fn take_one(count: &Cell<u32>) -> bool {
    // One instruction subtracts in memory and tells what to do, which is why zero is put right after.
    let (left, none) = count.get().overflowing_sub(1);
    count.set(left);
    if none {
        count.set(0);
    }
    !none
}

/// The first content of a record.
#[derive(Clone, Copy)]
pub(crate) struct RecordInit {
    pub(crate) site: &'static Site,
    pub(crate) flags: u64,
    /// The present tick in the upper half, and nothing in the lower.
    pub(crate) tick: u64,
}

/// The registry that a cache belongs to.
#[derive(Clone, Copy)]
pub(crate) struct RegistryRef<'a> {
    pub(crate) arena: &'a Arena,
    /// The next id that no thread has reserved.
    pub(crate) ids: &'a AtomicU64,
}
