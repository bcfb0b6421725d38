//! Whose turn it is at a slot: the one who asks, or the thread that answers.
//!
//! A word says for which thread a slot is, and how far it is with it. The one who asks makes `FREE` or `DONE`
//! into `ASKED`, and only the thread that was asked makes that into `COPYING` and then `DONE`. If it does not
//! begin in time, the one who asks makes it `FREE` again; both of that are a compare-and-swap from the same
//! word, so that one of them wins. So a thread that answers late finds that nobody asks it, and a slot at
//! which one is copying is not used for others until it is done.
//!
//! Under loom: `runtime-shim/loom`.

use crate::platform::sync::atomic::{AtomicU32, Ordering};

/// The system's id of a thread above a state in the two lowest bits.
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

    /// The word itself, to wait until it changes.
    pub(crate) fn word(&self) -> &AtomicU32 {
        &self.0
    }
}

/// The one who asks. There is one at a time.
impl SlotState {
    /// Asks a thread, unless another one is copying.
    pub(crate) fn ask(&self, thread: u32) -> bool {
        // What an earlier thread has written there comes before what this one writes.
        let state = self.0.load(Ordering::Acquire) & STATE_MASK;
        let is_ours = matches!(state, FREE | DONE);
        if is_ours {
            self.0.store(with(thread, ASKED), Ordering::Release);
        }
        is_ours
    }

    /// Whether it has answered. Then the slot is the sampler's until it asks again.
    pub(crate) fn has_answered(&self, thread: u32) -> bool {
        self.0.load(Ordering::Acquire) == with(thread, DONE)
    }

    /// Takes the question back. Returns whether the thread has not begun to answer, and never will.
    pub(crate) fn take_back(&self, thread: u32) -> bool {
        self.change(with(thread, ASKED), FREE)
    }
}

/// The thread that answers.
impl SlotState {
    /// Whether it was asked. Then the slot is this thread's until it has finished.
    pub(crate) fn begin(&self, thread: u32) -> bool {
        self.change(with(thread, ASKED), with(thread, COPYING))
    }

    /// Gives the slot back.
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
