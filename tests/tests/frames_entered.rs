//! Frames that a running task has entered and that it was never suspended in, as other threads see them, and the first
//! suspension below many of them.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use birthmark::{Frame, State, Task};
use birthmark_integration_tests::{find, spawn, wait_for_role, yield_once};

/// Functions that a task stands in, outermost first, each behind its depth.
fn functions(task: &Task) -> Vec<String> {
    let one = |frame: &Frame| format!("{} {}", frame.depth(), frame.site().function());
    task.stack().frames().iter().map(one).collect()
}

/// Frames with room in a record.
const ROOM: usize = 14;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

fn poll(job: &mut Job) -> Poll<()> {
    job.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[birthmark::instrument]
mod entered {
    use super::*;

    async fn outer(blocks: impl FnOnce() + Send) {
        yield_once().await;
        middle(blocks).await;
    }

    async fn middle(blocks: impl FnOnce() + Send) {
        inner(blocks).await;
    }

    async fn inner(blocks: impl FnOnce() + Send) {
        std::future::ready(()).await;
        blocks();
    }

    /// Blocks a thread in `outer`, at a poll of its own, and shows the task meanwhile.
    fn while_blocked(polls_before: usize, show: impl FnOnce(&Task)) {
        let (entered, has_entered) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let mut job: Job = Box::pin(spawn(outer(move || {
            entered.send(()).unwrap();
            may_go_on.recv().unwrap();
        })));
        for _ in 0..polls_before {
            assert!(poll(&mut job).is_pending());
        }
        let thread = std::thread::Builder::new().name("polls".into());
        let thread = thread.spawn(move || poll(&mut job)).unwrap();
        has_entered.recv().unwrap();
        show(&wait_for_role("outer", |state| {
            matches!(state, State::Running { .. })
        }));
        go_on.send(()).unwrap();
        assert!(thread.join().unwrap().is_ready());
    }

    #[test]
    fn frames_of_a_running_task_are_shown_to_other_threads() {
        while_blocked(1, |task| {
            assert_eq!(functions(task), ["0 outer", "1 middle"]);
            assert!(task.stack().may_be_stale());
        });
    }

    async fn spawns_and_polls(polls: usize) {
        holds(polls).await;
        yield_once().await;
    }

    async fn holds(polls: usize) {
        let mut inside: Job = Box::pin(spawn(waits()));
        for _ in 0..polls {
            assert!(poll(&mut inside).is_pending());
            let (own, other) = (birthmark::current().unwrap().id(), "waits");
            assert_eq!(functions(&find(own).unwrap()), ["0 spawns_and_polls"]);
            let other = wait_for_role(other, State::is_suspended);
            assert_eq!(functions(&other), ["0 waits", "1 waits_inside"]);
        }
        yield_once().await;
        drop(inside);
    }

    async fn waits() {
        waits_inside().await;
    }

    async fn waits_inside() {
        std::future::pending::<()>().await;
    }

    #[test]
    fn a_task_that_is_polled_inside_of_a_frame_has_frames_of_its_own() {
        let mut job: Job = Box::pin(spawn(spawns_and_polls(3)));
        assert!(poll(&mut job).is_pending());
        let task = wait_for_role("spawns_and_polls", State::is_suspended);
        assert_eq!(functions(&task), ["0 spawns_and_polls", "1 holds"]);
        assert!(poll(&mut job).is_pending());
        let task = find(task.id()).unwrap();
        assert_eq!(functions(&task), ["0 spawns_and_polls"]);
        assert!(poll(&mut job).is_ready());
    }

    async fn recursive(depth: usize) {
        match depth.checked_sub(1) {
            Some(less) => Box::pin(recursive(less)).await,
            None => yield_once().await,
        }
    }

    #[test]
    fn frames_beyond_all_room_are_counted_at_the_first_suspension() {
        for depth in [1, 5, ROOM, 62, 63, 64, 65, 127, 128, 200] {
            let mut job: Job = Box::pin(spawn(recursive(depth - 1)));
            assert!(poll(&mut job).is_pending());
            let task = wait_for_role("recursive", State::is_suspended);
            let stack = task.stack();
            let shown = stack.frames().len();
            assert_eq!(shown, depth.min(ROOM), "{depth} frames");
            assert_eq!(shown + stack.omitted_frames() as usize, depth);
            assert!(poll(&mut job).is_ready());
        }
    }

    async fn panics_below(panics: bool) {
        let mut inner: Job = Box::pin(panicking(panics));
        let poll_inner = std::panic::AssertUnwindSafe(|| poll(&mut inner).is_pending());
        assert_eq!(std::panic::catch_unwind(poll_inner).is_err(), panics);
        yield_once().await;
    }

    async fn panicking(panics: bool) {
        nested_panic(panics).await;
    }

    async fn nested_panic(panics: bool) {
        if panics {
            std::panic::resume_unwind(Box::new("caught"));
        }
        std::future::ready(()).await;
    }

    #[test]
    fn frames_that_a_panic_leaves_are_left() {
        for panics in [false, true] {
            let mut job: Job = Box::pin(spawn(panics_below(panics)));
            assert!(poll(&mut job).is_pending());
            let task = wait_for_role("panics_below", State::is_suspended);
            assert_eq!(functions(&task), ["0 panics_below"]);
            assert!(poll(&mut job).is_ready());
        }
    }
}
