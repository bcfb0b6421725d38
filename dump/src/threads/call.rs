//! System calls in which a thread may wait.

use std::fmt;

/// A system call in which a thread waits.
///
/// Displayed with its name, and with the file descriptor if it has one: `futex`, `read of 7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemCall {
    number: i64,
    first: Option<u64>,
}

impl SystemCall {
    /// Returns the call for a line of procfs: a number, and the first argument as `0x7`.
    #[doc(hidden)]
    pub fn new(number: i64, first: Option<&str>) -> Self {
        let hex = first.and_then(|text| text.strip_prefix("0x"));
        SystemCall {
            number,
            first: hex.and_then(|hex| u64::from_str_radix(hex, 16).ok()),
        }
    }

    /// Returns the number. Its meaning depends on the architecture.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Returns the name, if threads commonly wait in this call.
    pub fn name(&self) -> Option<&'static str> {
        Some(self.known()?.1)
    }

    /// Returns the file descriptor, if the call has one.
    pub fn descriptor(&self) -> Option<i32> {
        let descriptor = self.first.filter(|_| self.known().is_some_and(|it| it.2))?;
        i32::try_from(descriptor).ok()
    }

    /// Returns the address at which the thread waits, if the call is `futex`.
    pub(crate) fn futex(&self) -> Option<u64> {
        self.first.filter(|_| self.name() == Some("futex"))
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|(number, ..)| *number == self.number)
    }
}

impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.descriptor()) {
            (Some(name), Some(descriptor)) => write!(f, "{name} of {descriptor}"),
            (Some(name), None) => f.write_str(name),
            (None, _) => write!(f, "system call {}", self.number),
        }
    }
}

/// Number, name, and `true` if the first argument is a file descriptor.
type Known = (i64, &'static str, bool);

/// Calls in which threads commonly wait. libc has the numbers of each architecture. Calls of some architectures are at
/// the end.
#[cfg(target_os = "linux")]
const KNOWN: &[Known] = &[
    (libc::SYS_futex, "futex", false),
    // A number that older versions of libc, such as a program may be locked to, do not name.
    (449, "futex_waitv", false),
    (libc::SYS_epoll_pwait, "epoll_wait", true),
    (libc::SYS_epoll_pwait2, "epoll_wait", true),
    (libc::SYS_io_uring_enter, "io_uring_enter", true),
    (libc::SYS_ppoll, "poll", false),
    (libc::SYS_pselect6, "select", false),
    (libc::SYS_nanosleep, "nanosleep", false),
    (libc::SYS_clock_nanosleep, "clock_nanosleep", false),
    (libc::SYS_read, "read", true),
    (libc::SYS_readv, "readv", true),
    (libc::SYS_pread64, "pread", true),
    (libc::SYS_preadv, "preadv", true),
    (libc::SYS_write, "write", true),
    (libc::SYS_writev, "writev", true),
    (libc::SYS_pwrite64, "pwrite", true),
    (libc::SYS_pwritev, "pwritev", true),
    (libc::SYS_sendfile, "sendfile", true),
    (libc::SYS_splice, "splice", true),
    (libc::SYS_copy_file_range, "copy_file_range", true),
    (libc::SYS_accept, "accept", true),
    (libc::SYS_accept4, "accept", true),
    (libc::SYS_connect, "connect", true),
    (libc::SYS_recvfrom, "recv", true),
    (libc::SYS_recvmsg, "recvmsg", true),
    (libc::SYS_recvmmsg, "recvmmsg", true),
    (libc::SYS_sendto, "send", true),
    (libc::SYS_sendmsg, "sendmsg", true),
    (libc::SYS_sendmmsg, "sendmmsg", true),
    (libc::SYS_openat, "open", false),
    (libc::SYS_close, "close", true),
    (libc::SYS_fsync, "fsync", true),
    (libc::SYS_fdatasync, "fdatasync", true),
    (libc::SYS_sync, "sync", false),
    (libc::SYS_flock, "flock", true),
    (libc::SYS_fcntl, "fcntl", true),
    (libc::SYS_ioctl, "ioctl", true),
    (libc::SYS_getdents64, "getdents", true),
    (libc::SYS_wait4, "wait4", false),
    (libc::SYS_waitid, "waitid", false),
    (libc::SYS_rt_sigtimedwait, "sigwait", false),
    (libc::SYS_rt_sigsuspend, "sigsuspend", false),
    (libc::SYS_mmap, "mmap", false),
    (libc::SYS_munmap, "munmap", false),
    (libc::SYS_mprotect, "mprotect", false),
    (libc::SYS_madvise, "madvise", false),
    (libc::SYS_sched_yield, "sched_yield", false),
    (libc::SYS_restart_syscall, "restart_syscall", false),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait", true),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll", false),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select", false),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "pause", false),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open", false),
];

#[cfg(not(target_os = "linux"))]
const KNOWN: &[Known] = &[];
