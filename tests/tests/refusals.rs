//! A refused task keeps nothing: the table of [`birthmark::Spawn::refuse`], row by row.
//!
//! Each row spawns a task that owns a [`Captured`], with a hook that refuses it. The row checks how the spawner learns
//! of it, that the captured value is gone when the spawn returns, and that what the executor got instead ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use birthmark::{HookHandle, Refusal, Spawn, add_hook, catch_refusal};
use birthmark_integration_tests::{block_on, stats_in, wait_until};

/// A hook that refuses the spawns of one function.
fn refuse_in(function: &'static str) -> HookHandle {
    add_hook(move |spawn: &mut Spawn<'_>| {
        if spawn.site().function() == function {
            spawn.refuse("over the quota");
        }
    })
}

/// A value that a refused task owns.
struct Captured(Arc<()>);

/// Counts what is captured and not dropped.
struct Owner(Arc<()>);

impl Owner {
    fn new() -> Self {
        Owner(Arc::new(()))
    }

    fn capture(&self) -> Captured {
        Captured(Arc::clone(&self.0))
    }

    fn captured(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }

    /// Checks that the value is gone now.
    #[track_caller]
    fn check_dropped(&self) {
        assert_eq!(self.captured(), 0, "what the refused task owned is kept");
    }
}

impl Captured {
    /// The task: it never runs.
    async fn run(self) -> u32 {
        unreachable!("it was refused: {:?}", self.0)
    }

    async fn run_for_nothing(self) {
        self.run().await;
    }

    fn into_job(self) -> impl FnOnce() + Send {
        move || unreachable!("it was refused: {:?}", self.0)
    }
}

/// Checks that the text has the hook, the callee and the position.
#[track_caller]
fn check_text(text: &str, callee: &str) {
    let beginning = format!("a spawn hook refused {callee} (");
    assert!(text.starts_with(&beginning), "{text}");
    assert!(text.contains(" at tests/tests/refusals.rs:"), "{text}");
    assert!(text.ends_with(": over the quota"), "{text}");
}

/// Checks that the spawner panics, and says who refused what.
#[track_caller]
fn check_panic<R>(callee: &str, f: impl FnOnce() -> R) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("{callee} was not refused")
    };
    check_text(payload.downcast_ref::<String>().unwrap(), callee);
}

#[track_caller]
fn check_refusal(refusal: &Refusal, callee: &str) {
    assert_eq!(refusal.reason(), "over the quota");
    assert_eq!(refusal.site().callee(), callee);
    check_text(&refusal.to_string(), callee);
}

/// Checks the error of a tokio task that its executor has polled.
#[track_caller]
fn check_join_error(error: tokio::task::JoinError, callee: &str) {
    let payload = error.try_into_panic().expect("the task ended by unwinding");
    check_refusal(payload.downcast_ref::<Refusal>().unwrap(), callee);
}

fn current_thread() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("the runtime starts")
}

fn workers() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("the runtime starts")
}

/// Checks that the runtime has no task any more.
#[track_caller]
fn check_no_tasks(runtime: &tokio::runtime::Runtime) {
    wait_until("the runtime has dropped its tasks", || {
        runtime.metrics().num_alive_tasks() == 0
    });
}

/// Executors whose `spawn` returns nothing.
mod wrappers {
    use super::*;

    pub struct Exec(pub tokio::runtime::Handle);

    impl Exec {
        pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) {
            self.0.spawn(future);
        }
    }

    /// Polls the future in the call.
    pub struct Inline;

    impl Inline {
        pub fn spawn<F: Future>(&self, future: F) -> F::Output {
            block_on(future)
        }
    }

    /// Takes a future, and runs no executor of its own.
    pub struct Fails;

    impl Fails {
        pub fn spawn<F: Future>(&self, future: F) {
            drop(future);
            panic!("no executor")
        }
    }
}

#[birthmark::instrument]
mod errors {
    use super::*;

