//! A lock-free stack of numbers (Treiber's), whose links are kept by whom the numbers stand for.
//!
//! The head carries a tag that changes with each push and pop, so that a pop that was overtaken
//! fails instead of installing a stale link.

use crate::platform::sync::atomic::{AtomicU64, Ordering};

const EMPTY: u64 = 0;
const TAG: u64 = 1 << 32;

pub(crate) struct Stack {
    /// The tag above, the number plus one below.
    head: AtomicU64,
}

impl Stack {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Stack {
            head: AtomicU64::new(EMPTY),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Stack {
            head: AtomicU64::new(EMPTY),
        }
    }

    /// Pushes `number`; `link` stores what stands below it.
    pub(crate) fn push(&self, number: u32, mut link: impl FnMut(Option<u32>)) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            link(number_of(head));
            let new = next_tag(head) | (u64::from(number) + 1);
            match self
                .head
                .compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Pops a number; `link` says what stands below it, and may answer nonsense for a number that
    /// somebody else pops at the same time.
    pub(crate) fn pop(&self, link: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let number = number_of(head)?;
            let below = link(number).map_or(EMPTY, |below| u64::from(below) + 1);
            let new = next_tag(head) | below;
            match self
                .head
                .compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) => return Some(number),
                Err(now) => head = now,
            }
        }
    }

    /// Takes all at once: the topmost number, from which the links lead on.
    #[cfg(not(loom))]
    pub(crate) fn take_all(&self) -> Option<u32> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            let new = next_tag(head);
            match self
                .head
                .compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return number_of(head),
                Err(now) => head = now,
            }
        }
    }
}

fn number_of(head: u64) -> Option<u32> {
    ((head & (TAG - 1)) as u32).checked_sub(1)
}

fn next_tag(head: u64) -> u64 {
    (head & !(TAG - 1)).wrapping_add(TAG)
}
