//! A program that has a handler for the signal itself keeps it.
#![cfg(has_native_stacks)]

use birthmark_test_support as _;

use std::sync::atomic::{AtomicU32, Ordering};

use birthmark::{StackError, ThreadDetail};

static CALLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn own_handler(_: libc::c_int) {
    CALLED.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn it_is_left_alone() {
    // SAFETY: the handler only counts.
    unsafe { libc::signal(libc::SIGURG, own_handler as *const () as libc::sighandler_t) };
    let dump = birthmark::dump().with_threads(ThreadDetail::Stacks);
    for thread in dump.threads().unwrap() {
        assert_eq!(
            thread.stack().unwrap().unwrap_err(),
            StackError::SignalTaken
        );
    }
    assert_eq!(CALLED.load(Ordering::Relaxed), 0);
    // SAFETY: there is a handler.
    unsafe { libc::raise(libc::SIGURG) };
    assert_eq!(CALLED.load(Ordering::Relaxed), 1);
}
