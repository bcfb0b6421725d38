//! Gives memory back to the system that free slots occupy.

use std::iter::successors;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::arena::{index_of, Arena, Batch, BATCH, CHUNK_PAGES};
use super::globals::ARENA;
use super::slot::{FreeSlot, Slot};
use super::thread_cache::ThreadCache;
use crate::platform::memory;

/// Free batches (of 4 KiB) below which nothing is done: 1 MiB.
const SPARE_BATCHES: u32 = 256;
/// Ticks for which there must have been more than that: one second.
const PATIENCE: u32 = 10;

/// Shows its argument the store of the calling thread.
type WithCache = fn(&dyn Fn(&ThreadCache));

/// Called by the clock's thread at every tick.
pub(crate) fn tick(with_cache: WithCache) {
    static PATIENT: AtomicU32 = AtomicU32::new(0);
    if !memory::RELEASES || ARENA.batch_count.load(Ordering::Relaxed) <= SPARE_BATCHES {
        PATIENT.store(0, Ordering::Relaxed);
    } else if PATIENT.fetch_add(1, Ordering::Relaxed) == PATIENCE {
        PATIENT.store(0, Ordering::Relaxed);
        reclaim(&ARENA, with_cache);
    }
}

/// Takes all free batches, gives those pages back that are free as a whole, and regroups the rest.
///
/// Threads that need slots meanwhile take fresh pages: nobody waits.
fn reclaim(arena: &Arena, with_cache: WithCache) {
    let batches = take_all(arena);
    let slots = || batches.iter().flat_map(|&Batch(first)| slots_of(first));
    let page_of = |slot: FreeSlot| index_of(slot.slot()) as usize / BATCH;
    let mut free_on_page = vec![0_u8; arena.fresh.load(Ordering::Acquire) as usize];
    slots().for_each(|slot| free_on_page[page_of(slot)] += 1);
    let is_whole = |page: usize| usize::from(free_on_page[page]) == BATCH;
    let rest: Vec<FreeSlot> = slots().filter(|&slot| !is_whole(page_of(slot))).collect();
    put_back(arena, rest, with_cache);
    for run in runs((0..free_on_page.len()).filter(|&page| is_whole(page))) {
        let first = arena.slot((run.start * BATCH) as u32);
        let start = std::ptr::from_ref(first).cast_mut();
        // SAFETY: the pages are in a row, and all of their slots are free and this thread's. So nobody writes to them.
        // The zeros that the kernel puts there are free slots to readers.
        unsafe {
            super::frames::release(first, run.len());
            super::root_future::release(first, run.len());
            super::wakes::release(first, run.len());
            memory::release(start.cast(), run.len() * BATCH * size_of::<Slot>());
        }
        run.for_each(|page| arena.put_page(page as u32));
    }
}

/// Pages in a row, none of them across the border between two chunks.
fn runs(pages: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    pages.for_each(|page| match runs.last_mut() {
        Some(run) if run.end == page && !page.is_multiple_of(CHUNK_PAGES) => run.end += 1,
        _ => runs.push(page..page + 1),
    });
    runs
}

/// Takes all free batches.
fn take_all(arena: &Arena) -> Vec<Batch> {
    let first = arena.batches.take_all();
    let indices: Vec<u32> = successors(first, |&first| arena.batch_below(first)).collect();
    arena
        .batch_count
        .fetch_sub(indices.len() as u32, Ordering::Relaxed);
    // SAFETY: all of them were taken off the stack above.
    let first = |index| unsafe { arena.unstacked(index) };
    indices
        .into_iter()
        .map(|index| Batch(first(index)))
        .collect()
}

fn slots_of(first: FreeSlot) -> impl Iterator<Item = FreeSlot> {
    successors(Some(first), |slot| slot.next())
}

/// Groups slots into batches, in the order of their addresses. This thread keeps those that do not fill one.
fn put_back(arena: &Arena, mut slots: Vec<FreeSlot>, with_cache: WithCache) {
    slots.sort_unstable_by_key(|slot| index_of(slot.slot()));
    let batches = slots.chunks_exact(BATCH);
    let keep = batches.remainder();
    with_cache(&|cache| keep.iter().for_each(|&slot| cache.free(arena, slot)));
    for batch in batches {
        for pair in batch.windows(2) {
            pair[0].set_next(Some(pair[1]));
        }
        batch[BATCH - 1].set_next(None);
        arena.put(Batch(batch[0]));
    }
}
