//! Where slots come from and go to: chunks of memory that are mapped once and never unmapped.
//!
//! Threads take and return slots in batches of [`BATCH`], which is also a page of memory, so that a
//! thread that only spawns and a thread that only ends tasks meet once in 64 tasks, in one
//! compare-and-swap. Pages whose slots are all free are given back to the system by the clock
//! thread (`reclaim.rs`); they stay mapped and read as zeros, which is what a free slot looks like.

use super::lineage::Cutting;
use super::slot::Slot;
use super::stack::Stack;
use crate::platform::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Slots that change hands at once.
pub(crate) const BATCH: usize = if cfg!(loom) { 2 } else { 64 };
/// Pages in a chunk. The first holds the chunk's own [`Header`], the others a batch each.
pub(crate) const CHUNK_PAGES: usize = if cfg!(loom) { 4 } else { 256 };
pub(crate) const CHUNK_SLOTS: usize = CHUNK_PAGES * BATCH;
pub(crate) const CHUNK_BYTES: usize = CHUNK_SLOTS * 64;
/// 267 million live tasks; births beyond that are not recorded (and counted as such).
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
    /// An array with the frames of each slot, null until one has any.
    #[cfg(not(loom))]
    pub(super) frames: AtomicPtr<super::frames::Frames>,
    #[cfg(loom)]
    slots: Vec<Slot>,
}

/// [`BATCH`] free slots, linked through `parent`.
#[derive(Clone, Copy)]
pub(crate) struct Batch(pub(crate) &'static Slot);

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
        self.batch_count.fetch_add(1, Ordering::Relaxed);
        self.batches.push(index_of(batch.0), |below| {
            let word = below.map_or(0, |index| u64::from(index) + 1);
            batch.0.scope.word().store(word, Ordering::Relaxed);
        });
    }

    fn take_batch(&self) -> Option<Batch> {
        let top = self.batches.pop(|index| self.batch_below(index))?;
        self.batch_count.fetch_sub(1, Ordering::Relaxed);
        Some(Batch(self.unstacked(top)))
    }

    /// The first slot of a batch that is on the stack no more, again as every free slot is.
    pub(super) fn unstacked(&self, top: u32) -> &'static Slot {
        let slot = self.slot(top);
        slot.scope.set(Some(slot));
        slot
    }

    /// What stands below a batch on the stack; nonsense, but no harm, if it has just been popped.
    pub(super) fn batch_below(&self, index: u32) -> Option<u32> {
        (self.slot(index).scope.word().load(Ordering::Relaxed) as u32).checked_sub(1)
    }

    fn take_page(&self) -> Option<Batch> {
        let page = self
            .returned
            .pop(|page| match self.below(page).load(Ordering::Relaxed) {
                NO_PAGE => None,
                below => Some(below),
            });
        match page {
            Some(page) => Some(self.link(page)),
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
                return Some(self.link(page));
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
        &self.chunk(page as usize / CHUNK_PAGES).below[page as usize % CHUNK_PAGES]
    }

    fn link(&self, page: u32) -> Batch {
        let first = page * BATCH as u32;
        let last = first + BATCH as u32 - 1;
        for index in first..=last {
            let slot = self.slot(index);
            slot.refs.store(1, Ordering::Relaxed);
            slot.scope.set(Some(slot));
            slot.parent
                .set((index < last).then(|| self.slot(index + 1)));
        }
        Batch(self.slot(first))
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
        }
        Some(())
    }

    fn chunk(&self, number: usize) -> &'static Chunk {
        let chunk = self.chunks[number].load(Ordering::Acquire);
        // SAFETY: pages and slots are numbered only after `ensure_chunk` has installed their
        // chunk, and an installed chunk is never unmapped.
        unsafe { &*chunk }
    }

    pub(crate) fn slot(&self, index: u32) -> &'static Slot {
        self.chunk(index as usize / CHUNK_SLOTS)
            .slot(index as usize % CHUNK_SLOTS)
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

#[cfg(not(loom))]
impl Chunk {
    fn map(number: u32) -> Option<*mut Chunk> {
        let chunk = crate::platform::memory::map(CHUNK_BYTES)?.cast::<Chunk>();
        // SAFETY: the memory is ours alone, zeroed, large enough and aligned for a page; all zeros
        // is a valid header, and a valid free slot.
        unsafe { (*chunk).number = number };
        chunk.expose_provenance();
        Some(chunk)
    }

    /// # Safety
    ///
    /// `chunk` came from [`Chunk::map`] and nobody else knows of it.
    unsafe fn unmap(chunk: *mut Chunk) {
        // SAFETY: by the contract.
        unsafe { crate::platform::memory::unmap(chunk.cast(), CHUNK_BYTES) };
    }

    pub(super) fn slot(&'static self, place: usize) -> &'static Slot {
        debug_assert!((BATCH..CHUNK_SLOTS).contains(&place));
        let address = core::ptr::from_ref(self).addr() + place * size_of::<Slot>();
        // SAFETY: the chunk is CHUNK_SLOTS slots long, counting the header page as slots, and was
        // exposed as a whole; a slot is made of atomics only, for which the zeros of fresh memory
        // are valid.
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
