//! The record of a task from its spawn to each kind of end.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};

use birthmark::{State, Task, TaskId};
use birthmark_integration_tests::{
    block_on, find, only_stats_in, os_thread, own_id, stats_in, wait_for, wait_for_role,
    wait_until, yield_once,
};

/// An executor that gives the task back, so that a test can poll and drop it by hand.
fn spawn<T>(task: T) -> T {
    task
}

/// Polls once.
fn poll<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    pin!(&mut future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Shows, when it is dropped, which task was current.
struct Drops(Sender<Option<TaskId>>);

impl Drop for Drops {
    fn drop(&mut self) {
        let _ = self.0.send(birthmark::current().map(|task| task.id()));
    }
}

/// A panic that nobody reports.
fn fail() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// How the tasks of the only site of a function have ended: completed, panicked, cancelled.
#[track_caller]
fn ends(module: &str, function: &str) -> (u64, u64, u64) {
    wait_until("all have ended", || {
        only_stats_in(module, function).live == 0
    });
    let stats = only_stats_in(module, function);
    let ends = (stats.completed, stats.panicked, stats.cancelled);
    assert_eq!(stats.spawned(), ends.0 + ends.1 + ends.2);
    ends
}

#[birthmark::instrument]
mod states {
    use super::*;

    #[test]
    fn task_that_was_not_polled_is_created() {
        let task = spawn(async {});
        let role = "task_that_was_not_polled_is_created::{async}";
        let record = wait_for_role(role, |state| state == State::Created);
        assert_eq!((record.polls(), record.outcome()), (0, None));
        drop(task);
        assert_eq!(
            ends(module_path!(), "task_that_was_not_polled_is_created"),
            (0, 0, 1)
        );
    }

    #[test]
    fn task_between_two_polls_is_suspended() {
        let mut task = Box::pin(spawn(async {
            yield_once().await;
            pending::<()>().await;
        }));
        let role = "task_between_two_polls_is_suspended::{async}";
        for polls in 1..=3 {
            assert!(poll(&mut task).is_pending());
            let record = wait_for_role(role, State::is_suspended);
            assert_eq!(record.polls(), polls);
        }
        drop(task);
        assert_eq!(
            ends(module_path!(), "task_between_two_polls_is_suspended"),
            (0, 0, 1)
        );
    }

    #[test]
    fn running_task_shows_the_thread_that_it_runs_on() {
        let (to, from) = channel();
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn(move || {
            to.send((own_id(), os_thread())).unwrap();
            let _ = stopped.recv();
        });
        let (id, os_id) = from.recv().unwrap();
        let state = State::Running {
            thread: Some(os_id),
        };
        assert_eq!(find(id).unwrap().state(), state);
        drop(stop);
        thread.join().unwrap();
    }

    #[test]
    fn task_that_migrates_shows_the_thread_of_each_poll() {
        let mut task = Box::pin(spawn(async {
            loop {
                let expected = State::Running {
                    thread: Some(os_thread()),
                };
                assert_eq!(birthmark::current().unwrap().state(), expected);
                yield_once().await;
            }
        }));
        for _ in 0..4 {
            let task = &mut task;
            std::thread::scope(|scope| {
                scope.spawn(move || assert!(poll(task).is_pending()));
            });
        }
        let role = "task_that_migrates_shows_the_thread_of_each_poll::{async}";
        assert_eq!(wait_for_role(role, State::is_suspended).polls(), 4);
    }

    #[test]
    fn task_that_has_returned_is_over_although_its_executor_keeps_it() {
        let mut task = Box::pin(spawn(async { own_id() }));
        let Poll::Ready(id) = poll(&mut task) else {
            panic!("it does not wait for anything")
        };
        assert!(find(id).is_none());
        drop(task);
        let function = "task_that_has_returned_is_over_although_its_executor_keeps_it";
        assert_eq!(ends(module_path!(), function), (1, 0, 0));
    }

    #[test]
    fn nested_task_gives_the_thread_back_to_the_outer_one() {
        block_on(spawn(async {
            let outer = own_id();
            let inner = block_on(spawn(async { own_id() }));
            assert_ne!(outer, inner);
            assert_eq!(own_id(), outer);
            let panicking = AssertUnwindSafe(|| block_on(spawn(async { fail() })));
            assert!(catch_unwind(panicking).is_err());
            assert_eq!(own_id(), outer);
            std::thread::scope(|scope| {
                scope.spawn(|| assert_ne!(own_id(), outer));
            });
            assert_eq!(own_id(), outer);
        }));
    }

    #[test]
    fn values_of_a_task_are_dropped_as_that_task() {
        let (to, from) = channel();
        let owned = Drops(to.clone());
        let task = spawn(async move {
            let _owned = owned;
        });
        let id = wait_for_role("values_of_a_task_are_dropped_as_that_task::{async}", |_| {
            true
        })
        .id();
        drop(task);
        assert_eq!(from.recv().unwrap(), Some(id));
        let owned = Drops(to);
        let mut task = Box::pin(spawn(async move {
            let _owned = owned;
            own_id()
        }));
        let Poll::Ready(id) = poll(&mut task) else {
            panic!("it does not wait for anything")
        };
        assert_eq!(from.recv().unwrap(), Some(id));
    }
}

#[birthmark::instrument]
mod ends_ {
    use super::*;
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap()
    }

    #[test]
    fn panic_in_a_future_is_counted() {
        let error = runtime().block_on(async { tokio::spawn(async { fail() }).await });
        assert!(error.unwrap_err().is_panic());
        assert_eq!(
            ends(module_path!(), "panic_in_a_future_is_counted"),
            (0, 1, 0)
        );
    }

    #[test]
    fn panic_in_a_thread_is_counted() {
        assert!(std::thread::spawn(|| fail()).join().is_err());
        assert_eq!(
            ends(module_path!(), "panic_in_a_thread_is_counted"),
            (0, 1, 0)
        );
    }

    #[test]
    fn panic_in_a_function_by_its_name_is_counted() {
        fn failing() {
            fail()
        }
        assert!(std::thread::spawn(failing).join().is_err());
        let function = "panic_in_a_function_by_its_name_is_counted";
        assert_eq!(ends(module_path!(), function), (0, 1, 0));
    }

    #[test]
    fn panic_in_a_blocking_job_is_counted() {
        let error = block_on(runtime().spawn_blocking(move || fail()));
        assert!(error.unwrap_err().is_panic());
        assert_eq!(
            ends(module_path!(), "panic_in_a_blocking_job_is_counted"),
            (0, 1, 0)
        );
    }

    #[test]
    fn panic_in_a_rayon_job_is_counted() {
        let scope = || rayon::scope(|s| s.spawn(|_| fail()));
        assert!(catch_unwind(scope).is_err());
        assert_eq!(
            ends(module_path!(), "panic_in_a_rayon_job_is_counted"),
            (0, 1, 0)
        );
    }

    /// The future has returned; that what it owned panics when dropped is its own end all the same.
    #[test]
    fn panic_in_a_destructor_of_a_task_does_not_lose_the_record() {
        struct Fails;
        impl Drop for Fails {
            fn drop(&mut self) {
                fail()
            }
        }
        let fails = Fails;
        let task = spawn(async move {
            let _fails = fails;
            pending::<()>().await;
        });
        assert!(catch_unwind(AssertUnwindSafe(|| drop(task))).is_err());
        let function = "panic_in_a_destructor_of_a_task_does_not_lose_the_record";
        let ends = ends(module_path!(), function);
        assert_eq!(ends.0 + ends.1 + ends.2, 1);
    }

    /// A closure that is called while the thread already unwinds has not panicked itself.
    #[test]
    fn task_that_returns_during_an_unwinding_has_completed() {
        struct Calls;
        impl Drop for Calls {
            fn drop(&mut self) {
                spawn(move || 1)();
                block_on(spawn(async {}));
            }
        }
        let panicking = || {
            let _calls = Calls;
            fail()
        };
        assert!(catch_unwind(panicking).is_err());
        let sites = stats_in(module_path!(), "Calls::drop");
        assert_eq!(sites.len(), 2);
        for stats in sites {
            assert_eq!((stats.completed, stats.panicked, stats.live), (1, 0, 0));
        }
    }

    #[test]
    fn aborted_task_is_cancelled() {
        let runtime = runtime();
        let (started, has_started) = channel();
        let task = runtime.spawn(async move {
            started.send(own_id()).unwrap();
            pending::<()>().await;
        });
        let id = has_started.recv().unwrap();
        task.abort();
        assert!(block_on(task).unwrap_err().is_cancelled());
        assert_eq!(ends(module_path!(), "aborted_task_is_cancelled"), (0, 0, 1));
        assert!(find(id).is_none());
    }

    #[test]
    fn tasks_dropped_with_their_runtime_are_cancelled() {
        let runtime = runtime();
        for _ in 0..10 {
            runtime.spawn(async { pending::<()>().await });
        }
        wait_until("all are there", || {
            only_stats_in(
                module_path!(),
                "tasks_dropped_with_their_runtime_are_cancelled",
            )
            .live
                == 10
        });
        drop(runtime);
        let function = "tasks_dropped_with_their_runtime_are_cancelled";
        assert_eq!(ends(module_path!(), function), (0, 0, 10));
    }

    #[test]
    fn task_that_its_handle_takes_along_is_cancelled() {
        drop(smol::spawn(pending::<()>()));
        let function = "task_that_its_handle_takes_along_is_cancelled";
        assert_eq!(ends(module_path!(), function), (0, 0, 1));
    }

    #[test]
    fn closure_that_is_never_called_is_cancelled() {
        drop(spawn(move || 1));
        assert_eq!(
            ends(module_path!(), "closure_that_is_never_called_is_cancelled"),
            (0, 0, 1)
        );
    }

    #[test]
    fn closure_that_is_called_again_is_one_task() {
        let calls = spawn(move || own_id());
        let first = calls();
        assert_eq!(first, calls());
        drop(calls);
        assert_eq!(
            ends(module_path!(), "closure_that_is_called_again_is_one_task"),
            (1, 0, 0)
        );
    }

    #[test]
    fn thread_that_fails_to_start_is_cancelled() {
        let result = std::thread::Builder::new()
            .stack_size(1 << 47)
            .spawn(move || ());
        assert!(result.is_err());
        assert_eq!(
            ends(module_path!(), "thread_that_fails_to_start_is_cancelled"),
            (0, 0, 1)
        );
    }

    #[test]
    fn spawn_whose_arguments_panic_leaves_no_record() {
        fn task() -> std::future::Ready<()> {
            fail()
        }
        let spawning = || drop(spawn(task()));
        assert!(catch_unwind(spawning).is_err());
        let stats = only_stats_in(
            module_path!(),
            "spawn_whose_arguments_panic_leaves_no_record",
        );
        assert_eq!(stats.live, 0);
    }

    /// A thread-local's destructor runs when birthmark has left the thread already, or before.
    #[test]
    fn spawns_while_a_thread_exits_are_recorded() {
        struct Spawns;
        impl Drop for Spawns {
            fn drop(&mut self) {
                std::thread::spawn(|| ());
                drop(spawn(async {}));
            }
        }
        thread_local!(static FIRST: Spawns = const { Spawns });
        thread_local!(static LAST: Spawns = const { Spawns });
        plain_thread(|| {
            FIRST.with(|_| ());
            std::thread::spawn(|| ()).join().unwrap();
            LAST.with(|_| ());
        });
        let sites = || stats_in(module_path!(), "Spawns::drop");
        wait_until("both have spawned", || {
            sites()
                .iter()
                .all(|stats| stats.live == 0 && stats.spawned() == 2)
        });
        assert_eq!(sites()[0].completed, 2);
        assert_eq!(sites()[1].cancelled, 2);
    }
}

