//! Native stacks of the threads of a target.
//!
//! 1. [`asleep`] reads the registers of a thread that sleeps in a system call out of procfs. The thread is not touched.
//!    Procfs does not have all registers, so a stack may end early.
//! 2. [`stopped`] stops any other thread for as long as its registers and the top of its stack are copied. A thread in a
//!    system call that an interruption would end with an error is not stopped.
//! 3. [`walk`] walks the copy, by the unwind information that [`modules`] has copied before.
//! 4. [`symbols`] are looked up after all threads were read.
//!
//! A core file has the registers of all threads.

mod asleep;
mod modules;
#[cfg_attr(target_arch = "x86_64", path = "registers_x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "registers_aarch64.rs")]
mod registers;
mod sample;
mod stopped;
mod symbols;
mod walk;

use std::time::{Duration, Instant};

use birthmark_dump::{NativeStack, StackError, SystemCall};
use birthmark_stacks::{CoreThread, DebugInfo};

use crate::memory::Memory;
use registers::Registers;
use stopped::Tracer;
use walk::{Walk, Walker};

/// Maximum time for one thread to stop.
const THREAD_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum time for all threads together. After that, each has [`MIN_TIMEOUT`].
const TOTAL_TIMEOUT: Duration = Duration::from_secs(4);
const MIN_TIMEOUT: Duration = Duration::from_millis(5);

/// Takes the stacks of threads of a running process, in order. `modules` are addresses at which files begin, and `threads`
/// the system ids for the reader.
pub(crate) fn of_process(
    process: u32,
    memory: &Memory,
    modules: impl Iterator<Item = u64>,
    threads: &[u64],
) -> Walks {
    let mut walker = Walker::new(memory, modules);
    let walk_all = |tracer: &Tracer| {
        let start = Instant::now();
        let mut walk = |thread: &u64| {
            let rest = TOTAL_TIMEOUT.saturating_sub(start.elapsed());
            let timeout = rest.clamp(MIN_TIMEOUT, THREAD_TIMEOUT);
            walk_one(process, *thread, tracer, &mut walker, timeout)
        };
        threads.iter().map(&mut walk).collect()
    };
    let walks = Tracer::run(walk_all);
    Walks(walks.unwrap_or_else(|| vec![Err(StackError::Refused); threads.len()]))
}

fn walk_one(
    process: u32,
    thread: u64,
    tracer: &Tracer,
    walker: &mut Walker,
    timeout: Duration,
) -> Result<Walk, StackError> {
    let thread = libc::pid_t::try_from(thread).map_err(|_| StackError::NoAnswer)?;
    let asleep = asleep::read(process, thread);
    let still = asleep.as_ref().map(|asleep| walker.walk(&asleep.sample));
    match (asleep, still) {
        (Some(asleep), Some(walk)) if walk.complete || !asleep.may_be_interrupted => Ok(walk),
        _ => Ok(walker.walk(&tracer.sample(process, thread, timeout)?)),
    }
}

/// Takes the stacks of the threads of a core file.
pub(crate) fn of_core_file(
    memory: &Memory,
    modules: impl Iterator<Item = u64>,
    threads: &[&CoreThread],
) -> Walks {
    let mut walker = Walker::new(memory, modules);
    let mut walk = |thread: &&CoreThread| {
        let registers = Registers::of_words(&thread.registers).ok_or(StackError::NoRegisters)?;
        Ok(walker.walk_in(registers, &mut |address| memory.word(address).ok_or(())))
    };
    Walks(threads.iter().map(&mut walk).collect())
}

/// Returns the system call in which a thread of a core file was.
pub(crate) fn system_call(thread: &CoreThread) -> Option<SystemCall> {
    let (number, first) = Registers::of_words(&thread.registers)?.call()?;
    Some(SystemCall::new(number, Some(&format!("{first:#x}"))))
}

/// The addresses of the frames of threads.
pub(crate) struct Walks(Vec<Result<Walk, StackError>>);

impl Walks {
    /// Looks up the functions.
    pub(crate) fn stacks(self, info: Option<&DebugInfo>) -> Vec<Result<NativeStack, StackError>> {
        symbols::stacks(self.0, info)
    }
}
