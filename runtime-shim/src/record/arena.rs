//! The source of slots: chunks of memory that are mapped once and never unmapped.
//!
//! Threads take and return slots in batches of [`BATCH`], which is also a page of memory. A thread that only spawns and
//! a thread that only ends tasks therefore contend once in 64 tasks, in one compare-and-swap. The clock's thread gives
//! pages back to the system if all their slots are free (`reclaim.rs`). The pages stay mapped and read as zeros, which
//! are free slots.

use super::lineage::Cutting;
use super::slot::{FreeSlot, Slot};
use super::stack::Stack;
use crate::platform::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Slots that change hands at once.
pub(crate) const BATCH: usize = if cfg!(loom) { 2 } else { 64 };
/// Pages in a chunk. The first holds the chunk's own [`Header`], the others a batch each.
pub(crate) const CHUNK_PAGES: usize = if cfg!(loom) { 4 } else { 256 };
pub(crate) const CHUNK_SLOTS: usize = CHUNK_PAGES * BATCH;
pub(crate) const CHUNK_BYTES: usize = CHUNK_SLOTS * 64;
/// 267 million live tasks; spawns beyond that are not recorded (and counted as such).
pub(crate) const MAX_CHUNKS: usize = if cfg!(loom) { 2 } else { 16_384 };

const NO_PAGE: u32 = u32::MAX;

pub(crate) struct Arena {
    pub(super) chunks: [AtomicPtr<Chunk>; MAX_CHUNKS],
    /// Pages handed out so far, counting the header pages.
    pub(super) fresh: AtomicU32,
    pub(super) batches: Stack,
    pub(super) batch_count: AtomicU32,
    /// Pages that were given back to the system.
    pub(super) returned: Stack,
    pub(super) cutting: Cutting,
}

/// A chunk: a header page, then pages of slots.
#[repr(C)]
pub(crate) struct Chunk {
    number: u32,
    /// For pages on the stack of returned pages: the one below.
    below: [AtomicU32; CHUNK_PAGES],
    /// An array with the frames of each slot, behind the slots. Null until a task of the chunk has had one.
    #[cfg(not(loom))]
    pub(super) frames: AtomicPtr<super::frames::Frames>,
    #[cfg(loom)]
    slots: Vec<Slot>,
}

/// [`BATCH`] free slots, linked through `parent`.
#[derive(Clone, Copy)]
pub(crate) struct Batch(pub(super) FreeSlot);