/// A thread that birthmark does not see being spawned.
fn plain_thread(f: impl FnOnce() + Send + 'static) {
    std::thread::spawn(f).join().unwrap();
}

#[birthmark::instrument]
mod roots {
    use super::*;
    use birthmark::Kind;

    #[test]
    fn thread_that_nobody_saw_being_spawned_is_no_task_until_it_spawns() {
        plain_thread(|| {
            assert!(birthmark::current().is_none());
            spawn(move || ())();
            let own = birthmark::current().unwrap();
            assert_eq!((own.kind(), own.parent()), (Kind::External, None));
            assert!(own.site().is_none());
        });
    }

    #[test]
    fn external_thread_is_gone_when_it_has_exited() {
        let (to, from) = channel();
        plain_thread(move || {
            spawn(move || ())();
            to.send(own_id()).unwrap();
        });
        let id = from.recv().unwrap();
        wait_until("the thread has left", || find(id).is_none());
    }

    #[test]
    fn external_thread_shows_its_name() {
        std::thread::scope(|scope| {
            let named = std::thread::Builder::new().name("the pump".into());
            // Skipped, so that birthmark meets the thread only when it spawns itself.
            let role = plain_scoped(scope, named, || {
                spawn(move || ())();
                birthmark::current().unwrap().role().to_owned()
            });
            assert_eq!(role, "the pump");
        });
    }

