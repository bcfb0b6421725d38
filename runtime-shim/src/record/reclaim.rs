//! Gives memory back to the system that free slots occupy.

use std::iter::successors;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use super::arena::{Arena, Batch, BATCH, CHUNK_PAGES};
use super::root::ARENA;
use super::slot::Slot;
use super::store::Store;
use crate::platform::memory;

/// Free batches (of 4 KiB) below which nothing is done: 1 MiB.
const SPARE_BATCHES: u32 = 256;
/// Ticks for which there must have been more than that: one second.
const PATIENCE: u32 = 10;

/// Shows its argument the store of the calling thread.
type WithStore = fn(&dyn Fn(&Store));

/// Called by the clock's thread at every tick.
pub(crate) fn tick(with_store: WithStore) {
    static PATIENT: AtomicU32 = AtomicU32::new(0);
    if !memory::RELEASES || ARENA.batch_count.load(Ordering::Relaxed) <= SPARE_BATCHES {
        PATIENT.store(0, Ordering::Relaxed);
    } else if PATIENT.fetch_add(1, Ordering::Relaxed) == PATIENCE {
        PATIENT.store(0, Ordering::Relaxed);
        reclaim(&ARENA, with_store);
    }
}

/// Takes all free batches, gives those pages back that are free as a whole, and regroups the rest.
///
/// Whoever needs slots meanwhile takes fresh pages: nobody waits.
fn reclaim(arena: &Arena, with_store: WithStore) {
    let batches = take_all(arena);
    let slots = || batches.iter().flat_map(|&first| slots_of(arena, first));
    let mut free_on_page = vec![0_u8; arena.fresh.load(Ordering::Acquire) as usize];
    slots().for_each(|slot| free_on_page[slot as usize / BATCH] += 1);
    let is_whole = |page: usize| usize::from(free_on_page[page]) == BATCH;
    let rest: Vec<u32> = slots()
        .filter(|&slot| !is_whole(slot as usize / BATCH))
        .collect();
    put_back(arena, rest, with_store);
    for run in runs((0..free_on_page.len()).filter(|&page| is_whole(page))) {
        let first = arena.slot((run.start * BATCH) as u32);
        let start = std::ptr::from_ref(first).cast_mut();
        // SAFETY: pages of slots in a row, all of them free and taken by us: nobody writes to them, and
        // to readers the zeros that the kernel puts there are free slots.
        unsafe {
            super::frames::release(first, run.len());
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

/// The first slots of all free batches, which are now ours.
fn take_all(arena: &Arena) -> Vec<u32> {
    let first = arena.batches.take_all();
    let batches: Vec<u32> = successors(first, |&first| arena.batch_below(first)).collect();
    arena
        .batch_count
        .fetch_sub(batches.len() as u32, Ordering::Relaxed);
    for &first in &batches {
        arena.unstacked(first);
    }
    batches
}

/// The indices of the slots of a batch.
fn slots_of(arena: &Arena, first: u32) -> impl Iterator<Item = u32> {
    successors(Some(arena.slot(first)), |slot| slot.parent.get()).map(super::arena::index_of)
}

/// Groups slots into batches, in the order of their addresses. Those that do not fill one stay with
/// this thread.
fn put_back(arena: &Arena, mut slots: Vec<u32>, with_store: WithStore) {
    slots.sort_unstable();
    let batches = slots.chunks_exact(BATCH);
    let keep = batches.remainder();
    with_store(&|store| {
        keep.iter()
            .for_each(|&index| store.free(arena, arena.slot(index)));
    });
    for batch in batches {
        for pair in batch.windows(2) {
            arena.slot(pair[0]).parent.set(Some(arena.slot(pair[1])));
        }
        arena.slot(batch[BATCH - 1]).parent.set(None);
        arena.put(Batch(arena.slot(batch[0])));
    }
}
