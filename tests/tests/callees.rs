//! One test for each row of the table of callees, with the crate of the row.
//!
//! Each test checks that the task has a record with the right kind, role, parent and site. The result is unchanged, and
//! the end is counted.

#![allow(
    unexpected_cfgs,
    reason = "tokio's task::Builder exists under `--cfg tokio_unstable` only"
)]

use birthmark::Kind::{Blocking, Future, Job, ScopedThread, Thread};
use birthmark_integration_tests::{
    Witness, block_on, check, check_child_of, own_id, testimony, witness,
};
use std::sync::mpsc::channel;

/// Runs `f` with a way to send a witness out, for callees whose tasks return nothing.
fn sent(f: impl FnOnce(Box<dyn Fn(Witness) + Send + Sync>)) -> Witness {
    let (to, from) = channel();
    f(Box::new(move |witness| to.send(witness).unwrap()));
    from.recv().unwrap()
}

#[birthmark::instrument]
mod std_threads {
    use super::*;
    use std::thread;

    #[test]
    fn thread_spawn() {
        let seen = thread::spawn(witness).join().unwrap();
        check(&seen, "thread::spawn", Thread, "witness");
        let seen = thread::spawn(|| witness()).join().unwrap();
        check(&seen, "thread::spawn", Thread, "witness");
        let seen = std::thread::spawn(move || witness()).join().unwrap();
        check(&seen, "std::thread::spawn", Thread, "witness");
        let boxed: Box<dyn FnOnce() -> Witness + Send> = Box::new(witness);
        let seen = thread::spawn(boxed).join().unwrap();
        check(&seen, "thread::spawn", Thread, "witness");
    }

    #[test]
    fn builder_spawn() {
        let builder = thread::Builder::new().name("its own".into());
        let seen = builder.spawn(witness).unwrap().join().unwrap();
        check(&seen, "builder.spawn", Thread, "witness");
        let seen = thread::Builder::new()
            .name("its own".into())
            .spawn(|| {
                // birthmark does not rename the program's threads.
                assert_eq!(thread::current().name(), Some("its own"));
                witness()
            })
            .unwrap()
            .join()
            .unwrap();
        let callee = "thread::Builder::new().name().spawn";
        check(&seen, callee, Thread, "builder_spawn::{closure}");
    }

    #[test]
    fn builder_spawn_scoped() {
        let (mut local, shared) = (1, 2);
        let seen = thread::scope(|scope| {
            let handle = thread::Builder::new().spawn_scoped(scope, || {
                local += shared;
                witness()
            });
            handle.unwrap().join().unwrap()
        });
        assert_eq!(local, 3);
        let callee = "thread::Builder::new().spawn_scoped";
        check(
            &seen,
            callee,
            ScopedThread,
            "builder_spawn_scoped::{closure}",
        );
    }

    #[test]
    fn scope_spawn() {
        let mut local = 1;
        let seen = thread::scope(|scope| {
            let first = scope.spawn(|| {
                local += 1;
                witness()
            });
            first.join().unwrap()
        });
        assert_eq!(local, 2);
        check(&seen, "scope.spawn", ScopedThread, "scope_spawn::{closure}");
        let seen = thread::scope(|s| s.spawn(witness).join().unwrap());
        check(&seen, "s.spawn", ScopedThread, "witness");
    }
}

#[birthmark::instrument]
mod tokio_tasks {
    use super::*;
    use tokio::runtime::{Builder, Handle, LocalRuntime, Runtime};
    use tokio::task::{self, JoinSet, LocalSet};

    fn runtime() -> Runtime {
        Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap()
    }

    #[test]
    fn spawn() {
        runtime().block_on(async {
            let seen = tokio::spawn(testimony()).await.unwrap();
            check(&seen, "tokio::spawn", Future, "testimony");
            let seen = tokio::spawn(async { testimony().await }).await.unwrap();
            check(&seen, "tokio::spawn", Future, "testimony");
            let seen = task::spawn(async move { testimony().await }).await.unwrap();
            check(&seen, "task::spawn", Future, "testimony");
            let boxed = Box::pin(testimony());
            let seen = tokio::task::spawn(boxed).await.unwrap();
            check(&seen, "tokio::task::spawn", Future, "testimony");
        });
    }