    #[birthmark::instrument(skip)]
    fn plain_scoped<'s, R: Send + 's>(
        scope: &'s std::thread::Scope<'s, '_>,
        builder: std::thread::Builder,
        f: impl FnOnce() -> R + Send + 's,
    ) -> R {
        builder.spawn_scoped(scope, f).unwrap().join().unwrap()
    }

    #[test]
    fn detached_task_is_a_root() {
        let task = std::thread::spawn(birthmark::root!(|| birthmark::current().unwrap()));
        let task: Task = task.join().unwrap();
        assert!(task.is_root());
        assert_eq!((task.parent(), task.lineage().len()), (None, 0));
        let task = block_on(spawn(birthmark::root!(async {
            birthmark::current().unwrap()
        })));
        assert!(task.is_root() && task.parent().is_none());
    }
}

#[birthmark::instrument]
mod lineage {
    use super::*;

    /// The ids of a task's ancestors, nearest first.
    fn ancestors(task: &Task) -> Vec<TaskId> {
        task.lineage()
            .iter()
            .map(|ancestor| ancestor.id())
            .collect()
    }

    fn generation(depth: u32, mut line: Vec<TaskId>, to: Sender<(Vec<TaskId>, Task)>) {
        line.insert(0, own_id());
        if depth == 0 {
            let parent = line[1];
            wait_for("the parent has ended", || {
                find(parent).is_none().then_some(())
            });
            to.send((line, birthmark::current().unwrap())).unwrap();
        } else {
            std::thread::spawn(move || generation(depth - 1, line, to));
        }
    }