impl Arena {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Arena {
            chunks: [const { AtomicPtr::new(core::ptr::null_mut()) }; MAX_CHUNKS],
            fresh: AtomicU32::new(0),
            batches: Stack::new(),
            batch_count: AtomicU32::new(0),
            returned: Stack::new(),
            cutting: Cutting::new(0),
        }
    }

    /// A batch of free slots, or `None` where memory or the table of chunks is exhausted.
    pub(crate) fn take(&self) -> Option<Batch> {
        self.take_batch().or_else(|| self.take_page())
    }

    /// Takes a batch back.
    pub(crate) fn put(&self, batch: Batch) {
        let slot = batch.0.slot();
        self.batch_count.fetch_add(1, Ordering::Relaxed);
        self.batches.push(index_of(slot), |below| {
            let word = below.map_or(0, |index| u64::from(index) + 1);
            slot.spawn_parent.0.store(word, Ordering::Relaxed);
        });
    }

    fn take_batch(&self) -> Option<Batch> {
        let top = self.batches.pop(|index| self.batch_below(index))?;
        self.batch_count.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: `pop` has taken the batch off the stack for this caller.
        Some(Batch(unsafe { self.unstacked(top) }))
    }

    /// Returns the first slot of a batch that was on the stack, in the state of every free slot.
    ///
    /// # Safety
    ///
    /// The caller has taken the batch off the stack.
    pub(super) unsafe fn unstacked(&self, top: u32) -> FreeSlot {
        // SAFETY: a stacked batch consists of free slots, and is the caller's now.
        let slot = unsafe { FreeSlot::new(self.slot(top)) };
        slot.reset();
        slot
    }

    /// Returns the batch below another one on the stack. The number is meaningless if the other one was popped
    /// meanwhile.
    pub(super) fn batch_below(&self, index: u32) -> Option<u32> {
        (self.slot(index).spawn_parent.0.load(Ordering::Relaxed) as u32).checked_sub(1)
    }

    fn take_page(&self) -> Option<Batch> {
        let page = self
            .returned
            .pop(|page| match self.below(page).load(Ordering::Relaxed) {
                NO_PAGE => None,
                below => Some(below),
            });
        match page {
            // SAFETY: the page was popped, and is this caller's now.
            Some(page) => Some(unsafe { self.link(page) }),
            None => self.fresh_page(),
        }
    }

    fn fresh_page(&self) -> Option<Batch> {
        loop {
            let page = self.fresh.load(Ordering::Relaxed);
            if page as usize >= MAX_CHUNKS * CHUNK_PAGES {
                return None;
            }
            if (page as usize).is_multiple_of(CHUNK_PAGES) {
                self.ensure_chunk(page as usize / CHUNK_PAGES)?;
            }
            let taken = self.fresh.compare_exchange_weak(
                page,
                page + 1,
                Ordering::Release,
                Ordering::Relaxed,
            );
            // The first page of a chunk is its header: somebody has moved past it, go on to the next.
            if taken.is_ok() && !(page as usize).is_multiple_of(CHUNK_PAGES) {
                // SAFETY: the exchange has taken the page for this caller.
                return Some(unsafe { self.link(page) });
            }
        }
    }

    /// Gives a page that the system has back to those who need one.
    #[cfg(not(loom))]
    pub(super) fn put_page(&self, page: u32) {
        self.returned.push(page, |below| {
            self.below(page)
                .store(below.unwrap_or(NO_PAGE), Ordering::Relaxed);
        });
    }

    fn below(&self, page: u32) -> &AtomicU32 {
        let chunk = self.chunk(page as usize / CHUNK_PAGES);
        let chunk = chunk.expect("a page has its number after its chunk was installed");
        &chunk.below[page as usize % CHUNK_PAGES]
    }

    /// Makes a batch of the slots on a page.
    ///
    /// # Safety
    ///
    /// The caller has taken the page, so nobody else writes to its slots.
    unsafe fn link(&self, page: u32) -> Batch {
        let first = page * BATCH as u32;
        let last = first + BATCH as u32 - 1;
        // SAFETY: the slots of a page that belongs to nobody contain zeros, as free slots do.
        let free = |index| unsafe { FreeSlot::new(self.slot(index)) };
        for index in first..=last {
            let slot = free(index);
            slot.reset();
            slot.set_next((index < last).then(|| free(index + 1)));
        }
        Batch(free(first))
    }

    fn ensure_chunk(&self, number: usize) -> Option<()> {
        if !self.chunks[number].load(Ordering::Acquire).is_null() {
            return Some(());
        }
        let chunk = Chunk::map(number as u32)?;
        let installed = self.chunks[number].compare_exchange(
            core::ptr::null_mut(),
            chunk,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if installed.is_err() {
            // SAFETY: `map` has just made it and nobody else has seen it.
            unsafe { Chunk::unmap(chunk) };
            return Some(());
        }
        #[cfg(not(loom))]
        if number == 0 {
            super::announcement::announce();
        }
        Some(())
    }

    /// Returns the chunk with this number, if it is in use.
    pub(super) fn chunk(&self, number: usize) -> Option<&'static Chunk> {
        // SAFETY: the pointer is null, or of a chunk that is installed and therefore never unmapped.
        unsafe { self.chunks.get(number)?.load(Ordering::Acquire).as_ref() }
    }

    /// Returns a slot by its index.
    ///
    /// # Panics
    ///
    /// Panics if the index is beyond the pages that were handed out.
    pub(crate) fn slot(&self, index: u32) -> &'static Slot {
        let chunk = self.chunk(index as usize / CHUNK_SLOTS);
        let chunk = chunk.expect("a page has its number after its chunk was installed");
        chunk.slot(index as usize % CHUNK_SLOTS)
    }
}

