//! Waiting for a word to change. A signal handler may end the wait, which rules out std's ways to wake a thread.

use core::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Waits while the word is `expected`, but not for longer than `timeout`. May return early.
pub(super) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    let timeout = libc::timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the time live until it returns.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            expected,
            ptr::from_ref(&timeout),
        )
    };
}

/// Wakes the waiting thread. Only a system call, so a signal handler may use it.
pub(super) fn wake(word: &AtomicU32) {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word is there; waking touches no memory.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, 1) };
}