    #[test]
    fn spawn_blocking() {
        runtime().block_on(async {
            let seen = task::spawn_blocking(witness).await.unwrap();
            check(&seen, "task::spawn_blocking", Blocking, "witness");
            let seen = tokio::task::spawn_blocking(|| witness()).await.unwrap();
            let callee = "tokio::task::spawn_blocking";
            check(&seen, callee, Blocking, "witness");
        });
    }

    #[test]
    fn spawn_local() {
        let local = LocalSet::new();
        let not_send = std::rc::Rc::new(0);
        let local_future = async move {
            let inner = std::rc::Rc::clone(&not_send);
            let seen = task::spawn_local(async move {
                let _held = inner;
                testimony().await
            })
            .await
            .unwrap();
            check(&seen, "task::spawn_local", Future, "spawn_local::{async}");
        };
        local.block_on(&runtime(), local_future);
    }

    #[test]
    fn handle_spawn() {
        let runtime = runtime();
        let handle: &Handle = runtime.handle();
        let seen = block_on(handle.spawn(testimony())).unwrap();
        check(&seen, "handle.spawn", Future, "testimony");
        let seen = block_on(handle.spawn_blocking(move || witness())).unwrap();
        check(&seen, "handle.spawn_blocking", Blocking, "witness");
        let seen = block_on(Handle::spawn(handle, testimony())).unwrap();
        check(&seen, "Handle::spawn", Future, "testimony");
    }

    #[test]
    fn runtime_spawn() {
        let runtime = runtime();
        let seen = block_on(runtime.spawn(async { testimony().await })).unwrap();
        check(&seen, "runtime.spawn", Future, "testimony");
        let seen = block_on(runtime.spawn_blocking(witness)).unwrap();
        check(&seen, "runtime.spawn_blocking", Blocking, "witness");
    }

    #[test]
    fn local_set_spawn() {
        let local = LocalSet::new();
        let handle = local.spawn_local(testimony());
        let seen = local.block_on(&runtime(), handle).unwrap();
        check(&seen, "local.spawn_local", Future, "testimony");
    }

    #[test]
    fn local_runtime_spawn() {
        let runtime = LocalRuntime::new().unwrap();
        let handle = runtime.spawn_local(testimony());
        let seen = runtime.block_on(handle).unwrap();
        check(&seen, "runtime.spawn_local", Future, "testimony");
        let handle = runtime.spawn_blocking(|| witness());
        let seen = runtime.block_on(handle).unwrap();
        let role = "witness";
        check(&seen, "runtime.spawn_blocking", Blocking, role);
    }

    #[test]
    fn join_set() {
        let runtime = runtime();
        let other = super::tokio_tasks::runtime();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            let mut set = JoinSet::new();
            set.spawn(testimony());
            check(&next(&mut set).await, "set.spawn", Future, "testimony");
            set.spawn_on(async { testimony().await }, other.handle());
            check(&next(&mut set).await, "set.spawn_on", Future, "testimony");
            set.spawn_local(testimony());
            check(
                &next(&mut set).await,
                "set.spawn_local",
                Future,
                "testimony",
            );
            set.spawn_local_on(testimony(), &local);
            check(
                &next(&mut set).await,
                "set.spawn_local_on",
                Future,
                "testimony",
            );
            set.spawn_blocking(|| witness());
            let role = "witness";
            check(&next(&mut set).await, "set.spawn_blocking", Blocking, role);
            set.spawn_blocking_on(witness, other.handle());
            check(
                &next(&mut set).await,
                "set.spawn_blocking_on",
                Blocking,
                "witness",
            );
            JoinSet::spawn(&mut set, testimony());
            check(&next(&mut set).await, "JoinSet::spawn", Future, "testimony");
        });
    }

    async fn next(set: &mut JoinSet<Witness>) -> Witness {
        set.join_next().await.unwrap().unwrap()
    }

    /// Run with `RUSTFLAGS="--cfg tokio_unstable"` and tokio's feature `tracing`.
    #[test]
    #[cfg_attr(
        not(tokio_unstable),
        ignore = "tokio::task::Builder exists under `--cfg tokio_unstable` only"
    )]
    fn task_builder() {
        #[cfg(tokio_unstable)]
        runtime().block_on(async {
            let seen = task::Builder::new().name("n").spawn(testimony()).unwrap();
            let callee = "task::Builder::new().name().spawn";
            check(&seen.await.unwrap(), callee, Future, "testimony");
            let seen = task::Builder::new().spawn_blocking(witness).unwrap();
            let callee = "task::Builder::new().spawn_blocking";
            check(&seen.await.unwrap(), callee, Blocking, "witness");
        });
    }
}

