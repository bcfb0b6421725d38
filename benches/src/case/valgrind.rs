//! Asks callgrind to count from here to there only.
//!
//! A process does much before `main` that is not ours: fastrace's clock alone calibrates itself for
//! as long as it takes, which would drown a difference of ten instructions.

/// Does `work`, whose instructions are counted if callgrind was started with `--instr-atstart=no`. With
/// `--collect-atstart=no`, only those of this thread are.
pub(super) fn counted(of_one_thread: bool, work: impl FnOnce()) {
    request(START_INSTRUMENTATION);
    if of_one_thread {
        request(TOGGLE_COLLECT);
    }
    work();
    request(STOP_INSTRUMENTATION);
}

/// `VG_USERREQ_TOOL_BASE('C', 'T')` and what `callgrind.h` counts up from it.
const CALLGRIND: u64 = (b'C' as u64) << 24 | (b'T' as u64) << 16;
const TOGGLE_COLLECT: u64 = CALLGRIND + 2;
const START_INSTRUMENTATION: u64 = CALLGRIND + 4;
const STOP_INSTRUMENTATION: u64 = CALLGRIND + 5;

/// The instructions by which `valgrind.h` makes itself known; anywhere else they do nothing.
#[cfg(target_arch = "x86_64")]
fn request(number: u64) {
    let arguments = [number, 0, 0, 0, 0, 0];
    // SAFETY: the rotations of `rdi` add up to 128 bits, and the exchange is of a register with
    // itself. Valgrind reads `arguments`, and writes its answer to `rdx`.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &raw const arguments,
            inout("rdx") 0_u64 => _,
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: u64) {
    panic!("instructions are counted on x86_64 only");
}
