//! Birthmark in the child of a fork, in which one thread goes on alone.
//!
//! Immediately after the fork, nothing happens but stores into atomics, for the parent may have had more threads, any of
//! which may have held any lock. With the first spawn or thread, birthmark's own threads are started anew.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::platform::callback::Callback;
use crate::platform::runtime_flags::{self, FORKED};

/// Forgets the other threads, immediately after the fork. Stores into atomics, and does nothing else.
static IN_CHILD: Callback = Callback::new();
/// Starts further threads of birthmark's own anew, when birthmark is first used in the child.
static RESUME: Callback = Callback::new();

/// Sets the function that runs in the child immediately after a fork.
///
/// # Safety
///
/// The function only does what a signal handler may do: it stores into atomics.
pub(crate) unsafe fn set_in_child(forget_other_threads: fn()) {
    IN_CHILD.set(forget_other_threads);
}

/// Sets the function that starts threads anew when birthmark is first used in the child.
pub fn set_resume(start_threads: fn()) {
    RESUME.set(start_threads);
}

/// Number of forks between the first process and this one.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Returns a number that a process does not share with its parent, if [`watch`] was called before the fork.
pub(crate) fn count() -> u32 {
    COUNT.load(Ordering::Relaxed)
}

/// Has the child of a fork know that it is one. To be called before a thread does what others wait for.
pub fn watch() {
    #[cfg(unix)]
    {
        static WATCHES: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        if !WATCHES.swap(true, std::sync::atomic::Ordering::Relaxed) {
            // SAFETY: the function is static. It stores into atomics, and calls the function of `set_in_child`.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        }
    }
}

#[cfg(unix)]
extern "C" fn in_child() {
    COUNT.fetch_add(1, Ordering::Relaxed);
    IN_CHILD.call();
    crate::platform::clock::has_gone();
    runtime_flags::set(FORKED, true);
}

/// Notes that birthmark is used, which in the child of a fork starts its threads anew.
pub(crate) fn note_use() {
    if runtime_flags::has(FORKED) {
        resume();
    }
}

#[cold]
fn resume() {
    runtime_flags::set(FORKED, false);
    RESUME.call();
}