/// The chunk that `slot` lies in, and the slot's place there.
#[cfg(not(loom))]
#[inline]
pub(super) fn locate(slot: &'static Slot) -> (&'static Chunk, usize) {
    let address = core::ptr::from_ref(slot).addr();
    let chunk = core::ptr::with_exposed_provenance::<Chunk>(address & !(CHUNK_BYTES - 1));
    // SAFETY: a chunk is aligned to its size and begins with its header, which is written before
    // the chunk is installed. Chunks are exposed when they are mapped, and never unmapped once
    // installed.
    (
        unsafe { &*chunk },
        address % CHUNK_BYTES / size_of::<Slot>(),
    )
}

#[cfg(not(loom))]
pub(super) fn index_of(slot: &'static Slot) -> u32 {
    let (chunk, place) = locate(slot);
    chunk.number * CHUNK_SLOTS as u32 + place as u32
}

#[cfg(loom)]
fn index_of(slot: &'static Slot) -> u32 {
    slot.index
}

/// Size of the mapping of a chunk: the slots, and the frames, the future and the wakes of each.
#[cfg(not(loom))]
const MAPPED_BYTES: usize = CHUNK_BYTES
    + super::frames::AREA_BYTES
    + super::root_future::AREA_BYTES
    + super::wakes::AREA_BYTES;

#[cfg(not(loom))]
impl Chunk {
    fn map(number: u32) -> Option<*mut Chunk> {
        let chunk = crate::platform::memory::map(MAPPED_BYTES, CHUNK_BYTES)?.cast::<Chunk>();
        // SAFETY: the memory is ours alone, zeroed, large enough and aligned for a page; all zeros
        // is a valid header, and a valid free slot.
        unsafe { (*chunk).number = number };
        if !super::frames::Cursor::can_hold(chunk.addr() + MAPPED_BYTES) {
            // SAFETY: as above.
            unsafe { Chunk::unmap(chunk) };
            return None;
        }
        chunk.expose_provenance();
        Some(chunk)
    }

    /// # Safety
    ///
    /// `chunk` came from [`Chunk::map`] and nobody else knows of it.
    unsafe fn unmap(chunk: *mut Chunk) {
        // SAFETY: by the contract.
        unsafe { crate::platform::memory::unmap(chunk.cast(), MAPPED_BYTES, CHUNK_BYTES) };
    }

    /// Returns the slot with this number in the chunk.
    ///
    /// # Panics
    ///
    /// Panics if there is none: the first page has the header.
    #[inline]
    pub(super) fn slot(&'static self, place: usize) -> &'static Slot {
        assert!((BATCH..CHUNK_SLOTS).contains(&place));
        let address = core::ptr::from_ref(self).addr() + place * size_of::<Slot>();
        // SAFETY: the chunk has room for CHUNK_SLOTS slots and was exposed as a whole. The place is behind the header.
        // A slot consists of atomics, for which the zeros of new memory are valid.
        unsafe { &*core::ptr::with_exposed_provenance::<Slot>(address) }
    }
}

#[cfg(loom)]
impl Arena {
    pub(crate) fn new() -> Self {
        Arena {
            chunks: std::array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut())),
            fresh: AtomicU32::new(0),
            batches: Stack::new(),
            batch_count: AtomicU32::new(0),
            returned: Stack::new(),
            cutting: Cutting::new(0),
        }
    }
}

#[cfg(loom)]
impl Chunk {
    fn map(number: u32) -> Option<*mut Chunk> {
        let first = number * CHUNK_SLOTS as u32;
        let slots = (first..first + CHUNK_SLOTS as u32).map(Slot::new).collect();
        let below = std::array::from_fn(|_| AtomicU32::new(NO_PAGE));
        Some(Box::into_raw(Box::new(Chunk {
            number,
            below,
            slots,
        })))
    }

    /// # Safety
    ///
    /// `chunk` came from [`Chunk::map`] and nobody else knows of it.
    unsafe fn unmap(chunk: *mut Chunk) {
        // SAFETY: by the contract.
        drop(unsafe { Box::from_raw(chunk) });
    }

    fn slot(&'static self, place: usize) -> &'static Slot {
        let _ = self.number;
        &self.slots[place]
    }
}
