//! Slots for copies of stacks. They are never freed, so a thread that answers late writes to valid memory.

use core::cell::UnsafeCell;

use super::registers::Registers;
use super::slot_state::SlotState;

/// Number of bytes that are copied of a stack.
pub(super) const STACK_BYTES: usize = 128 * 1024;

/// The answer of a thread: its registers, and its stack from the stack pointer on.
pub(super) struct Sample {
    pub(super) registers: Registers,
    pub(super) len: usize,
    pub(super) bytes: [u8; STACK_BYTES],
}

impl Sample {
    /// Returns the word of the stack at this address.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        let stack = self.bytes.get(..self.len)?;
        let start = usize::try_from(address.checked_sub(self.registers.stack_pointer())?).ok()?;
        let word = stack.get(start..)?.first_chunk()?;
        Some(u64::from_ne_bytes(*word))
    }
}

pub(super) struct SampleSlot {
    pub(super) state: SlotState,
    sample: UnsafeCell<Sample>,
}

// SAFETY: `sample` is touched only by `answer` between `begin` and `finish`, and by `read` after
// `has_answered` and before the next `ask`. By the protocol of `SlotState` these exclude each other, and each
// happens before the next.
unsafe impl Sync for SampleSlot {}

/// The slots. One is used at a time. Another one is needed if a thread was stopped in the middle of its answer.
static SLOTS: [SampleSlot; 4] = [const { SampleSlot::new() }; 4];

impl SampleSlot {
    const fn new() -> Self {
        SampleSlot {
            state: SlotState::new(),
            sample: UnsafeCell::new(Sample {
                registers: Registers::NONE,
                len: 0,
                bytes: [0; STACK_BYTES],
            }),
        }
    }

    /// Asks a thread to answer into the first free slot.
    pub(super) fn ask(thread: u32) -> Option<&'static SampleSlot> {
        SLOTS.iter().find(|slot| slot.state.ask(thread))
    }

    /// Returns the slot into which this thread is to [`answer`](SampleSlot::answer), if it was asked.
    pub(super) fn of(thread: u32) -> Option<&'static SampleSlot> {
        SLOTS.iter().find(|slot| slot.state.begin(thread))
    }

    /// Answers with the sample that `write` fills in.
    ///
    /// # Safety
    ///
    /// The calling thread got the slot from [`SampleSlot::of`], and calls this once.
    pub(super) unsafe fn answer(&self, thread: u32, write: impl FnOnce(&mut Sample)) {
        // SAFETY: by the contract `begin` has returned true, and `finish` comes only now.
        write(unsafe { &mut *self.sample.get() });
        self.state.finish(thread);
    }

    /// Reads the answer of a thread, if it has answered.
    ///
    /// # Safety
    ///
    /// The caller is the one sampler of the process, and asks no thread before this returns.
    pub(super) unsafe fn read<R>(&self, thread: u32, read: impl FnOnce(&Sample) -> R) -> Option<R> {
        if !self.state.has_answered(thread) {
            return None;
        }
        // SAFETY: the thread has answered, so it no longer writes. By the contract, no thread is asked to use this slot
        // before this returns.
        Some(read(unsafe { &*self.sample.get() }))
    }
}
