//! Scopes and trees that are aborted.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use birthmark::{AbortScope, Kind, TaskId, abort_tree, cancelled, is_cancelled};
use birthmark_integration_tests::{block_on, own_id, wait_until};

fn workers() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("the runtime starts")
}

#[birthmark::instrument]
mod spawns {
    use super::*;
    use std::sync::mpsc::Sender;

    pub fn endless() -> tokio::task::JoinHandle<()> {
        tokio::spawn(pending())
    }

    pub fn endless_root() -> tokio::task::JoinHandle<()> {
        tokio::spawn(birthmark::root!(pending()))
    }

    pub fn parent(ids: Sender<TaskId>) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            let child = endless();
            ids.send(own_id()).unwrap();
            child.await.unwrap();
        })
    }

    pub fn job() -> tokio::task::JoinHandle<()> {
        tokio::task::spawn_blocking(|| {
            while !is_cancelled() {
                thread::yield_now();
            }
        })
    }

    pub fn generations(left: u32, done: tokio::sync::oneshot::Sender<()>) {
        let scope = AbortScope::new();
        scope.enter(|| {
            tokio::spawn(generation(left, done));
        });
    }

    fn generation(
        left: u32,
        done: tokio::sync::oneshot::Sender<()>,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            match left {
                0 => done.send(()).unwrap(),
                _ => generations(left - 1, done),
            }
        })
    }

    pub fn panicking_callee(scope: &AbortScope) {
        fn spawn<F: Future>(_: F) {
            panic!("the executor is full");
        }
        scope.enter(|| spawn(pending::<()>()));
    }

    pub fn thread_and_wait(scope: &AbortScope) -> thread::JoinHandle<()> {
        scope.enter(|| thread::spawn(|| block_on(cancelled())))
    }
}

#[test]
fn scope_aborts_its_tasks_and_their_children_and_names_the_others() {
    let runtime = workers();
    let _entered = runtime.enter();
    let scope = AbortScope::new();
    let (sender, ids) = std::sync::mpsc::channel();
    let outside = spawns::endless();
    let (parent, job, root) = scope.enter(|| {
        (
            spawns::parent(sender),
            spawns::job(),
            spawns::endless_root(),
        )
    });
    let thread = spawns::thread_and_wait(&scope);
    let id = ids.recv().unwrap();
    wait_until("the job runs", || {
        birthmark::tasks()
            .iter()
            .any(|task| task.role() == "job::{closure}" && task.polls() > 0)
    });

    let tasks = scope.abort();
    let kinds: Vec<_> = tasks
        .iter()
        .map(|task| (task.kind(), task.is_aborted()))
        .collect();
    let mut expected = [
        (Kind::Future, true),
        (Kind::Blocking, false),
        (Kind::Thread, false),
        (Kind::Future, true),
    ];
    let mut found = kinds.clone();
    let key = |it: &(Kind, bool)| it.0.as_str();
    found.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(found, expected, "{tasks:?}");
    assert!(
        tasks
            .iter()
            .any(|task| task.id() == id && task.is_aborted())
    );

    assert!(runtime.block_on(parent).unwrap_err().is_cancelled());
    runtime.block_on(job).unwrap();
    thread.join().unwrap();
    assert!(scope.is_aborted() && scope.clone().is_aborted());
    assert!(!outside.is_finished() && !root.is_finished());
    outside.abort();
    root.abort();
}

#[test]
fn scope_ends_futures_that_run_in_it() {
    let scope = AbortScope::new();
    let runtime = workers();
    let running = runtime.spawn(scope.run(pending::<()>()));
    scope.abort();
    let error = runtime.block_on(running).unwrap().unwrap_err();
    assert!(!error.is_late());
    assert_eq!(
        block_on(scope.run(async { 7 })),
        Ok(7),
        "it is polled first"
    );
}

/// A function that hands a task on, whose caller is not instrumented. The record is made at a site that is found while the
/// program runs.
#[birthmark::instrument]
mod relay {
    pub fn hand_on<F: Future<Output = ()> + Send + 'static>(
        task: F,
    ) -> tokio::task::JoinHandle<()> {
        tokio::spawn(task)
    }
}

