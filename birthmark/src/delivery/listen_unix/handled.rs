//! The thread that the signal has interrupted, until its handlers have returned.
//!
//! The listening thread may begin its dump while the interrupted thread is still in the handler. A dump with OS threads
//! would then show the handler in place of what the thread does, which is often `main`. The kernel blocks a signal
//! in a thread while its handler runs, and procfs shows that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use birthmark_core::__reader::os_thread as thread;

use crate::platform::tasks;

/// Kernel's id of the thread that was interrupted last, and the number of the signal above it.
static INTERRUPTED: AtomicU64 = AtomicU64::new(0);
const SIGNAL_SHIFT: u32 = 32;

/// Time after which a handler of the program's own, which runs before or after ours, is not waited for any longer.
const MAX_WAIT: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Notes that the signal's handler runs on this thread. Async-signal-safe: one system call and one store.
pub(super) fn note(signal: libc::c_int) {
    let signal = (signal as u64) << SIGNAL_SHIFT;
    INTERRUPTED.store(signal | thread::os_id(), Ordering::Release);
}

/// Waits until the thread that was interrupted last is out of its handlers.
pub(super) fn wait_until_returned() {
    let interrupted = INTERRUPTED.load(Ordering::Acquire);
    let (signal, os_id) = (interrupted >> SIGNAL_SHIFT, interrupted as u32);
    let until = Instant::now() + MAX_WAIT;
    while tasks::blocks(os_id.into(), signal as libc::c_int) && Instant::now() < until {
        std::thread::sleep(POLL_INTERVAL);
    }
}
