//! Turns of an executor: a future that is pending while other tasks run.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use birthmark_core::__reader::internal_thread;

/// Wakes a task in intervals, from a thread of birthmark's own, until this is dropped.
pub(super) struct Turns(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waker: Option<Waker>,
    /// The interval has passed since the last turn.
    is_due: bool,
    is_over: bool,
}

impl Turns {
    /// Lets the executor run other tasks once.
    pub(super) async fn one() {
        let mut has_yielded = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Starts the thread. Without a thread, turns follow each other at once.
    pub(super) fn each(pause: Duration) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let thread = internal_thread::spawn("birthmark-leaks", 64 * 1024, move || loop {
            std::thread::sleep(pause);
            let mut state = lock(&shared);
            if state.is_over {
                break;
            }
            state.is_due = true;
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        if thread.is_err() {
            lock(&state).is_over = true;
        }
        Turns(state)
    }

    /// Waits for the next turn.
    pub(super) async fn next(&self) {
        if lock(&self.0).is_over {
            return Self::one().await;
        }
        poll_fn(|cx| {
            let mut state = lock(&self.0);
            if std::mem::take(&mut state.is_due) {
                return Poll::Ready(());
            }
            let before = state.waker.replace(cx.waker().clone());
            drop(state);
            drop(before);
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.is_over = true;
        let waker = state.waker.take();
        drop(state);
        drop(waker);
    }
}

/// Wakers are neither woken nor dropped while the lock is held, because both run an executor's code.
fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