    #[test]
    fn thread_builder_refused_drops_captures() {
        let _hook = refuse_in("thread_builder_refused_drops_captures");
        let owner = Owner::new();
        let captured = owner.capture();
        let result = thread::Builder::new().spawn(move || drop(captured));
        let error = result.expect_err("it was refused");
        let refusal = error.get_ref().and_then(|source| source.downcast_ref());
        check_refusal(refusal.unwrap(), "thread::Builder::new().spawn");
        wait_until("the closure is dropped", || owner.captured() == 0);
        let captured = owner.capture();
        let result = thread::scope(|scope| {
            let result = thread::Builder::new().spawn_scoped(scope, move || drop(captured));
            result.map(drop)
        });
        assert!(result.is_err());
        owner.check_dropped();
    }
}

#[birthmark::instrument]
mod aborted {
    use super::*;
    use tokio::task::{JoinSet, LocalSet};

    #[test]
    fn tokio_handles_refused_are_cancelled() {
        let _hook = refuse_in("tokio_handles_refused_are_cancelled");
        let owner = Owner::new();
        let runtime = workers();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            for _ in 0..100 {
                // Also if a worker polls it before the handle is aborted.
                let handle = tokio::spawn(owner.capture().run());
                owner.check_dropped();
                assert!(handle.await.unwrap_err().is_cancelled());
                let captured = owner.capture();
                let handle = tokio::spawn(async move { captured.run_for_nothing().await });
                owner.check_dropped();
                assert!(handle.await.unwrap_err().is_cancelled());
            }
            let handle = tokio::spawn(Box::pin(owner.capture().run()));
            owner.check_dropped();
            assert!(handle.await.unwrap_err().is_cancelled());
            let boxed: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> =
                Box::pin(owner.capture().run_for_nothing());
            let handle = tokio::spawn(boxed);
            owner.check_dropped();
            assert!(handle.await.unwrap_err().is_cancelled());
            let handle = tokio::spawn(birthmark::named!("named" => owner.capture().run()));
            owner.check_dropped();
            assert!(handle.await.unwrap_err().is_cancelled());
            let handle = tokio::task::spawn_local(owner.capture().run());
            owner.check_dropped();
            assert!(handle.await.unwrap_err().is_cancelled());
            let mut set = JoinSet::new();
            set.spawn(owner.capture().run());
            set.spawn_on(owner.capture().run(), runtime.handle());
            owner.check_dropped();
            while let Some(result) = set.join_next().await {
                assert!(result.unwrap_err().is_cancelled());
            }
            let tracker = tokio_util::task::TaskTracker::new();
            drop(tracker.spawn(owner.capture().run()));
            owner.check_dropped();
            tracker.close();
            tracker.wait().await;
        });
        drop(local);
        check_no_tasks(&runtime);
    }

    #[test]
    fn pinned_pool_refused_is_cancelled_and_calls_nothing() {
        let _hook = refuse_in("pinned_pool_refused_is_cancelled_and_calls_nothing");
        let owner = Owner::new();
        let pool = tokio_util::task::LocalPoolHandle::new(1);
        current_thread().block_on(async {
            for _ in 0..100 {
                let captured = owner.capture();
                let handle = pool.spawn_pinned(move || captured.run());
                owner.check_dropped();
                assert!(handle.await.unwrap_err().is_cancelled());
            }
        });
    }
}

#[birthmark::instrument]
mod panicking {
    use super::*;

    #[test]
    fn wrapper_without_result_refused_keeps_nothing() {
        let _hook = refuse_in("wrapper_without_result_refused_keeps_nothing");
        let owner = Owner::new();
        let runtime = workers();
        let executor = wrappers::Exec(runtime.handle().clone());
        for _ in 0..100 {
            check_panic("executor.spawn", || executor.spawn(owner.capture().run()));
            owner.check_dropped();
            let captured = owner.capture();
            check_panic("executor.spawn", || {
                executor.spawn(async move { captured.run_for_nothing().await })
            });
            owner.check_dropped();
        }
        check_no_tasks(&runtime);
    }

