//! Polls between two dumps. A process of its own, since it asks for the tasks that are polled most.

use birthmark_test_support as _;

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use birthmark_integration_tests::{Held, block_on, spawn, start};

#[birthmark::instrument]
mod tasks {
    use super::*;

    pub fn spins() -> Held {
        Box::pin(spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })))
    }

    pub fn waits() -> Held {
        Box::pin(spawn(std::future::pending()))
    }

    /// Blocks on a future that takes a dump, waits for one poll more, and takes another one.
    pub fn blocks() -> (bool, u64) {
        let thread = std::thread::spawn(|| {
            let mut before = None;
            block_on(poll_fn(|cx| {
                if before.is_some() {
                    return Poll::Ready(());
                }
                before = Some(birthmark::dump());
                cx.waker().wake_by_ref();
                Poll::Pending
            }));
            let after = birthmark::dump();
            let before = before.unwrap();
            let diff = after.diff(&before);
            let me = birthmark::current().unwrap().id();
            let unchanged = diff.unchanged_tasks().any(|task| task.id() == me);
            let polled = diff.most_polled().find(|(task, _)| task.id() == me);
            (unchanged, polled.map_or(0, |(_, polls)| polls.into()))
        });
        thread.join().unwrap()
    }
}

/// One test, because a second one at the same time would be among the tasks that are polled most.
#[test]
fn polls_between_two_dumps_are_counted() {
    tasks_that_are_polled_most_between_two_dumps_come_first();
    thread_that_blocks_on_a_future_which_was_polled_is_not_unchanged();
}

fn tasks_that_are_polled_most_between_two_dumps_come_first() {
    let mut spinning: Vec<Held> = (0..7).map(|_| start(tasks::spins())).collect();
    let _waiting = start(tasks::waits());
    let before = birthmark::dump();
    let mut cx = Context::from_waker(Waker::noop());
    for (number, task) in spinning.iter_mut().enumerate() {
        for _ in 0..100 * number {
            assert!(task.as_mut().poll(&mut cx).is_pending());
        }
    }
    let after = birthmark::dump();
    let diff = after.diff(&before);
    let polls: Vec<u32> = diff.most_polled().map(|(_, polls)| polls).collect();
    assert_eq!(polls, [600, 500, 400, 300, 200]);
    let unchanged = diff.unchanged_tasks();
    let unchanged: Vec<_> = unchanged.filter(|task| task.role() != "main").collect();
    let roles: Vec<&str> = unchanged.iter().map(|task| task.role()).collect();
    assert!(
        roles.contains(&"waits::{task}") || roles.contains(&"pending"),
        "{roles:?}"
    );
    let busy = "polls=500".parse().unwrap();
    assert_eq!(birthmark::dump().filter(&busy).len(), 2);
}

fn thread_that_blocks_on_a_future_which_was_polled_is_not_unchanged() {
    assert_eq!(tasks::blocks(), (false, 1));
}