#[birthmark::instrument]
mod tokio_util_tasks {
    use super::*;
    use tokio::runtime::Runtime;
    use tokio::task::LocalSet;
    use tokio_util::task::{JoinMap, JoinQueue, LocalPoolHandle, TaskTracker};

    #[test]
    fn task_tracker() {
        let runtime = Runtime::new().unwrap();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            let tracker = TaskTracker::new();
            let seen = tracker.spawn(testimony()).await.unwrap();
            check(&seen, "tracker.spawn", Future, "testimony");
            let seen = tracker
                .spawn_on(testimony(), runtime.handle())
                .await
                .unwrap();
            check(&seen, "tracker.spawn_on", Future, "testimony");
            let seen = tracker.spawn_local(testimony()).await.unwrap();
            check(&seen, "tracker.spawn_local", Future, "testimony");
            let seen = tracker.spawn_local_on(testimony(), &local).await.unwrap();
            check(&seen, "tracker.spawn_local_on", Future, "testimony");
            let seen = tracker.spawn_blocking(|| witness()).await.unwrap();
            check(&seen, "tracker.spawn_blocking", Blocking, "witness");
            let handle = tracker.spawn_blocking_on(witness, runtime.handle());
            check(
                &handle.await.unwrap(),
                "tracker.spawn_blocking_on",
                Blocking,
                "witness",
            );
            tracker.close();
            tracker.wait().await;
        });
    }

    #[test]
    fn join_map() {
        let runtime = Runtime::new().unwrap();
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            let mut map = JoinMap::new();
            map.spawn("key", testimony());
            check(&next(&mut map).await, "map.spawn", Future, "testimony");
            map.spawn_on("key", async { testimony().await }, runtime.handle());
            check(&next(&mut map).await, "map.spawn_on", Future, "testimony");
            map.spawn_local("key", testimony());
            check(
                &next(&mut map).await,
                "map.spawn_local",
                Future,
                "testimony",
            );
            map.spawn_local_on("key", testimony(), &local);
            check(
                &next(&mut map).await,
                "map.spawn_local_on",
                Future,
                "testimony",
            );
            map.spawn_blocking("key", witness);
            check(
                &next(&mut map).await,
                "map.spawn_blocking",
                Blocking,
                "witness",
            );
            map.spawn_blocking_on("key", || witness(), runtime.handle());
            let role = "witness";
            check(
                &next(&mut map).await,
                "map.spawn_blocking_on",
                Blocking,
                role,
            );
        });
    }

    async fn next(map: &mut JoinMap<&'static str, Witness>) -> Witness {
        let (key, seen) = map.join_next().await.unwrap();
        assert_eq!(key, "key");
        seen.unwrap()
    }

    #[test]
    fn join_queue() {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let mut queue = JoinQueue::new();
            queue.spawn(testimony());
            queue.spawn_blocking(witness);
            let seen = queue.join_next().await.unwrap().unwrap();
            check(&seen, "queue.spawn", Future, "testimony");
            let seen = queue.join_next().await.unwrap().unwrap();
            check(&seen, "queue.spawn_blocking", Blocking, "witness");
        });
    }

    #[test]
    fn spawn_pinned() {
        let pool = LocalPoolHandle::new(1);
        let seen = block_on(pool.spawn_pinned(testimony)).unwrap();
        check(&seen, "pool.spawn_pinned", Future, "testimony");
        let seen = block_on(pool.spawn_pinned(|| async {
            let _not_send = std::rc::Rc::new(0);
            testimony().await
        }));
        check(
            &seen.unwrap(),
            "pool.spawn_pinned",
            Future,
            "spawn_pinned::{closure}",
        );
        let seen =
            block_on(pool.spawn_pinned_by_idx(move || async { testimony().await }, 0)).unwrap();
        let role = "testimony";
        check(&seen, "pool.spawn_pinned_by_idx", Future, role);
    }
}

#[birthmark::instrument]
mod rayon_jobs {
    use super::*;
    use rayon::{ThreadPool, ThreadPoolBuilder};
    use std::sync::Mutex;

    fn pool() -> ThreadPool {
        ThreadPoolBuilder::new().num_threads(2).build().unwrap()
    }

    #[test]
    fn spawn() {
        let seen = sent(|send| rayon::spawn(move || send(witness())));
        check(&seen, "rayon::spawn", Job, "spawn::{closure}");
    }

