//! The registers of an AArch64.

use framehop::UnwindRegsNative;
use framehop::aarch64::PtrAuthMask;

/// The general registers, in the order of `user_pt_regs`.
#[derive(Clone, Copy)]
pub(super) struct Registers([u64; Registers::WORDS]);

const FRAME: usize = 29;
const LINK: usize = 30;
const STACK: usize = 31;
const INSTRUCTION: usize = 32;

impl Registers {
    pub(super) const WORDS: usize = 34;

    pub(super) fn of_words(words: &[u64]) -> Option<Self> {
        words.try_into().ok().map(Registers)
    }

    /// Returns the registers of a thread of which the two pointers are known. No address is read by another one.
    pub(super) fn at_call(stack: u64, instruction: u64) -> Self {
        let mut words = [0; Self::WORDS];
        // Zero would be the end of a stack.
        (words[FRAME], words[LINK]) = (1, 1);
        (words[STACK], words[INSTRUCTION]) = (stack, instruction);
        Registers(words)
    }

    pub(super) fn instruction_pointer(&self) -> u64 {
        self.0[INSTRUCTION]
    }

    pub(super) fn stack_pointer(&self) -> u64 {
        self.0[STACK]
    }

    /// The registers do not tell whether the thread is in a system call.
    pub(super) fn call(&self) -> Option<(i64, u64)> {
        None
    }

    pub(super) fn to_unwind(self) -> UnwindRegsNative {
        // Distributions sign return addresses, in the bits that addresses of programs do not have.
        let mask = PtrAuthMask::from_max_known_address((1 << 48) - 1);
        UnwindRegsNative::new_with_ptr_auth_mask(mask, self.0[LINK], self.0[STACK], self.0[FRAME])
    }
}
