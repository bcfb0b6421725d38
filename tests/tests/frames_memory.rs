//! The memory in which frames are recorded goes back to the system, like that of the tasks themselves.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use birthmark_integration_tests::{resident_bytes, spawn, wait_until};

const TASKS: usize = 200_000;
/// Bytes of a task with frames: its record and its frames.
const BYTES: u64 = 64 + 120;

static OPEN: AtomicBool = AtomicBool::new(false);

#[birthmark::instrument]
mod tasks {
    use super::*;

    async fn waits() {
        std::future::poll_fn(|_| match OPEN.load(Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    pub fn one() -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(spawn(waits()))
    }
}

/// How many of them are ready.
fn poll_all(tasks: &mut [Pin<Box<dyn Future<Output = ()>>>]) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let polled = tasks.iter_mut().map(|task| task.as_mut().poll(&mut cx));
    polled.filter(Poll::is_ready).count()
}

fn frames() -> usize {
    let tasks = birthmark::tasks();
    tasks.iter().map(|task| task.stack().frames().len()).sum()
}

#[test]
fn frames_of_tasks_that_have_gone_take_no_memory() {
    let mut tasks: Vec<_> = (0..TASKS).map(|_| tasks::one()).collect();
    assert_eq!(poll_all(&mut tasks), 0);
    assert_eq!(frames(), TASKS);
    let full = resident_bytes();
    OPEN.store(true, Relaxed);
    assert_eq!(poll_all(&mut tasks), TASKS);
    // The futures stay, so that no allocator's memory is counted.
    let enough = full - TASKS as u64 * BYTES * 8 / 10;
    wait_until("the memory is given back", || resident_bytes() < enough);
    // Its pages come back as those of tasks without frames.
    OPEN.store(false, Relaxed);
    let mut others: Vec<_> = (0..TASKS).map(|_| tasks::one()).collect();
    assert_eq!(frames(), 0);
    assert_eq!(poll_all(&mut others), 0);
    assert_eq!(frames(), TASKS);
}