    #[test]
    fn spawn_fifo() {
        let seen = sent(|send| rayon::spawn_fifo(move || send(witness())));
        check(&seen, "rayon::spawn_fifo", Job, "spawn_fifo::{closure}");
    }

    /// The operation runs on a worker of rayon, and for the task that waits for it.
    #[test]
    fn scope() {
        let seen = Mutex::new(None);
        let mut spawner = None;
        rayon::scope(|s| {
            spawner = Some(own_id());
            s.spawn(|_| *seen.lock().unwrap() = Some(witness()));
        });
        let seen = seen.into_inner().unwrap().unwrap();
        check(&seen, "s.spawn", Job, "scope::{closure}");
        assert_eq!(spawner, Some(own_id()));
    }

    #[test]
    fn nested_scope_spawns_are_children_of_the_spawning_job() {
        let seen = Mutex::new(None);
        rayon::scope(|s| {
            s.spawn(|s| {
                let spawner = own_id();
                let seen = &seen;
                s.spawn(move |_| *seen.lock().unwrap() = Some((spawner, witness())));
            });
        });
        let (spawner, seen) = seen.into_inner().unwrap().unwrap();
        let role = "nested_scope_spawns_are_children_of_the_spawning_job::{closure}";
        check_child_of(spawner, &seen, "s.spawn", Job, role);
        assert_eq!(seen.task.lineage()[1].id(), own_id());
    }

    #[test]
    fn scope_fifo() {
        let seen = Mutex::new(None);
        rayon::scope_fifo(|s| s.spawn_fifo(|_| *seen.lock().unwrap() = Some(witness())));
        let seen = seen.into_inner().unwrap().unwrap();
        check(&seen, "s.spawn_fifo", Job, "scope_fifo::{closure}");
    }

    #[test]
    fn in_place_scope() {
        let seen = Mutex::new(None);
        rayon::in_place_scope(|s| s.spawn(|_| *seen.lock().unwrap() = Some(witness())));
        let seen = seen.into_inner().unwrap().unwrap();
        check(&seen, "s.spawn", Job, "in_place_scope::{closure}");
    }

    #[test]
    fn thread_pool() {
        let pool = pool();
        let seen = sent(|send| pool.spawn(move || send(witness())));
        check(&seen, "pool.spawn", Job, "thread_pool::{closure}");
        let seen = sent(|send| pool.spawn_fifo(move || send(witness())));
        check(&seen, "pool.spawn_fifo", Job, "thread_pool::{closure}");
        let seen = Mutex::new(None);
        pool.scope(|s| s.spawn(|_| *seen.lock().unwrap() = Some(witness())));
        let seen = seen.into_inner().unwrap().unwrap();
        check(&seen, "s.spawn", Job, "thread_pool::{closure}");
        let (id, seen) =
            pool.install(|| (own_id(), sent(|send| rayon::spawn(move || send(witness())))));
        assert_eq!(
            id,
            own_id(),
            "what is installed runs as the task that waits for it"
        );
        check(&seen, "rayon::spawn", Job, "thread_pool::{closure}");
    }
}

#[birthmark::instrument]
mod crossbeam_threads {
    use super::*;

    #[test]
    fn scope() {
        let mut local = 1;
        let seen = crossbeam::scope(|s| {
            let handle = s.spawn(|_| {
                local += 1;
                witness()
            });
            handle.join().unwrap()
        });
        assert_eq!(local, 2);
        check(&seen.unwrap(), "s.spawn", ScopedThread, "scope::{closure}");
    }

    #[test]
    fn nested_scope_spawns_are_children_of_the_spawning_thread() {
        let (spawner, seen) = crossbeam::thread::scope(|s| {
            let handle = s.spawn(|s| (own_id(), s.spawn(|_| witness()).join().unwrap()));
            handle.join().unwrap()
        })
        .unwrap();
        let role = "witness";
        check_child_of(spawner, &seen, "s.spawn", ScopedThread, role);
    }
}

#[birthmark::instrument]
mod futures_tasks {
    use super::*;
    use futures::executor::{LocalPool, ThreadPool};
    use futures::task::{LocalSpawnExt, SpawnExt};