#[test]
fn task_that_a_function_hands_on_is_aborted() {
    let runtime = workers();
    let _entered = runtime.enter();
    let scope = AbortScope::new();
    let task = scope.enter(|| relay::hand_on(pending()));
    assert!(scope.abort()[0].is_aborted());
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn task_that_a_function_hands_on_is_refused() {
    let runtime = workers();
    let _entered = runtime.enter();
    let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
        if spawn.label("test").as_deref() == Some("refused") {
            spawn.refuse("full");
        }
    });
    let task = birthmark::with_label("test", "refused", || relay::hand_on(pending()));
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    drop(hook);
}

#[test]
fn dropped_scope_aborts_nothing() {
    let runtime = workers();
    let _entered = runtime.enter();
    let scope = AbortScope::new();
    let task = scope.enter(spawns::endless);
    drop(scope);
    assert!(!task.is_finished());
    task.abort();
}

#[test]
fn scope_in_a_scope_belongs_to_both() {
    let runtime = workers();
    let _entered = runtime.enter();
    let (outer, inner) = (AbortScope::new(), AbortScope::new());
    let [first, second] = outer.enter(|| {
        let first = spawns::endless();
        [first, inner.enter(spawns::endless)]
    });
    assert_eq!(inner.abort().len(), 1);
    assert!(runtime.block_on(second).unwrap_err().is_cancelled());
    assert!(!first.is_finished());
    let again = outer.enter(|| inner.enter(spawns::endless));
    assert!(runtime.block_on(again).unwrap_err().is_cancelled());
    let third = AbortScope::new();
    let third = outer.enter(|| third.enter(spawns::endless));
    assert!(outer.abort().len() >= 2);
    for task in [first, third] {
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    }
}

#[test]
fn scope_keeps_the_deadline_around_it() {
    let scope = AbortScope::new();
    let timeout = std::time::Duration::from_secs(3600);
    birthmark::with_timeout_blocking(timeout, || {
        let outer = birthmark::deadline();
        assert!(outer.is_some());
        scope.enter(|| assert_eq!(birthmark::deadline(), outer));
    });
}

#[test]
fn tree_within_a_scope_is_aborted_by_the_id_of_its_root() {
    let runtime = workers();
    let _entered = runtime.enter();
    let scope = AbortScope::new();
    let (sender, ids) = std::sync::mpsc::channel();
    let (parent, other) = scope.enter(|| (spawns::parent(sender), spawns::endless()));
    let tasks = abort_tree(ids.recv().unwrap());
    assert!(
        tasks.len() == 2 && tasks.iter().all(|task| task.is_aborted()),
        "{tasks:?}"
    );
    assert!(runtime.block_on(parent).unwrap_err().is_cancelled());
    assert!(!other.is_finished());
    scope.abort();
}

#[test]
fn tree_without_a_scope_goes_on_and_is_named() {
    let runtime = workers();
    let _entered = runtime.enter();
    let (sender, ids) = std::sync::mpsc::channel();
    let parent = spawns::parent(sender);
    let id = ids.recv().unwrap();
    let tasks = abort_tree(id);
    assert!(
        tasks.len() == 2 && tasks.iter().all(|task| !task.is_aborted()),
        "{tasks:?}"
    );
    assert!(tasks.iter().any(|task| task.id() == id));
    assert!(!parent.is_finished());
    assert!(abort_tree(TaskId::from(u64::MAX >> 20)).is_empty());
}

#[test]
fn callee_that_panics_leaves_nothing_for_the_next_spawn() {
    let runtime = workers();
    let _entered = runtime.enter();
    let scope = AbortScope::new();
    for _ in 0..100 {
        let panicked = catch_unwind(AssertUnwindSafe(|| spawns::panicking_callee(&scope)));
        assert!(panicked.is_err());
    }
    assert!(scope.abort().is_empty());
    let outside = spawns::endless();
    assert!(!outside.is_finished());
    outside.abort();
}

/// Each task makes a scope for the next one.
#[test]
fn chain_of_scopes_does_not_grow() {
    let runtime = workers();
    let _entered = runtime.enter();
    let run = |count| {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        spawns::generations(count, sender);
        runtime.block_on(receiver).unwrap();
    };
    run(10_000);
    let before = birthmark_integration_tests::resident_bytes();
    run(200_000);
    let grown = birthmark_integration_tests::resident_bytes().saturating_sub(before);
    assert!(grown < 20 << 20, "{grown} bytes");
}

#[test]
fn cancelled_is_never_ready_outside_of_a_subtree() {
    let mut cancelled = std::pin::pin!(cancelled());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(cancelled.as_mut().poll(&mut cx).is_pending());
    assert!(!is_cancelled());
}
