//! The owner of a sample slot: the sampler, or the thread that answers.
//!
//! One word has the thread and a state:
//!
//! | state | owner | next state |
//! | --- | --- | --- |
//! | `FREE`, `DONE` | sampler | `ASKED`, by the sampler |
//! | `ASKED` | nobody | `COPYING`, by the thread; `FREE`, by the sampler that gives up |
//! | `COPYING` | thread | `DONE`, by the thread |
//!
//! Both ways out of `ASKED` are a compare-and-swap of the same word, so one of them wins. A thread that answers late
//! finds that it was not asked. A slot in the state `COPYING` is not used for another thread.
//!
//! Under loom: `runtime-shim/loom`.

use crate::platform::sync::atomic::{AtomicU32, Ordering};

/// The system id of a thread, above a state in the two lowest bits.
pub(crate) struct SlotState(AtomicU32);

const FREE: u32 = 0;
const ASKED: u32 = 1;
const COPYING: u32 = 2;
const DONE: u32 = 3;
const STATE_MASK: u32 = 3;

impl SlotState {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        SlotState(AtomicU32::new(FREE))
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        SlotState(AtomicU32::new(FREE))
    }

    /// Returns the word, on which the sampler waits.
    pub(crate) fn word(&self) -> &AtomicU32 {
        &self.0
    }
}

/// Calls of the sampler. There is one at a time.
impl SlotState {
    /// Asks a thread. Returns `false` if another one is copying.
    pub(crate) fn ask(&self, thread: u32) -> bool {
        // Acquires the writes of an earlier thread, so that they come before those of this one.
        let state = self.0.load(Ordering::Acquire) & STATE_MASK;
        let is_ours = matches!(state, FREE | DONE);
        if is_ours {
            self.0.store(with(thread, ASKED), Ordering::Release);
        }
        is_ours
    }

    /// Returns `true` if the thread has answered. The sampler owns the slot from then on until it asks again.
    pub(crate) fn has_answered(&self, thread: u32) -> bool {
        self.0.load(Ordering::Acquire) == with(thread, DONE)
    }

    /// Withdraws the request. Returns `true` if the thread has not begun to answer, and never will.
    pub(crate) fn take_back(&self, thread: u32) -> bool {
        self.change(with(thread, ASKED), FREE)
    }
}

/// Calls of the thread that answers.
impl SlotState {
    /// Returns `true` if the thread was asked. It owns the slot from then on until it finishes.
    pub(crate) fn begin(&self, thread: u32) -> bool {
        self.change(with(thread, ASKED), with(thread, COPYING))
    }

    /// Returns the slot to the sampler.
    pub(crate) fn finish(&self, thread: u32) {
        self.0.store(with(thread, DONE), Ordering::Release);
    }
}

impl SlotState {
    fn change(&self, from: u32, to: u32) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }
}

/// Ids of threads have at most 22 bits on Linux.
fn with(thread: u32, state: u32) -> u32 {
    thread << 2 | state
}
