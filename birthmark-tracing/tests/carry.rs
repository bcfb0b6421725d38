//! A span goes along with every kind of spawn, and only where it should.

mod support;

use std::cell::Cell;
use std::future::pending;
use std::thread;

use birthmark_test_support as _;
use support::{lines_of, on_workers};
use tracing::{Instrument, info, info_span};

/// Logs when it is dropped.
struct LogsDrop(&'static str);

impl Drop for LogsDrop {
    fn drop(&mut self) {
        info!("dropped {}", self.0);
    }
}

#[birthmark::instrument]
mod kinds {
    use super::*;

    #[test]
    fn tokio_task_and_its_child_are_in_the_span() {
        async fn child() {
            info!("child");
        }
        async fn task() {
            info!("task");
            tokio::task::yield_now().await;
            tokio::spawn(child()).await.unwrap();
        }
        let lines = lines_of(|| {
            on_workers(async {
                let span = info_span!("request", id = 7);
                let task = span.in_scope(|| tokio::spawn(task()));
                task.await.unwrap();
                info!("outside");
            });
        });
        assert_eq!(
            lines,
            ["outside", "request{id=7}: child", "request{id=7}: task"]
        );
    }

    #[test]
    fn blocking_job_join_set_and_local_set_are_in_the_span() {
        let lines = lines_of(|| {
            on_workers(
                async {
                    tokio::task::spawn_blocking(|| info!("blocking"))
                        .await
                        .unwrap();
                    let mut set = tokio::task::JoinSet::new();
                    set.spawn(async { info!("join set") });
                    set.join_next().await.unwrap().unwrap();
                    let local = tokio::task::LocalSet::new();
                    local
                        .run_until(async {
                            tokio::task::spawn_local(async { info!("local") })
                                .await
                                .unwrap();
                        })
                        .await;
                }
                .instrument(info_span!("request")),
            );
        });
        assert_eq!(
            lines,
            ["request: blocking", "request: join set", "request: local"]
        );
    }

    #[test]
    fn thread_scoped_thread_and_rayon_job_are_in_the_span() {
        let lines = lines_of(|| {
            let _span = info_span!("request").entered();
            thread::spawn(|| info!("thread")).join().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| info!("scoped thread"));
            });
            rayon::in_place_scope(|scope| scope.spawn(|_| info!("scoped job")));
            let (to, from) = std::sync::mpsc::channel();
            rayon::spawn(move || {
                info!("job");
                to.send(()).unwrap();
            });
            from.recv().unwrap();
        });
        assert_eq!(
            lines,
            [
                "request: job",
                "request: scoped job",
                "request: scoped thread",
                "request: thread"
            ]
        );
    }

    /// The closure of a scope is the same task, on a thread of the pool.
    #[test]
    fn closures_of_rayon_scopes_and_their_jobs_are_in_the_span() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        let lines = lines_of(|| {
            let span = info_span!("request").entered();
            rayon::scope(|scope| {
                info!("scope");
                info_span!("inner").in_scope(|| scope.spawn(|_| info!("job")));
            });
            rayon::scope_fifo(|_| info!("fifo"));
            pool.scope(|_| {
                info!("pool");
                rayon::scope(|_| info!("nested"));
            });
            let owned = LogsDrop("what the closure owns");
            let len = pool.install(move || {
                let owned = &owned;
                owned.0.len()
            });
            assert_eq!(len, 21);
            std::panic::catch_unwind(|| {
                rayon::scope(|_| std::panic::resume_unwind(Box::new("on purpose")));
            })
            .unwrap_err();
            drop(span);
            rayon::scope(|_| info!("after"));
        });
        assert_eq!(
            lines,
            [
                "after",
                "request: dropped what the closure owns",
                "request: fifo",
                "request: nested",
                "request: pool",
                "request: scope",
                "request:inner: job"
            ]
        );
    }

    #[test]
    fn drop_of_a_cancelled_task_is_in_the_span_whether_it_had_started_or_not() {
        async fn task(owned: LogsDrop) {
            pending::<()>().await;
            drop(owned);
        }
        let lines = lines_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                for turns in [0, 1] {
                    let span = info_span!("request", turns);
                    let task = span.in_scope(|| tokio::spawn(task(LogsDrop("future"))));
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                    task.abort();
                    assert!(task.await.unwrap_err().is_cancelled());
                }
            });
        });
        let dropped = |turns: u32| format!("request{{turns={turns}}}: dropped future");
        assert_eq!(lines, [dropped(0), dropped(1)]);
    }

    #[test]
    fn task_that_panics_leaves_the_span() {
        let lines = lines_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                let fail = async { std::panic::resume_unwind(Box::new("on purpose")) };
                let task = info_span!("request").in_scope(|| tokio::spawn(fail));
                assert!(task.await.is_err_and(|error| error.is_panic()));
                info!("after");
            });
        });
        assert_eq!(lines, ["after"]);
    }

    /// The thread of an executor is in the span during the poll only.
    #[test]
    fn thread_is_not_in_the_span_between_polls() {
        let lines = lines_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                let turns = async {
                    for _ in 0..2 {
                        info!("inside");
                        tokio::task::yield_now().await;
                    }
                };
                let task = info_span!("request").in_scope(|| tokio::spawn(turns));
                while !task.is_finished() {
                    info!("between");
                    tokio::task::yield_now().await;
                }
            });
        });
        let inside = lines.iter().filter(|line| *line == "request: inside");
        assert_eq!(inside.count(), 2, "{lines:?}");
        assert!(lines.contains(&"between".to_owned()), "{lines:?}");
        assert!(
            lines
                .iter()
                .all(|line| line.ends_with("inside") || line == "between")
        );
    }

    /// Each spawn sees the span of its own moment.
    #[test]
    fn span_of_the_spawn_counts_and_not_that_of_the_first_poll() {
        let lines = lines_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                let [first, second] = [1, 2].map(|id| {
                    let span = info_span!("request", id);
                    span.in_scope(|| tokio::spawn(async { info!("here") }))
                });
                first.await.unwrap();
                second.await.unwrap();
            });
        });
        assert_eq!(lines, ["request{id=1}: here", "request{id=2}: here"]);
    }

    /// A closure without `move` is called once, on the new thread.
    #[test]
    fn closure_with_thread_local_state_is_entered_once() {
        thread_local!(static RUNS: Cell<u32> = const { Cell::new(0) });
        let lines = lines_of(|| {
            let _span = info_span!("request").entered();
            let run = || {
                RUNS.set(RUNS.get() + 1);
                info!("run {}", RUNS.get());
            };
            thread::spawn(run).join().unwrap();
        });
        assert_eq!(lines, ["request: run 1"]);
    }

    #[test]
    fn without_a_span_nothing_is_entered() {
        let lines = lines_of(|| thread::spawn(|| info!("alone")).join().unwrap());
        assert_eq!(lines, ["alone"], "the dispatcher of the spawner is there");
    }
}
