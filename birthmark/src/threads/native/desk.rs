//! Where threads leave copies of their stacks. Never freed, so that a thread that comes late does no harm.

use core::cell::UnsafeCell;

use super::registers::Registers;
use super::turn::Turn;

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

pub(super) struct Desk {
    pub(super) turn: Turn,
    sample: UnsafeCell<Sample>,
}

// SAFETY: `sample` is touched only by `answer` between `begin` and `finish`, and by `read` after
// `has_answered` and before the next `ask`. By the protocol of `Turn` these exclude each other, and each
// happens before the next.
unsafe impl Sync for Desk {}

/// One is used at a time. The others are for when a thread is stopped in the middle of its answer.
static DESKS: [Desk; 4] = [const { Desk::new() }; 4];

impl Desk {
    const fn new() -> Self {
        Desk {
            turn: Turn::new(),
            sample: UnsafeCell::new(Sample {
                registers: Registers::NONE,
                len: 0,
                bytes: [0; STACK_BYTES],
            }),
        }
    }

    /// Asks a thread at the first desk that is free.
    pub(super) fn ask(thread: u32) -> Option<&'static Desk> {
        DESKS.iter().find(|desk| desk.turn.ask(thread))
    }

    /// The desk at which this thread was asked, if it was. Then it may [`answer`](Desk::answer).
    pub(super) fn of(thread: u32) -> Option<&'static Desk> {
        DESKS.iter().find(|desk| desk.turn.begin(thread))
    }

    /// Answers.
    ///
    /// # Safety
    ///
    /// The calling thread got the desk from [`Desk::of`], and calls this once.
    pub(super) unsafe fn answer(&self, thread: u32, write: impl FnOnce(&mut Sample)) {
        // SAFETY: by the contract `begin` has returned true, and `finish` comes only now.
        write(unsafe { &mut *self.sample.get() });
        self.turn.finish(thread);
    }

    /// What a thread has answered, if it has by now. For the one who asked.
    pub(super) fn read<R>(&self, thread: u32, read: impl FnOnce(&Sample) -> R) -> Option<R> {
        if !self.turn.has_answered(thread) {
            return None;
        }
        // SAFETY: it has answered, and nobody is asked at this desk before this returns: there is one who
        // asks at a time, and this is called by it.
        Some(read(unsafe { &*self.sample.get() }))
    }
}
