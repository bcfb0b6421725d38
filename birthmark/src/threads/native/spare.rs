//! Threads that get no signal, because they would notice it.
//!
//! After the handler, the kernel starts a system call again, because of SA_RESTART. Calls that signal(7) says are never
//! started again fail with `EINTR`. Which of them are interrupted all the same, and why that is no harm:
//!
//! | call | who waits in it | the thread |
//! | --- | --- | --- |
//! | `futex` with a timeout | locks, conditions and `park_timeout` of std and parking_lot, which wait again | is asked |
//! | `nanosleep`, `clock_nanosleep` | `thread::sleep`, which sleeps for the rest; C code may return early | is asked |
//! | `epoll_wait` and its like | mio, polling and tokio, which wait again or go round their loop | is asked |
//! | `poll`, `select` and their like | anybody, C libraries among them | is spared |
//! | a call on a socket with a timeout | std, which hands `EINTR` on where the program expects `EAGAIN` | is spared |
//! | `pause`, `sigsuspend`, `sigtimedwait` | whoever waits for signals, which ours would be | is spared |
//! | `semop`, `semtimedop`, `msgsnd`, `msgrcv` | C code | is spared |
//! | `io_getevents`, `io_uring_enter`, `recvmmsg` with a timeout | anybody | is spared |
//!
//! The kernel says in which call a thread waits. One that runs is in none, and may enter one before the signal comes:
//! that cannot be known from outside.

use std::ops::Range;

use crate::platform::tasks;
use birthmark_dump::StackError;

/// Bytes of stack that the handler needs beside the kernel's frame. The number holds for debug builds, too.
const HANDLER_BYTES: u64 = 8 * 1024;

/// Bytes that a thread may use below its stack pointer.
const RED_ZONE: u64 = 128;

/// The mapped memory, as it was when the first thread was read.
pub(super) struct Stacks(Vec<Range<u64>>);

/// The line of procfs for a waiting thread: `number arguments… stack-pointer instruction-pointer`.
struct Waiting {
    /// `None` outside of a system call.
    call: Option<(i64, Vec<u64>)>,
    stack_pointer: u64,
}

/// Returns the reason for which this thread gets no signal, if there is one.
pub(super) fn reason(id: u64, stacks: &mut Stacks) -> Option<StackError> {
    let line = match tasks::read(id, "syscall") {
        Ok(line) => line,
        // It has ended, which is found out when it is asked.
        Err(_) if tasks::read(id, "stat").is_err() => return None,
        Err(_) => return Some(StackError::CallUnknown),
    };
    if line.starts_with("running") {
        return None;
    }
    let Some(waiting) = Waiting::parse(&line) else {
        return Some(StackError::CallUnknown);
    };
    if stacks.room_below(waiting.stack_pointer) < room_needed() {
        return Some(StackError::LittleStack);
    }
    let (number, arguments) = waiting.call?;
    (!may_be_interrupted(number, &arguments)).then_some(StackError::Interruptible)
}

impl Waiting {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number: i64 = words.next()?.parse().ok()?;
        let hex = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
        let mut numbers: Vec<u64> = words.map(hex).collect::<Option<_>>()?;
        let (_, stack_pointer) = (numbers.pop()?, numbers.pop()?);
        Some(Waiting {
            call: (number >= 0).then_some((number, numbers)),
            stack_pointer,
        })
    }
}

fn may_be_interrupted(number: i64, arguments: &[u64]) -> bool {
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(0);
    let has_timeout = match number {
        libc::SYS_recvmmsg if argument(4) != 0 => true,
        _ => ON_SOCKETS.contains(&number) && socket_has_timeout(argument(0)),
    };
    !NEVER_RESTARTED.contains(&number) && !has_timeout
}

/// Calls that fail if they are interrupted, and whose callers may not expect that.
const NEVER_RESTARTED: &[i64] = &[
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_msgrcv,
    libc::SYS_msgsnd,
    libc::SYS_io_getevents,
    libc::SYS_io_uring_enter,
    // `io_pgetevents`, which older versions of libc do not name.
    #[cfg(target_arch = "x86_64")]
    333,
    #[cfg(target_arch = "aarch64")]
    292,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pause,
];

/// Calls on a file descriptor that are not started again if it is a socket with a timeout.
const ON_SOCKETS: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendfile,
    libc::SYS_splice,
];

/// Returns `true` if a descriptor is a socket with a timeout, in either direction.
fn socket_has_timeout(descriptor: u64) -> bool {
    let Ok(descriptor) = i32::try_from(descriptor) else {
        return false;
    };
    [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO]
        .into_iter()
        .any(|option| {
            let mut timeout = libc::timeval {
                tv_sec: 0,
                tv_usec: 0,
            };
            let mut len = size_of::<libc::timeval>() as libc::socklen_t;
            // SAFETY: both live until it returns, and `len` says how much may be written.
            let known = unsafe {
                libc::getsockopt(
                    descriptor,
                    libc::SOL_SOCKET,
                    option,
                    (&raw mut timeout).cast(),
                    &raw mut len,
                )
            };
            known == 0 && (timeout.tv_sec, timeout.tv_usec) != (0, 0)
        })
}

/// How much of a stack a signal takes.
fn room_needed() -> u64 {
    // SAFETY: takes a number and returns one, 0 where it is not known.
    let frame = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
    frame.max(libc::MINSIGSTKSZ as u64) + RED_ZONE + HANDLER_BYTES
}

impl Stacks {
    pub(super) fn new() -> Self {
        Stacks(Vec::new())
    }

    /// How much memory there is below a stack pointer. A thread that was started meanwhile has memory that was not
    /// there before.
    fn room_below(&mut self, pointer: u64) -> u64 {
        if self.find(pointer).is_none() {
            *self = Self::read();
        }
        self.find(pointer).unwrap_or(0)
    }

    fn find(&self, pointer: u64) -> Option<u64> {
        let found = self.0.iter().find(|range| range.contains(&pointer))?;
        Some(pointer - found.start)
    }

    fn read() -> Self {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Stacks(maps.lines().filter_map(range).collect())
    }
}

/// The addresses of a line in `maps`, if the memory can be written. The kernel makes the first stack longer on demand.
fn range(line: &str) -> Option<Range<u64>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let range = hex(start)?..hex(end)?;
    let is_writable = words.next()?.starts_with("rw");
    let start = if line.ends_with("[stack]") {
        0
    } else {
        range.start
    };
    is_writable.then_some(start..range.end)
}
