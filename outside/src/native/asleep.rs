//! Threads that sleep in a system call.
//!
//! Procfs has the stack pointer and the instruction pointer of such a thread. The stack is that of one moment if the thread
//! has not run meanwhile: the kernel counts each time that a thread gives its processor up.

use std::fs;

use super::registers::Registers;
use super::sample::Sample;

/// A thread that slept while its stack was copied.
pub(super) struct Asleep {
    pub(super) sample: Sample,
    /// `true` if the system call goes on after the thread was stopped.
    pub(super) may_be_interrupted: bool,
}

/// Copies the stack of a thread that sleeps. Returns `None` if the thread runs or the system does not tell.
pub(super) fn read(process: u32, thread: libc::pid_t) -> Option<Asleep> {
    let folder = format!("/proc/{process}/task/{thread}");
    let now = || {
        let line = fs::read_to_string(format!("{folder}/syscall")).ok()?;
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        let is_count = |line: &&str| line.contains("ctxt_switches:");
        let counts: Vec<String> = status.lines().filter(is_count).map(str::to_owned).collect();
        Some((line, counts))
    };
    let before = now()?;
    let call = Call::parse(&before.0)?;
    let registers = Registers::at_call(call.stack_pointer, call.instruction_pointer);
    let sample = Sample::copy(process, registers);
    let may_be_interrupted = call.may_be_interrupted();
    (now()? == before).then_some(Asleep {
        sample,
        may_be_interrupted,
    })
}

/// A line of procfs: `number arguments… stack-pointer instruction-pointer`.
struct Call {
    number: i64,
    stack_pointer: u64,
    instruction_pointer: u64,
}

impl Call {
    /// Parses a line. Returns `None` if the thread runs, or sleeps outside of a system call.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number = words.next()?.parse().ok().filter(|number| *number >= 0)?;
        let hex = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
        let mut numbers: Vec<u64> = words.map(hex).collect::<Option<_>>()?;
        let (instruction_pointer, stack_pointer) = (numbers.pop()?, numbers.pop()?);
        Some(Call {
            number,
            stack_pointer,
            instruction_pointer,
        })
    }

    /// Returns `true` if the kernel restarts the call after a stop, so that the program does not notice.
    ///
    /// Without a handler of a signal, most calls are restarted, such as `futex`, `poll` and `nanosleep`. signal(7) lists
    /// those that return `EINTR`. A call on a socket does so if the socket has a timeout.
    fn may_be_interrupted(&self) -> bool {
        !ENDED_BY_STOPS.contains(&self.number)
    }
}

/// System calls that may return `EINTR` after a stop.
const ENDED_BY_STOPS: &[i64] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_io_getevents,
    libc::SYS_io_uring_enter,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_msgrcv,
    libc::SYS_msgsnd,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
];

#[cfg(test)]
mod tests {
    use super::Call;

    #[test]
    fn line_of_a_sleeping_thread_is_parsed() {
        let futex = format!(
            "{} 0x1 0x80 0x0 0x0 0x0 0x0 0x7ffd10 0x7f00\n",
            libc::SYS_futex
        );
        let call = Call::parse(&futex).expect("a call");
        assert_eq!(
            (call.stack_pointer, call.instruction_pointer),
            (0x7ffd10, 0x7f00)
        );
        assert!(call.may_be_interrupted());
        let wait = format!(
            "{} 0x4 0x0 0x0 0x0 0x0 0x0 0x10 0x20",
            libc::SYS_epoll_pwait
        );
        assert!(!Call::parse(&wait).expect("a call").may_be_interrupted());
        for line in ["running\n", "-1 0x7ffd 0x7f00\n", "", "202 x"] {
            assert!(Call::parse(line).is_none(), "{line:?}");
        }
    }
}
