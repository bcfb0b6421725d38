//! Slots that are reused and never freed, so that a dump may read all of them at any time without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Slots in the first chunk. Each further chunk is twice as large as the one before.
const FIRST: u32 = 64;
const CHUNKS: usize = 24;

/// A number that stands for no slot.
const NONE: u32 = 0;

/// Slots that are numbered from 1. A slot is free, or one owner has its number.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    /// The number of the first free slot, and above it a count of changes. The count distinguishes a slot that was
    /// taken and freed meanwhile.
    free: AtomicU64,
    /// The number of slots that were ever taken.
    used: AtomicU32,
}

#[derive(Debug, Default)]
struct Slot<T> {
    value: T,
    /// The number of the next free slot.
    next: AtomicU32,
}

impl<T: Default> Slots<T> {
    pub(crate) const fn new() -> Self {
        Slots {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: AtomicU64::new(0),
            used: AtomicU32::new(0),
        }
    }

    /// Takes a free slot, which the caller owns from then on. Returns `None` if there are a thousand million already.
    pub(crate) fn take(&'static self) -> Option<(u32, &'static T)> {
        let number = self.pop().or_else(|| self.add())?;
        Some((number, &self.slot(number)?.value))
    }

    /// Frees a slot that the caller owns.
    pub(crate) fn put(&'static self, number: u32) {
        let Some(slot) = self.slot(number) else {
            return;
        };
        let push = |free: u64| {
            slot.next.store(free as u32, Ordering::Relaxed);
            Some(changed(free, number))
        };
        let _ = self
            .free
            .fetch_update(Ordering::Release, Ordering::Relaxed, push);
    }

    /// Returns all slots that were ever taken.
    pub(crate) fn all(&'static self) -> impl Iterator<Item = &'static T> {
        let used = self.used.load(Ordering::Acquire);
        (1..=used).filter_map(|number| Some(&self.slot(number)?.value))
    }

    fn pop(&'static self) -> Option<u32> {
        let pop = |free: u64| {
            let next = self.slot(free as u32)?.next.load(Ordering::Relaxed);
            Some(changed(free, next))
        };
        let popped = self
            .free
            .fetch_update(Ordering::Acquire, Ordering::Acquire, pop);
        popped.ok().map(|free| free as u32)
    }

    fn add(&'static self) -> Option<u32> {
        let more = |used: u32| (place(used + 1).0 < CHUNKS).then_some(used + 1);
        let used = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        let number = used.ok()? + 1;
        let (chunk, _) = place(number);
        self.chunks[chunk].get_or_init(|| {
            let slots = (0..FIRST << chunk).map(|_| Slot::default());
            slots.collect()
        });
        Some(number)
    }

    /// Returns `None` for no slot, and if its chunk is being allocated.
    fn slot(&'static self, number: u32) -> Option<&'static Slot<T>> {
        if number == NONE {
            return None;
        }
        let (chunk, index) = place(number);
        self.chunks.get(chunk)?.get()?.get(index)
    }
}

/// Returns the chunk of a slot, and its index there.
fn place(number: u32) -> (usize, usize) {
    let shifted = u64::from(number - 1) + u64::from(FIRST);
    let chunk = shifted.ilog2() - FIRST.ilog2();
    let first = u64::from(FIRST) << chunk;
    (chunk as usize, (shifted - first) as usize)
}

/// Returns the word after a change of `free`.
fn changed(free: u64, first: u32) -> u64 {
    let count = (free >> 32).wrapping_add(1);
    count << 32 | u64::from(first)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Slots, place};

    #[test]
    fn each_number_has_a_place_of_its_own() {
        let places: HashSet<_> = (1..10_000).map(place).collect();
        assert_eq!(places.len(), 9_999);
        assert_eq!((place(1), place(64), place(65)), ((0, 0), (0, 63), (1, 0)));
    }

    #[test]
    fn slot_has_one_owner_at_a_time() {
        static SLOTS: Slots<AtomicU64> = Slots::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let (number, owners) = SLOTS.take().expect("there are slots");
                        assert_eq!(owners.fetch_add(1, Ordering::Relaxed), 0);
                        owners.fetch_sub(1, Ordering::Relaxed);
                        SLOTS.put(number);
                    }
                });
            }
        });
        assert!(SLOTS.all().count() <= 4);
    }
}
