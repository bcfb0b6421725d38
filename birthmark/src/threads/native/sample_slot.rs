//! Where threads leave copies of their stacks. Never freed, so that a thread that comes late does no harm.

use core::cell::UnsafeCell;

use super::registers::Registers;
use super::slot_state::SlotState;

/// How much of a stack is copied.
pub(super) const STACK_BYTES: usize = 128 * 1024;

/// What a thread leaves: its registers, and its stack from the stack pointer on.
pub(super) struct Sample {
    pub(super) registers: Registers,
    pub(super) len: usize,
    pub(super) bytes: [u8; STACK_BYTES],
}

impl Sample {
    /// The word of the stack at this address.
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

/// One is used at a time. The others are for when a thread is stopped in the middle of its answer.
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

    /// Asks a thread at the first slot that is free.
    pub(super) fn ask(thread: u32) -> Option<&'static SampleSlot> {
        SLOTS.iter().find(|slot| slot.state.ask(thread))
    }

    /// The slot at which this thread was asked, if it was. Then it may [`answer`](SampleSlot::answer).
    pub(super) fn of(thread: u32) -> Option<&'static SampleSlot> {
        SLOTS.iter().find(|slot| slot.state.begin(thread))
    }

    /// Answers.
    ///
    /// # Safety
    ///
    /// The calling thread got the slot from [`SampleSlot::of`], and calls this once.
    pub(super) unsafe fn answer(&self, thread: u32, write: impl FnOnce(&mut Sample)) {
        // SAFETY: by the contract `begin` has returned true, and `finish` comes only now.
        write(unsafe { &mut *self.sample.get() });
        self.state.finish(thread);
    }

    /// What a thread has answered, if it has by now. For the one who asked.
    pub(super) fn read<R>(&self, thread: u32, read: impl FnOnce(&Sample) -> R) -> Option<R> {
        if !self.state.has_answered(thread) {
            return None;
        }
        // SAFETY: it has answered, and nobody is asked at this slot before this returns: there is one who
        // asks at a time, and this is called by it.
        Some(read(unsafe { &*self.sample.get() }))
    }
}
