//! The place of a panic report: the place of the panic message.
//!
//! Outside of tests, the place is standard error. In a test, libtest captures the output of threads and shows it if the
//! test fails. Only the macros of std write to the captured output. A panicking thread cannot use these macros. They
//! take the lock of standard error, whose owner may wait for this thread, and they panic if they cannot write.
//! Therefore another thread prints, because a thread inherits the capture of its spawner. The panicking thread waits
//! for it, at most [`MAX_WAIT`].

use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::platform::stderr;
use birthmark_core::__reader::site::any_in_test;

/// This process runs tests.
static IN_TEST: AtomicBool = AtomicBool::new(false);

/// How long a thread that panics waits for its report to be printed. It is printed later, if another thread holds the
/// lock of standard error.
const MAX_WAIT: Duration = Duration::from_secs(1);

thread_local! {
    /// `true` on a thread that prints a report.
    static PRINTS: Cell<bool> = const { Cell::new(false) };
}

/// Notes whether any instrumented crate of the program was compiled as a test, or the caller knows that it was.
pub(crate) fn look_for_tests(known: bool) {
    let compiled = any_in_test();
    IN_TEST.fetch_or(known || compiled, Ordering::Relaxed);
}

/// Returns `true` if this process runs tests.
pub(crate) fn in_test() -> bool {
    IN_TEST.load(Ordering::Relaxed)
}

/// Returns `true` if this thread prints a report. If such a thread panics, the panic gets no report.
pub(crate) fn prints() -> bool {
    PRINTS.get()
}

/// Writes to where a message of this thread goes. Returns an error only if standard error does.
pub(crate) fn write(bytes: &[u8]) -> std::io::Result<()> {
    match std::str::from_utf8(bytes) {
        Ok(text) if in_test() && print(text) => Ok(()),
        _ => stderr::write(bytes),
    }
}

/// Has another thread print. Returns `true` if there was one.
fn print(text: &str) -> bool {
    let text = text.to_owned();
    let printed = Arc::new(Event::default());
    let notifier = printed.clone();
    let thread = birthmark_core::__reader::internal_thread::spawn(
        "birthmark-report",
        128 * 1024,
        move || {
            PRINTS.set(true);
            let _panicked = catch_unwind(|| eprint!("{text}"));
            notifier.set();
        },
    );
    let has_thread = thread.is_ok();
    if has_thread {
        printed.wait(MAX_WAIT);
    }
    has_thread
}

/// An event that happens once. A channel would wait by `park`, which may consume an `unpark` that the program has sent
/// to this thread. A channel also takes a fifth of the time that this crate compiles in.
#[derive(Default)]
struct Event {
    happened: Mutex<bool>,
    change: Condvar,
}

impl Event {
    fn set(&self) {
        *self.happened.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.change.notify_one();
    }

    /// Waits for the event, but no longer than this.
    fn wait(&self, time: Duration) {
        let happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody panics while the lock is held.
        let _ = self
            .change
            .wait_timeout_while(happened, time, |happened| !*happened);
    }
}