    #[test]
    fn thread_pool() {
        let pool = ThreadPool::builder().pool_size(1).create().unwrap();
        let seen = sent(|send| pool.spawn_ok(async move { send(testimony().await) }));
        check(&seen, "pool.spawn_ok", Future, "thread_pool::{async}");
        let seen = block_on(pool.spawn_with_handle(testimony()).unwrap());
        check(&seen, "pool.spawn_with_handle", Future, "testimony");
        let seen = sent(|send| pool.spawn(async move { send(testimony().await) }).unwrap());
        check(&seen, "pool.spawn", Future, "thread_pool::{async}");
    }

    #[test]
    fn local_pool() {
        let mut pool = LocalPool::new();
        let spawner = pool.spawner();
        let handle = spawner.spawn_local_with_handle(testimony()).unwrap();
        let seen = pool.run_until(handle);
        check(
            &seen,
            "spawner.spawn_local_with_handle",
            Future,
            "testimony",
        );
        let seen = sent(|send| {
            spawner
                .spawn_local(async move { send(testimony().await) })
                .unwrap();
            pool.run();
        });
        check(&seen, "spawner.spawn_local", Future, "local_pool::{async}");
    }
}

#[birthmark::instrument]
mod smol_tasks {
    use super::*;

    #[test]
    fn smol_spawn() {
        let seen = smol::block_on(smol::spawn(testimony()));
        check(&seen, "smol::spawn", Future, "testimony");
        let seen = smol::block_on(smol::unblock(witness));
        check(&seen, "smol::unblock", Blocking, "witness");
    }

    #[test]
    fn async_executor() {
        let executor = async_executor::Executor::new();
        let seen = block_on(executor.run(executor.spawn(testimony())));
        check(&seen, "executor.spawn", Future, "testimony");
        let local = async_executor::LocalExecutor::new();
        let task = local.spawn(async { testimony().await });
        let seen = block_on(local.run(task));
        check(&seen, "local.spawn", Future, "testimony");
    }

    #[test]
    fn blocking_unblock() {
        let seen = block_on(blocking::unblock(|| witness()));
        let role = "witness";
        check(&seen, "blocking::unblock", Blocking, role);
    }
}

#[birthmark::instrument]
mod executors {
    use super::*;
    use hyper::rt::Executor as _;

    #[test]
    fn hyper_execute() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _inside = runtime.enter();
        let executor = hyper_util::rt::TokioExecutor::new();
        let seen = sent(|send| executor.execute(async move { send(testimony().await) }));
        check(&seen, "executor.execute", Future, "hyper_execute::{async}");
        let seen = sent(|send| {
            let connection = async move { send(testimony().await) };
            executor.execute(connection);
        });
        check(&seen, "executor.execute", Future, "hyper_execute::{async}");
    }

    #[test]
    fn threadpool_execute() {
        let pool = threadpool::ThreadPool::new(1);
        let seen = sent(|send| pool.execute(move || send(witness())));
        check(&seen, "pool.execute", Job, "threadpool_execute::{closure}");
    }

    #[test]
    fn actix_spawn() {
        actix_rt::System::new().block_on(async {
            let seen = actix_rt::spawn(testimony()).await.unwrap();
            check(&seen, "actix_rt::spawn", Future, "testimony");
            let arbiter = actix_rt::Arbiter::new();
            let seen = sent(|send| {
                assert!(arbiter.spawn(async move { send(testimony().await) }));
            });
            check(&seen, "arbiter.spawn", Future, "actix_spawn::{async}");
            let seen = sent(|send| {
                assert!(arbiter.spawn_fn(move || send(witness())));
            });
            check(&seen, "arbiter.spawn_fn", Job, "actix_spawn::{closure}");
            arbiter.stop();
            arbiter.join().unwrap();
        });
    }
}

/// A block may import all of another module, whose tables have the same names.
#[birthmark::instrument]
mod imports_of_everything {
    pub fn role() -> String {
        birthmark::current().unwrap().role().to_owned()
    }

    pub fn outside() -> String {
        std::thread::spawn(|| role()).join().unwrap()
    }

    mod inside {
        #[test]
        fn spawn_in_the_block_has_its_own_site() {
            use super::*;
            let body = std::thread::spawn(|| role()).join().unwrap();
            assert_eq!(body, "role");
            let block = {
                use super::super::imports_of_everything::*;
                std::thread::spawn(|| (outside(), role())).join().unwrap()
            };
            assert_eq!(block.0, "role");
            assert_eq!(block.1, "spawn_in_the_block_has_its_own_site::{closure}");
        }
    }
}
