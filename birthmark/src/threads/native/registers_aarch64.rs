//! The registers of an AArch64.

use framehop::aarch64::PtrAuthMask;
use framehop::UnwindRegsNative;

/// The registers that unwinding needs.
#[derive(Clone, Copy)]
pub(super) struct Registers {
    instruction: u64,
    link: u64,
    frame: u64,
    stack: u64,
}

impl Registers {
    pub(super) const NONE: Registers = Registers {
        instruction: 0,
        link: 0,
        frame: 0,
        stack: 0,
    };

    /// Returns the registers of the thread that a signal has interrupted. The handler calls it.
    pub(super) fn of(context: &libc::ucontext_t) -> Self {
        let machine = &context.uc_mcontext;
        Registers {
            instruction: machine.pc,
            link: machine.regs[30],
            frame: machine.regs[29],
            stack: machine.sp,
        }
    }

    pub(super) fn instruction_pointer(&self) -> u64 {
        self.instruction
    }

    pub(super) fn stack_pointer(&self) -> u64 {
        self.stack
    }

    pub(super) fn to_unwind(self) -> UnwindRegsNative {
        // Distributions sign return addresses, in the bits that addresses of programs do not have.
        let mask = PtrAuthMask::from_max_known_address((1 << 48) - 1);
        UnwindRegsNative::new_with_ptr_auth_mask(mask, self.link, self.stack, self.frame)
    }
}
