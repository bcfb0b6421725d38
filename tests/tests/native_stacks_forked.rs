//! Native stacks are taken without end, and meanwhile the program forks.
//!
//! A child has a copy of everything as it was at some moment of this, with nobody there to go on with it.
#![cfg(has_native_stacks)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;

use birthmark::{Dump, ThreadDetail};
use birthmark_integration_tests::stuck::Stuck;

const CHILDREN: usize = 200;
const FINE: i32 = 42;

fn dump() -> Dump {
    birthmark::dump().with_threads(ThreadDetail::Stacks)
}

fn stacks(dump: &Dump) -> usize {
    let threads = dump.threads().unwrap().iter();
    threads
        .filter(|it| matches!(it.stack(), Some(Ok(_))))
        .count()
}

/// Forks, has the child do this, and returns its exit status. One that hangs is killed by its alarm.
fn in_child(work: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child is alone with a copy of memory. It does what a handler may do, or takes a dump; and
    // it leaves without running what this process has set up for its exit.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "the system forks");
        if child == 0 {
            libc::alarm(60);
            libc::_exit(if work() { FINE } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        status
    }
}

#[track_caller]
fn expect_fine(status: i32) {
    let exited = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == FINE;
    assert!(exited, "status {status:#x}");
}

/// The handler finds the desks as they were, with questions to threads that are not there.
fn is_asked_and_goes_on() -> bool {
    for _ in 0..3 {
        // SAFETY: there is a handler for it, which may run at any time.
        unsafe { libc::raise(libc::SIGURG) };
    }
    true
}

/// The child has one thread, and can see where it stands.
fn asks_itself() -> bool {
    let dump = dump();
    dump.threads().is_some_and(|all| all.len() == 1) && stacks(&dump) == 1
}

#[test]
fn neither_parent_nor_child_notices() {
    Stuck::hold(|_| {
        assert!(stacks(&dump()) > 5);
        let (stop, taken) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            let asks = scope.spawn(|| {
                while !stop.load(Relaxed) {
                    assert!(stacks(&dump()) > 5);
                    taken.fetch_add(1, Relaxed);
                }
            });
            let forked = scope.spawn(|| {
                (0..CHILDREN).for_each(|_| expect_fine(in_child(is_asked_and_goes_on)));
            });
            let fine = forked.join();
            stop.store(true, Relaxed);
            assert!(fine.is_ok() && asks.join().is_ok());
        });
        assert!(taken.load(Relaxed) > 0);
        assert!(stacks(&dump()) > 5, "the parent goes on as before");
    });
    // Nobody holds a lock of the loader now: what a child may do after a fork then is as much as any other.
    expect_fine(in_child(asks_itself));
}