    #[test]
    fn local_pool_refused_runs_to_its_end() {
        use futures::task::{LocalSpawnExt, SpawnExt};
        let _hook = refuse_in("local_pool_refused_runs_to_its_end");
        let owner = Owner::new();
        let mut pool = futures::executor::LocalPool::new();
        let spawner = pool.spawner();
        check_panic("spawner.spawn_local", || {
            spawner.spawn_local(owner.capture().run_for_nothing())
        });
        check_panic("spawner.spawn", || {
            spawner.spawn(owner.capture().run_for_nothing())
        });
        check_panic("spawner.spawn_local_with_handle", || {
            spawner.spawn_local_with_handle(owner.capture().run())
        });
        owner.check_dropped();
        pool.run();
    }

    #[test]
    fn thread_pool_refused_keeps_nothing() {
        use futures::task::SpawnExt;
        let _hook = refuse_in("thread_pool_refused_keeps_nothing");
        let owner = Owner::new();
        let pool = futures::executor::ThreadPool::builder()
            .pool_size(1)
            .create();
        let pool = pool.expect("the pool starts");
        check_panic("pool.spawn_ok", || {
            pool.spawn_ok(owner.capture().run_for_nothing())
        });
        check_panic("pool.spawn_with_handle", || {
            pool.spawn_with_handle(owner.capture().run())
        });
        owner.check_dropped();
    }

    #[test]
    fn join_map_refused_is_joined() {
        let _hook = refuse_in("join_map_refused_is_joined");
        let owner = Owner::new();
        current_thread().block_on(async {
            let mut map = tokio_util::task::JoinMap::new();
            check_panic("map.spawn", || map.spawn("key", owner.capture().run()));
            owner.check_dropped();
            let (key, result) = map.join_next().await.expect("it has the key");
            assert_eq!(key, "key");
            check_join_error(result.unwrap_err(), "map.spawn");
            assert!(map.join_next().await.is_none());
            let mut map = tokio_util::task::JoinMap::new();
            check_panic("map.spawn", || {
                map.spawn(1, owner.capture().run_for_nothing())
            });
            owner.check_dropped();
            let (key, result) = map.join_next().await.expect("it has the key");
            assert_eq!((key, result.is_ok()), (1, true));
        });
    }

    #[test]
    fn smol_executors_refused_are_empty() {
        let _hook = refuse_in("smol_executors_refused_are_empty");
        let owner = Owner::new();
        let executor = smol::Executor::new();
        check_panic("executor.spawn", || {
            executor.spawn(owner.capture().run()).detach()
        });
        let local = smol::LocalExecutor::new();
        check_panic("local.spawn", || {
            local.spawn(owner.capture().run()).detach()
        });
        owner.check_dropped();
        while executor.try_tick() || local.try_tick() {}
        assert!(executor.is_empty() && local.is_empty());
    }

    #[test]
    fn hyper_executor_refused_keeps_nothing() {
        use hyper::rt::Executor;
        let _hook = refuse_in("hyper_executor_refused_keeps_nothing");
        let owner = Owner::new();
        let runtime = workers();
        let _inside = runtime.enter();
        let executor = hyper_util::rt::TokioExecutor::new();
        check_panic("executor.execute", || {
            executor.execute(owner.capture().run_for_nothing())
        });
        owner.check_dropped();
        check_no_tasks(&runtime);
    }

    #[test]
    fn inline_executor_refused_does_not_hang() {
        let _hook = refuse_in("inline_executor_refused_does_not_hang");
        let owner = Owner::new();
        let executor = wrappers::Inline;
        check_panic("executor.spawn", || executor.spawn(owner.capture().run()));
        check_panic("executor.spawn", || {
            executor.spawn(owner.capture().run_for_nothing())
        });
        owner.check_dropped();
    }

