//! Futures that move from one task to another between two polls: their frames move with them, also where the
//! later task has the record of the earlier one.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use birthmark::{Frame, Task, TaskId};
use birthmark_integration_tests::{Random, find, spawn};

type Job = Pin<Box<dyn Future<Output = ()>>>;

/// A future that whoever comes polls once, without a frame of its own.
#[derive(Clone)]
struct Passed(Rc<RefCell<Job>>);

impl Future for Passed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.borrow_mut().as_mut().poll(cx)
    }
}

/// A task that drops what it was given, but for the last, and polls that, without frames of its own.
#[derive(Clone, Default)]
struct Polls(Rc<RefCell<Vec<Job>>>);

impl Future for Polls {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut jobs = self.0.borrow_mut();
        let last = jobs.pop().expect("it is given something");
        jobs.clear();
        jobs.push(last);
        jobs[0].as_mut().poll(cx)
    }
}

fn poll(job: &mut Job) -> Poll<()> {
    job.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// The live tasks that this thread has spawned, in that order.
fn own() -> Vec<Task> {
    let here = birthmark::current().map(|here| here.id());
    let mut tasks = birthmark::tasks();
    tasks.retain(|task| task.lineage().first().map(|above| above.id()) == here);
    tasks.sort_by_key(Task::id);
    tasks
}

fn last() -> TaskId {
    own().last().unwrap().id()
}

/// Functions that a task stands in, outermost first, each indented by its depth.
fn functions(task: &Task) -> Vec<String> {
    let one = |frame: &Frame| "  ".repeat(frame.depth()) + frame.site().function();
    task.stack().frames().iter().map(one).collect()
}

fn stack(id: TaskId) -> Vec<String> {
    functions(&find(id).unwrap())
}

#[birthmark::instrument]
mod passing {
    use super::*;

    pub async fn inner() {
        std::future::pending::<()>().await;
    }

    async fn outer() {
        inner().await;
    }

    pub async fn awaits(passed: Passed) {
        passed.await;
    }

    pub async fn twice() {
        inner().await;
    }

    pub fn job() -> Passed {
        Passed(Rc::new(RefCell::new(Box::pin(outer()))))
    }

    pub fn task(passed: Passed) -> Job {
        Box::pin(spawn(passed))
    }

    pub fn polling_task(polls: Polls) -> Job {
        Box::pin(spawn(polls))
    }

    pub fn awaiting_task(passed: Passed) -> Job {
        Box::pin(spawn(awaits(passed)))
    }

    pub fn other_task() -> Job {
        Box::pin(spawn(twice()))
    }
}

/// Polls `job` in a task, ends that, and polls it in the next one.
fn pass(task: fn(Passed) -> Job, expected: &[&str]) {
    let job = passing::job();
    for _ in 0..4 {
        let mut task = task(job.clone());
        let id = last();
        assert_eq!(stack(id), [""; 0]);
        assert!(poll(&mut task).is_pending());
        assert_eq!(stack(id), expected);
        assert!(poll(&mut task).is_pending());
        assert_eq!(stack(id), expected);
    }
}

#[test]
fn to_a_later_task() {
    pass(passing::task, &["outer", "  inner"]);
}

#[test]
fn to_the_same_frame_of_a_later_task() {
    pass(passing::awaiting_task, &["awaits", "  outer", "    inner"]);
}

/// In each round about one later task gets the very job that the earlier task of its record had.
#[test]
fn to_a_later_task_in_the_record_of_the_earlier_one() {
    const MANY: usize = 100;
    let mut random = Random(1);
    for _ in 0..12 {
        let mut jobs: Vec<_> = (0..MANY).map(|_| passing::job()).collect();
        let mut earlier: Vec<_> = jobs.iter().cloned().map(passing::task).collect();
        for task in &mut earlier {
            assert!(poll(task).is_pending());
        }
        drop(earlier);
        let mut later = Vec::new();
        while !jobs.is_empty() {
            let job = jobs.swap_remove(random.below(jobs.len()));
            later.push(passing::task(job));
        }
        for task in &mut later {
            assert!(poll(task).is_pending());
        }
        for task in own() {
            assert_eq!(functions(&task), ["outer", "  inner"]);
        }
    }
}

#[test]
fn to_another_task_that_lives() {
    let job = passing::job();
    let new = || (passing::awaiting_task(job.clone()), last());
    let ((mut first, first_id), (mut second, second_id)) = (new(), new());
    for _ in 0..2 {
        assert!(poll(&mut first).is_pending());
        assert_eq!(stack(first_id), ["awaits", "  outer", "    inner"]);
        assert!(poll(&mut second).is_pending());
        assert_eq!(stack(second_id), ["awaits", "  outer", "    inner"]);
        // The inner ones move as well where they are polled.
        assert_eq!(stack(first_id), ["awaits"]);
    }
}

/// The frame around has the higher index then.
#[test]
fn into_a_later_frame_of_the_same_task_that_is_left_before() {
    let (job, polls) = (passing::job(), Polls::default());
    let mut task = passing::polling_task(polls.clone());
    let id = last();
    let mut stack_with = |job: Job| {
        polls.0.borrow_mut().push(job);
        assert!(poll(&mut task).is_pending());
        stack(id)
    };
    let outer = stack_with(Box::pin(job.clone()));
    assert_eq!(outer, ["outer", "  inner"]);
    let awaited = stack_with(Box::pin(passing::awaits(job.clone())));
    assert_eq!(awaited, ["awaits", "  outer", "    inner"]);
    // What comes next has nothing to do with the job, which is held.
    let next = stack_with(Box::pin(passing::twice()));
    assert_eq!(next, ["outer", "  inner", "twice", "  inner"]);
}

#[test]
fn frame_that_is_dropped_elsewhere_is_left() {
    let job = passing::job();
    let mut task = passing::awaiting_task(job.clone());
    let id = last();
    assert!(poll(&mut task).is_pending());
    *job.0.borrow_mut() = Box::pin(std::future::pending());
    assert_eq!(stack(id), ["awaits"]);
}

#[test]
fn frame_that_is_dropped_after_its_task_leaves_others_alone() {
    let job = passing::job();
    assert!(poll(&mut passing::task(job.clone())).is_pending());
    let mut other = passing::other_task();
    let id = last();
    assert!(poll(&mut other).is_pending());
    assert_eq!(stack(id), ["twice", "  inner"]);
    *job.0.borrow_mut() = Box::pin(std::future::pending());
    assert_eq!(stack(id), ["twice", "  inner"]);
}
