//! Wakers of birthmark around an executor's waker.

use std::task::{RawWaker, RawWakerVTable, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::wakes::Wakes;

/// An executor's waker, which counts its copies and its wakes.
struct Executor {
    copies: AtomicUsize,
    wakes: AtomicUsize,
}

impl Executor {
    fn new() -> &'static Executor {
        Box::leak(Box::new(Executor {
            copies: AtomicUsize::new(0),
            wakes: AtomicUsize::new(0),
        }))
    }

    fn waker(&'static self) -> Waker {
        self.copies.fetch_add(1, Ordering::Relaxed);
        let data = std::ptr::from_ref(self).cast();
        // SAFETY: the functions read and count in a static, on any thread.
        unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) }
    }

    fn counts(&self) -> (usize, usize) {
        (
            self.copies.load(Ordering::Relaxed),
            self.wakes.load(Ordering::Relaxed),
        )
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        std::mem::forget(executor(data).waker());
        RawWaker::new(data, &TABLE)
    },
    |data| {
        executor(data).wakes.fetch_add(1, Ordering::Relaxed);
        executor(data).copies.fetch_sub(1, Ordering::Relaxed);
    },
    |data| {
        executor(data).wakes.fetch_add(1, Ordering::Relaxed);
    },
    |data| {
        executor(data).copies.fetch_sub(1, Ordering::Relaxed);
    },
);

fn executor(data: *const ()) -> &'static Executor {
    // SAFETY: each waker of this table is made of a static executor.
    unsafe { &*data.cast() }
}

/// Wakes by a clone, as the functions of the real waker do. Returns `true` if it had the reference to the slot.
fn wake(wakes: &Wakes) -> bool {
    // SAFETY: each test counts the clone that it gives up here.
    unsafe {
        match wakes.give_up_last() {
            Ok(last) => {
                last.inner.wake();
                last.has_slot
            }
            Err(_) => {
                wakes.wake_inner();
                wakes.give_up().is_some_and(|last| last.has_slot)
            }
        }
    }
}

/// Polls once, and leaves `clones` clones.
fn poll(wakes: &'static Wakes, executor: &'static Executor, clones: usize) {
    let waker = executor.waker();
    if !wakes.begin_poll(1, &waker, || ()) {
        return;
    }
    for _ in 0..clones {
        // SAFETY: the poll is going on, and its waker is counted. It ends once.
        unsafe {
            match wakes.is_owned() {
                true => wakes.count_clone(),
                false => wakes.count_first_clone(),
            }
        }
    }
    // SAFETY: as above.
    unsafe { wakes.end_poll() };
}

#[test]
fn clone_is_woken_while_the_next_poll_begins_and_ends() {
    loom::model(|| {
        let wakes: &'static Wakes = Box::leak(Box::new(Wakes::new()));
        let executor = Executor::new();
        poll(wakes, executor, 1);
        let woken = thread::spawn(|| assert!(!wake(wakes)));
        poll(wakes, executor, 0);
        woken.join().unwrap();
        assert_eq!(executor.counts(), (0, 1));
        assert!(!wakes.has_wakers());
    });
}

#[test]
fn two_clones_are_given_up_at_once() {
    loom::model(|| {
        let wakes: &'static Wakes = Box::leak(Box::new(Wakes::new()));
        let executor = Executor::new();
        poll(wakes, executor, 2);
        let woken = thread::spawn(|| wake(wakes));
        // SAFETY: one of the two clones.
        drop(unsafe { wakes.give_up() });
        woken.join().unwrap();
        assert_eq!(executor.counts(), (0, 1));
        assert!(!wakes.has_wakers());
    });
}

#[test]
fn slot_is_given_back_once_by_the_end_or_by_the_last_waker() {
    loom::model(|| {
        let wakes: &'static Wakes = Box::leak(Box::new(Wakes::new()));
        let executor = Executor::new();
        poll(wakes, executor, 1);
        let woken = thread::spawn(|| wake(wakes));
        let is_left = wakes.end_task();
        assert_eq!(woken.join().unwrap(), is_left);
        assert_eq!(executor.counts(), (0, 1));
    });
}
