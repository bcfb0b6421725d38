//! The registers of an x86-64.

use framehop::UnwindRegsNative;
use framehop::x86_64::Reg;

/// The general registers, in the order of `user_regs_struct`.
#[derive(Clone, Copy)]
pub(super) struct Registers([u64; Registers::WORDS]);

/// The index of each register, and its name in framehop.
const TABLE: [(usize, Reg); 16] = [
    (0, Reg::R15),
    (1, Reg::R14),
    (2, Reg::R13),
    (3, Reg::R12),
    (4, Reg::RBP),
    (5, Reg::RBX),
    (6, Reg::R11),
    (7, Reg::R10),
    (8, Reg::R9),
    (9, Reg::R8),
    (10, Reg::RAX),
    (11, Reg::RCX),
    (12, Reg::RDX),
    (13, Reg::RSI),
    (14, Reg::RDI),
    (STACK, Reg::RSP),
];

const FRAME: usize = 4;
const FIRST_ARGUMENT: usize = 14;
/// Number of the system call, or -1.
const CALL: usize = 15;
const INSTRUCTION: usize = 16;
const STACK: usize = 19;

impl Registers {
    pub(super) const WORDS: usize = 27;

    pub(super) fn of_words(words: &[u64]) -> Option<Self> {
        words.try_into().ok().map(Registers)
    }

    /// Returns the registers of a thread of which the two pointers are known. No address is read by another one.
    pub(super) fn at_call(stack: u64, instruction: u64) -> Self {
        let mut words = [0; Self::WORDS];
        // Zero would be the end of a stack.
        words[FRAME] = 1;
        (words[STACK], words[INSTRUCTION]) = (stack, instruction);
        Registers(words)
    }

    pub(super) fn instruction_pointer(&self) -> u64 {
        self.0[INSTRUCTION]
    }

    pub(super) fn stack_pointer(&self) -> u64 {
        self.0[STACK]
    }

    /// Returns the number of the system call that the thread is in, and its first argument.
    pub(super) fn call(&self) -> Option<(i64, u64)> {
        let number = i64::from_ne_bytes(self.0[CALL].to_ne_bytes());
        (number >= 0).then_some((number, self.0[FIRST_ARGUMENT]))
    }

    pub(super) fn to_unwind(self) -> UnwindRegsNative {
        let mut registers = UnwindRegsNative::new(self.instruction_pointer(), 0, 0);
        for (index, register) in TABLE {
            registers.set(register, self.0[index]);
        }
        registers
    }
}
