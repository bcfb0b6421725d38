//! Guards test binaries against hangs, and against what they inherit from the shell that started them.
//!
//! A guarded test binary gets, before its `main`:
//!
//! - **A bound.** After [`BOUND`] the process writes a line to standard error and dies of `SIGALRM`, which cargo
//!   reports together with the binary's name. libtest has by then named the tests that have been running for more
//!   than 60 seconds. `BIRTHMARK_TEST_SECONDS` sets another number of seconds, and 0 removes the bound.
//! - **Default signal dispositions and an empty signal mask.** A shell starts `./test &` in a script with SIGINT and
//!   SIGQUIT ignored, and `nohup` ignores SIGHUP. Children inherit ignored signals, so a test that sends one to
//!   its child would wait for ever.
//!
//! - **The usual umask,** 022, so that the modes of files that tests make do not depend on who runs them.
//!
//! The guard starts no thread, because tests count threads. On systems other than Unix it does nothing.

use std::time::Duration;

/// Run time of a test binary after which it hangs for certain: the slowest takes a fifth of it on two cores.
pub const BOUND: Duration = Duration::from_secs(1500);

/// Environment variable with another bound in seconds.
pub const BOUND_VARIABLE: &str = "BIRTHMARK_TEST_SECONDS";

#[cfg(unix)]
mod unix {
    use std::ffi::{CStr, c_int};

    use super::BOUND;

    #[used]
    #[cfg_attr(
        target_vendor = "apple",
        unsafe(link_section = "__DATA,__mod_init_func")
    )]
    #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
    static BEFORE_MAIN: extern "C" fn() = before_main;

    extern "C" fn before_main() {
        forget_inherited_signals();
        // SAFETY: `umask` has no preconditions.
        unsafe { libc::umask(0o022) };
        set_bound();
    }

    fn forget_inherited_signals() {
        for signal in 1..32 {
            // SAFETY: all zeros is a valid `sigaction`, and `sigaction` writes only to the one that it is given.
            // Signals whose disposition cannot be read are left alone. No handler is replaced: before `main` there
            // are only the two dispositions that survive `exec`.
            unsafe {
                let mut inherited: libc::sigaction = core::mem::zeroed();
                let read = libc::sigaction(signal, core::ptr::null(), &raw mut inherited);
                if read == 0 && inherited.sa_sigaction == libc::SIG_IGN {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
        }
        // SAFETY: `sigemptyset` initialises the set that `sigprocmask` reads. There is one thread before `main`.
        unsafe {
            let mut none: libc::sigset_t = core::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, core::ptr::null_mut());
        }
    }

    fn set_bound() {
        let seconds = asked_bound().unwrap_or(BOUND.as_secs() as u32);
        // SAFETY: `on_alarm` calls async-signal-safe functions only. A bound of 0 cancels an inherited alarm.
        unsafe {
            libc::signal(libc::SIGALRM, on_alarm as *const () as libc::sighandler_t);
            libc::alarm(seconds);
        }
    }

    /// Reads [`BOUND_VARIABLE`](super::BOUND_VARIABLE) without std, which is not initialised yet.
    fn asked_bound() -> Option<u32> {
        const NAME: &CStr = c"BIRTHMARK_TEST_SECONDS";
        // SAFETY: the name ends with a zero byte, and nothing changes the environment before `main`.
        let value = unsafe { libc::getenv(NAME.as_ptr()) };
        if value.is_null() {
            return None;
        }
        // SAFETY: `getenv` returns a string that ends with a zero byte.
        unsafe { CStr::from_ptr(value) }.to_str().ok()?.parse().ok()
    }

    extern "C" fn on_alarm(signal: c_int) {
        const LINE: &[u8] =
            b"\ncannot finish: this test binary has reached its bound, so one of its tests hangs\n\
            help: look above for the tests that have been running for over 60 seconds\n";
        // SAFETY: `write`, `signal` and `raise` are async-signal-safe. With its default disposition the signal ends
        // the process as soon as this handler returns.
        unsafe {
            libc::write(2, LINE.as_ptr().cast(), LINE.len());
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}