    /// `FuturesUnordered` catches no panics. The spawner has reported the reason.
    #[test]
    #[birthmark::instrument(also(push))]
    fn executor_that_catches_nothing_refused_unwinds() {
        use futures::StreamExt;
        let _hook = refuse_in("executor_that_catches_nothing_refused_unwinds");
        let owner = Owner::new();
        let futures = futures::stream::FuturesUnordered::new();
        check_panic("futures.push", || futures.push(owner.capture().run()));
        owner.check_dropped();
        let all = AssertUnwindSafe(|| block_on(futures.collect::<Vec<_>>()));
        let payload = catch_unwind(all).unwrap_err();
        check_refusal(payload.downcast_ref().unwrap(), "futures.push");
    }

    #[test]
    fn closures_refused_are_dropped() {
        let _hook = refuse_in("closures_refused_are_dropped");
        let owner = Owner::new();
        let runtime = current_thread();
        let _inside = runtime.enter();
        let captured = owner.capture();
        check_panic("thread::spawn", || thread::spawn(move || drop(captured)));
        let captured = owner.capture();
        check_panic("rayon::spawn", || rayon::spawn(move || drop(captured)));
        let captured = owner.capture();
        check_panic("tokio::task::spawn_blocking", || {
            tokio::task::spawn_blocking(move || drop(captured))
        });
        let pool = threadpool::ThreadPool::new(1);
        let captured = owner.capture();
        check_panic("pool.execute", || pool.execute(move || drop(captured)));
        owner.check_dropped();
        pool.join();
    }

    /// Its kind is not known when the hook refuses it. Unwinding in rayon's pool would abort the process.
    #[test]
    fn named_function_refused_panics_in_the_spawner() {
        let _hook = refuse_in("named_function_refused_panics_in_the_spawner");
        let owner = Owner::new();
        let job = owner.capture().into_job();
        check_panic("rayon::spawn", || {
            rayon::spawn(birthmark::named!("job" => job))
        });
        owner.check_dropped();
        let job = owner.capture().into_job();
        check_panic("thread::spawn", || {
            thread::spawn(birthmark::named!("thread" => job))
        });
        owner.check_dropped();
    }

    /// A value that is no task passes, whatever a hook says.
    #[test]
    fn value_that_is_no_task_refused_passes() {
        let _hook = refuse_in("value_that_is_no_task_refused_passes");
        fn spawn<T>(value: T) -> T {
            value
        }
        let name = String::from("no task");
        assert_eq!(spawn(birthmark::named!("name" => name)), "no task");
    }
}

#[birthmark::instrument]
mod caught {
    use super::*;

    /// The spawner learns of it in one way, whatever the callee.
    #[test]
    fn spawn_refused_is_an_error_whatever_the_callee() {
        let hook = refuse_in("spawn_refused_is_an_error_whatever_the_callee");
        let owner = Owner::new();
        let runtime = current_thread();
        let executor = wrappers::Exec(runtime.handle().clone());
        let refused: [(_, Result<(), Refusal>); 7] = [
            (
                "runtime.spawn",
                catch_refusal(|| drop(runtime.spawn(owner.capture().run()))),
            ),
            (
                "executor.spawn",
                catch_refusal(|| executor.spawn(owner.capture().run())),
            ),
            (
                "wrappers::Inline.spawn",
                catch_refusal(|| wrappers::Inline.spawn(owner.capture().run())).map(drop),
            ),
            (
                "thread::spawn",
                catch_refusal(|| drop(thread::spawn(owner.capture().into_job()))),
            ),
            (
                "thread::Builder::new().spawn",
                catch_refusal(|| {
                    let thread = thread::Builder::new().spawn(owner.capture().into_job());
                    assert!(thread.is_err());
                }),
            ),
            (
                "thread::spawn",
                catch_refusal(|| {
                    // What is caught in between is not lost, and a refusal caught further in is not seen.
                    let inner = catch_refusal(|| executor.spawn(owner.capture().run()));
                    assert_eq!(inner.unwrap_err().site().callee(), "executor.spawn");
                    let panicking = || drop(thread::spawn(owner.capture().into_job()));
                    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
                }),
            ),
            (
                "runtime.spawn",
                catch_refusal(|| {
                    drop(runtime.spawn(owner.capture().run()));
                    executor.spawn(owner.capture().run());
                }),
            ),
        ];
        for (callee, result) in refused {
            check_refusal(&result.unwrap_err(), callee);
        }
        wait_until("threads have ended", || owner.captured() == 0);
        hook.remove();
        let result = catch_refusal(|| runtime.spawn(async { 1 }));
        assert_eq!(runtime.block_on(result.unwrap()).unwrap(), 1);
        let other = catch_unwind(|| catch_refusal(|| std::panic::resume_unwind(Box::new(7))));
        assert_eq!(*other.unwrap_err().downcast::<i32>().unwrap(), 7);
    }

