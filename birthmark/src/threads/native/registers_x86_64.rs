//! The registers of an x86-64.

use framehop::x86_64::Reg;
use framehop::UnwindRegsNative;

/// All registers, because unwind information may refer to any.
#[derive(Clone, Copy)]
pub(super) struct Registers {
    instruction: u64,
    others: [u64; TABLE.len()],
}

/// The index of each register in the kernel's context, and its name in framehop.
const TABLE: [(i32, Reg); 16] = [
    (libc::REG_RAX, Reg::RAX),
    (libc::REG_RDX, Reg::RDX),
    (libc::REG_RCX, Reg::RCX),
    (libc::REG_RBX, Reg::RBX),
    (libc::REG_RSI, Reg::RSI),
    (libc::REG_RDI, Reg::RDI),
    (libc::REG_RBP, Reg::RBP),
    (libc::REG_RSP, Reg::RSP),
    (libc::REG_R8, Reg::R8),
    (libc::REG_R9, Reg::R9),
    (libc::REG_R10, Reg::R10),
    (libc::REG_R11, Reg::R11),
    (libc::REG_R12, Reg::R12),
    (libc::REG_R13, Reg::R13),
    (libc::REG_R14, Reg::R14),
    (libc::REG_R15, Reg::R15),
];

/// Index of the stack pointer in the table.
const STACK: usize = 7;

impl Registers {
    pub(super) const NONE: Registers = Registers {
        instruction: 0,
        others: [0; TABLE.len()],
    };

    /// Returns the registers of the thread that a signal has interrupted. The handler calls it.
    pub(super) fn of(context: &libc::ucontext_t) -> Self {
        let register = |index: i32| context.uc_mcontext.gregs[index as usize] as u64;
        Registers {
            instruction: register(libc::REG_RIP),
            others: TABLE.map(|(index, _)| register(index)),
        }
    }

    pub(super) fn instruction_pointer(&self) -> u64 {
        self.instruction
    }

    pub(super) fn stack_pointer(&self) -> u64 {
        self.others[STACK]
    }

    pub(super) fn to_unwind(self) -> UnwindRegsNative {
        let mut registers = UnwindRegsNative::new(self.instruction, 0, 0);
        for ((_, register), value) in TABLE.into_iter().zip(self.others) {
            registers.set(register, value);
        }
        registers
    }
}