    #[test]
    fn lineage_stays_right_after_ancestors_have_ended() {
        let (to, from) = channel();
        let root = std::thread::spawn(move || generation(10, Vec::new(), to));
        root.join().unwrap();
        let (mut line, task) = from.recv().unwrap();
        line.remove(0);
        line.push(own_id());
        assert_eq!(ancestors(&task), line);
        assert!(task.lineage().is_complete());
        assert!(
            task.lineage()
                .iter()
                .all(|ancestor| ancestor.elided_before() == 0)
        );
        let roles: Vec<_> = task
            .lineage()
            .iter()
            .map(|ancestor| ancestor.role())
            .collect();
        assert!(
            roles[..10]
                .iter()
                .all(|role| role.starts_with("generation")
                    || role.starts_with("lineage_stays_right"))
        );
    }

    #[test]
    fn lineage_crosses_runtimes() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        let (to, from) = channel();
        let mut line = vec![];
        std::thread::spawn(move || {
            line.insert(0, own_id());
            handle.spawn(async move {
                line.insert(0, own_id());
                tokio::task::spawn_blocking(move || {
                    line.insert(0, own_id());
                    rayon::spawn(move || {
                        line.insert(0, own_id());
                        smol::spawn(async move {
                            to.send((line, birthmark::current().unwrap())).unwrap();
                        })
                        .detach();
                    });
                });
            });
        });
        let (mut line, task) = from.recv().unwrap();
        line.push(own_id());
        assert_eq!(ancestors(&task), line);
    }

    #[test]
    fn ids_are_never_used_again() {
        let mut ids: Vec<TaskId> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (0..50_000)
                            .map(|_| spawn(move || own_id())())
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(ids.len(), 200_000);
    }
}