    #[test]
    fn coverage_refused_tasks_are_counted() {
        let _hook = refuse_in("coverage_refused_tasks_are_counted");
        let before = birthmark::dump().coverage().refused();
        assert!(catch_refusal(|| thread::spawn(|| ())).is_err());
        let dump = birthmark::dump();
        // Other tests refuse meanwhile.
        let refused = dump.coverage().refused();
        assert!(refused > before);
        assert!(
            dump.coverage()
                .to_string()
                .contains(&format!("; {refused} refused by hooks; "))
        );
        assert!(
            dump.json()
                .to_string()
                .contains(&format!("\"refused\":{refused},"))
        );
    }
}

#[birthmark::instrument]
mod destructors {
    use super::*;

    /// The spawner runs it, and panics with it. The refusal does not hit the next spawn.
    #[test]
    fn capture_that_panics_refused_panics_in_the_spawner() {
        struct Panics(#[expect(dead_code)] Captured);
        impl Drop for Panics {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("on purpose"))
            }
        }
        let hook = refuse_in("capture_that_panics_refused_panics_in_the_spawner");
        let owner = Owner::new();
        let runtime = current_thread();
        let executor = wrappers::Exec(runtime.handle().clone());
        let spawn = |captured: Option<Panics>| executor.spawn(async move { drop(captured) });
        let captured = Panics(owner.capture());
        let payload = catch_unwind(AssertUnwindSafe(|| spawn(Some(captured)))).unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "on purpose");
        owner.check_dropped();
        hook.remove();
        spawn(None);
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    }

    #[test]
    fn callee_that_panics_refused_leaves_nothing_behind() {
        let _hook = refuse_in("callee_that_panics_refused_leaves_nothing_behind");
        let owner = Owner::new();
        let executor = wrappers::Fails;
        let panicking = AssertUnwindSafe(|| executor.spawn(owner.capture().run()));
        assert!(catch_unwind(panicking).is_err());
        owner.check_dropped();
    }

    /// Dropped where they would have been, exactly once.
    #[test]
    fn captures_refused_are_dropped_once() {
        static DROPS: AtomicU32 = AtomicU32::new(0);
        struct Counted(#[expect(dead_code)] Box<u32>);
        impl Drop for Counted {
            fn drop(&mut self) {
                DROPS.fetch_add(1, SeqCst);
            }
        }
        let _hook = refuse_in("captures_refused_are_dropped_once");
        let runtime = current_thread();
        let captured = Counted(Box::new(1));
        let handle = runtime.spawn(async move { drop(captured) });
        assert_eq!(DROPS.load(SeqCst), 1);
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        drop(runtime);
        assert_eq!(DROPS.load(SeqCst), 1);
        for stats in stats_in(module_path!(), "captures_refused_are_dropped_once") {
            assert_eq!((stats.refused, stats.spawned()), (1, 0), "{stats:?}");
        }
    }
}
