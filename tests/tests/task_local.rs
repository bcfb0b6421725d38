//! Locals: who has which value, what children inherit, and when values are dropped.

use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;

use birthmark::{TaskLocal, set_label, with_name};
use birthmark_integration_tests::{block_on, spawn, wait_until, yield_once};

birthmark::task_local! {
    /// Children share it.
    #[inherit]
    pub static SHARED: u32;
    /// Children do not have it.
    #[inherit(never)]
    static OWN: u32;
    static DEFAULT: u32;
    /// Children have half of it.
    #[inherit(with = halve)]
    static HALVED: u32
}

fn halve(value: &u32) -> Option<u32> {
    (*value > 1).then_some(value / 2)
}

/// Returns the values that the current task has.
fn values() -> [Option<u32>; 4] {
    [&SHARED, &OWN, &DEFAULT, &HALVED].map(|local: &'static TaskLocal<u32>| local.try_get().ok())
}

const NOTHING: [Option<u32>; 4] = [None; 4];
const PARENT: [Option<u32>; 4] = [Some(1), Some(2), Some(3), Some(4)];
const CHILD: [Option<u32>; 4] = [Some(1), None, None, Some(2)];
const GRANDCHILD: [Option<u32>; 4] = [Some(1), None, None, Some(1)];

/// Does `f` while the current task has values.
fn with_values<R>(f: impl FnOnce() -> R) -> R {
    SHARED.scope(1, || {
        OWN.scope(2, || DEFAULT.scope(3, || HALVED.scope(4, f)))
    })
}

fn fail() -> ! {
    resume_unwind(Box::new("on purpose"))
}

/// Counts its drops.
struct Counted(&'static AtomicUsize);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[birthmark::instrument]
mod inheriting {
    use super::*;

    fn grandchild() {
        assert_eq!(values(), CHILD);
        let grandchild = thread::spawn(values);
        assert_eq!(grandchild.join().unwrap(), GRANDCHILD);
        assert_eq!(values(), CHILD);
    }

    #[test]
    fn os_threads_inherit() {
        with_values(|| {
            thread::spawn(grandchild).join().unwrap();
            let named = thread::Builder::new().spawn(|| values()).unwrap();
            assert_eq!(named.join().unwrap(), CHILD);
            thread::scope(|scope| {
                scope.spawn(grandchild);
                scope.spawn(|| {
                    scope.spawn(|| assert_eq!(values(), GRANDCHILD));
                });
            });
            crossbeam::scope(|scope| {
                scope.spawn(|_| assert_eq!(values(), CHILD));
            })
            .unwrap();
            assert_eq!(values(), PARENT);
        });
        assert_eq!(values(), NOTHING);
    }

    #[test]
    fn tasks_of_tokio_inherit() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let body = async {
                let child = tokio::spawn(async {
                    assert_eq!(values(), CHILD);
                    yield_once().await;
                    tokio::spawn(async { assert_eq!(values(), GRANDCHILD) })
                        .await
                        .unwrap();
                    values()
                });
                assert_eq!(child.await.unwrap(), CHILD);
                let blocking = tokio::task::spawn_blocking(values);
                assert_eq!(blocking.await.unwrap(), CHILD);
                let mut set = tokio::task::JoinSet::new();
                set.spawn(async { values() });
                assert_eq!(set.join_next().await.unwrap().unwrap(), CHILD);
                let local = tokio::task::LocalSet::new();
                let task = local.run_until(async {
                    tokio::task::spawn_local(async { values() }).await.unwrap()
                });
                assert_eq!(task.await, CHILD);
            };
            let body = HALVED.scope_async(4, body);
            let body = DEFAULT.scope_async(3, body);
            SHARED.scope_async(1, OWN.scope_async(2, body)).await;
            assert_eq!(values(), NOTHING);
        });
    }

    #[test]
    fn tasks_of_smol_and_its_pool_inherit() {
        with_values(|| {
            let executor = async_executor::Executor::new();
            let task = executor.spawn(async { values() });
            assert_eq!(block_on(executor.run(task)), CHILD);
            assert_eq!(smol::block_on(smol::unblock(|| values())), CHILD);
            assert_eq!(smol::block_on(smol::spawn(async { values() })), CHILD);
            assert_eq!(block_on(blocking::unblock(|| values())), CHILD);
        });
    }

    #[test]
    fn jobs_of_rayon_inherit() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        with_values(|| {
            let (sent, received) = channel();
            pool.spawn(move || sent.send(values()).unwrap());
            assert_eq!(received.recv().unwrap(), CHILD);
            // The closure of the scope works for the task that waits for it.
            pool.scope(|scope| {
                assert_eq!(values(), PARENT);
                scope.spawn(|scope| {
                    assert_eq!(values(), CHILD);
                    scope.spawn(|_| assert_eq!(values(), GRANDCHILD));
                });
            });
            rayon::scope(|scope| {
                assert_eq!(values(), PARENT);
                scope.spawn(|_| assert_eq!(values(), CHILD));
                SHARED.set(7);
                scope.spawn(|_| assert_eq!(SHARED.get(), 7));
            });
            assert_eq!(values(), PARENT);
        });
    }

    #[test]
    fn root_inherits_nothing() {
        with_values(|| {
            let root = thread::spawn(birthmark::root!(|| values()));
            assert_eq!(root.join().unwrap(), NOTHING);
        });
    }

    #[test]
    fn child_has_the_values_as_of_its_spawn() {
        SHARED.scope(1, || {
            let first = spawn(|| values());
            SHARED.set(2);
            let second = spawn(|| {
                SHARED.set(3);
                spawn(|| SHARED.get())() + SHARED.get()
            });
            SHARED.unset();
            let third = spawn(|| values());
            assert_eq!(first()[0], Some(1));
            assert_eq!(second(), 6);
            assert_eq!(third()[0], None);
            assert_eq!(values()[0], None);
        });
    }

    #[test]
    fn name_and_labels_leave_locals_alone_and_are_left_alone() {
        let check = || {
            let task = birthmark::current().unwrap();
            assert_eq!(
                task.name().unwrap().as_str(),
                "a name that is longer than one word"
            );
            assert_eq!(task.labels().to_string(), "key=value other=value");
        };
        with_values(|| {
            with_name("a name that is longer than one word", || {
                set_label("key", "value");
                spawn(|| {
                    assert_eq!(values(), CHILD);
                    set_label("other", "value");
                    assert_eq!(values(), CHILD);
                    check();
                    SHARED.set(1);
                    check();
                    let named = spawn(birthmark::named!("child" => || {
                        assert_eq!(values(), GRANDCHILD);
                        birthmark::current().unwrap().name().unwrap().as_str().to_owned()
                    }));
                    assert_eq!(named(), "child");
                    SHARED.unset();
                    check();
                })();
            });
        });
    }

    #[test]
    fn hook_that_names_a_child_leaves_its_locals_alone() {
        let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
            if SHARED.try_get() == Ok(11) {
                spawn.set_name("by the hook");
                spawn.set_label("by", "the hook");
            }
        });
        SHARED.scope(11, || {
            spawn(|| {
                let task = birthmark::current().unwrap();
                assert_eq!(task.name().unwrap().as_str(), "by the hook");
                assert_eq!(SHARED.get(), 11);
            })();
        });
        hook.remove();
    }

    #[test]
    fn task_that_is_spawned_while_birthmark_is_off_inherits_nothing_and_has_scopes() {
        // In a process of its own: the switch is everybody's.
        if std::env::var_os("TASK_LOCAL_OFF").is_none() {
            let name = "inheriting::task_that_is_spawned_while_birthmark_is_off_inherits_nothing_and_has_scopes";
            let status = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env("TASK_LOCAL_OFF", "1")
                .output()
                .unwrap();
            assert!(status.status.success(), "{status:?}");
            return;
        }
        birthmark::disable();
        SHARED.scope(1, || {
            assert_eq!(SHARED.get(), 1);
            let child = thread::spawn(|| (values(), SHARED.scope(2, || SHARED.get())));
            assert_eq!(child.join().unwrap(), (NOTHING, 2));
        });
        let future = SHARED.scope_async(3, async {
            yield_once().await;
            SHARED.get()
        });
        assert_eq!(block_on(future), 3);
        assert_eq!(values(), NOTHING);
        birthmark::enable();
    }
}

/// Without instrumentation.
mod plain {
    use super::*;

    #[test]
    fn scope_and_set_work_within_one_task() {
        thread::spawn(|| {
            assert_eq!(values(), NOTHING);
            SHARED.set(1);
            OWN.scope(2, || {
                assert_eq!(values()[..2], [Some(1), Some(2)]);
                SHARED.set(9);
                OWN.scope(5, || assert_eq!(values()[..2], [Some(9), Some(5)]));
            });
            assert_eq!(values()[..2], [Some(1), None]);
            assert_eq!(thread::spawn(values).join().unwrap(), NOTHING);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn futures_of_one_task_have_their_own_values() {
        thread::spawn(|| {
            let with = |value| {
                SHARED.scope_async(value, async move {
                    for step in 0..3 {
                        assert_eq!(SHARED.get(), value + step);
                        yield_once().await;
                        SHARED.set(value + step + 1);
                    }
                    SHARED.get()
                })
            };
            let (mut first, mut second) = (pin!(with(10)), pin!(with(20)));
            for _ in 0..3 {
                assert!(poll(first.as_mut()).is_pending());
                assert_eq!(values(), NOTHING);
                assert!(poll(second.as_mut()).is_pending());
            }
            // On other threads, too.
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(poll(first), Poll::Ready(13)));
                scope.spawn(|| assert_eq!(poll(second), Poll::Ready(23)));
            });
        })
        .join()
        .unwrap();
    }

    #[test]
    fn missing_value_is_an_error_or_a_panic_with_the_name() {
        let error = OWN.try_get().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the task has no value of the local `OWN`"
        );
        let panic = catch_unwind(|| OWN.get()).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert_eq!(message, "the task has no value of the local `OWN`");
        assert_eq!(format!("{OWN:?}"), "TaskLocal { name: \"OWN\", .. }");
    }

    #[test]
    fn destructor_of_the_future_sees_the_value() {
        struct Sees;
        impl Drop for Sees {
            fn drop(&mut self) {
                assert_eq!(SHARED.get(), 8);
            }
        }
        thread::spawn(|| {
            let sees = Sees;
            drop(SHARED.scope_async(8, async move {
                let _sees = sees;
                pending::<()>().await;
            }));
            assert_eq!(values(), NOTHING);
        })
        .join()
        .unwrap();
    }
}

#[birthmark::instrument]
mod dropping {
    use super::*;

    birthmark::task_local! {
        #[inherit] static VALUE: Counted;
        #[inherit] static FAILS: FailsInDrop;
    }

    /// Asserts how often a value was dropped.
    #[track_caller]
    fn check(drops: &AtomicUsize, expected: usize) {
        assert_eq!(drops.load(Ordering::SeqCst), expected);
    }

    #[test]
    fn value_is_dropped_with_the_last_task_that_has_it() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        let (release, wait) = channel::<()>();
        let child = VALUE.scope(Counted(&DROPS), || {
            thread::spawn(move || {
                let grandchild = thread::spawn(move || {
                    let _ = wait.recv();
                    VALUE.with(|_| check(&DROPS, 0));
                });
                check(&DROPS, 0);
                grandchild
            })
        });
        let grandchild = child.join().unwrap();
        check(&DROPS, 0);
        drop(release);
        grandchild.join().unwrap();
        check(&DROPS, 1);
    }

    /// The spawner's cache has references to the nodes of its ancestors, which must not keep a value.
    #[test]
    fn spawner_that_idles_keeps_no_value() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        VALUE.scope(Counted(&DROPS), || {
            for _ in 0..3 {
                spawn(|| spawn(|| ())())();
            }
            check(&DROPS, 0);
        });
        check(&DROPS, 1);
    }

    #[test]
    fn value_that_is_replaced_or_unset_is_dropped_at_once_unless_children_have_it() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        spawn(|| {
            VALUE.set(Counted(&DROPS));
            let child = spawn(|| VALUE.with(|_| ()));
            VALUE.set(Counted(&DROPS));
            check(&DROPS, 0);
            child();
            check(&DROPS, 1);
            VALUE.unset();
            check(&DROPS, 2);
            VALUE.set(Counted(&DROPS));
        })();
        check(&DROPS, 3);
    }

    #[test]
    fn value_of_a_future_is_dropped_with_the_future() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        let mut future = Box::pin(VALUE.scope_async(Counted(&DROPS), async {
            yield_once().await;
            VALUE.with(|_| ());
        }));
        assert!(poll(future.as_mut()).is_pending());
        thread::spawn(move || {
            assert!(poll(future.as_mut()).is_ready());
            check(&DROPS, 0);
        })
        .join()
        .unwrap();
        check(&DROPS, 1);
    }

    #[test]
    fn value_is_not_dropped_while_it_is_read() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        VALUE.scope(Counted(&DROPS), || {
            VALUE.with(|outer| {
                VALUE.with(|_| {
                    VALUE.set(Counted(&DROPS));
                    VALUE.set(Counted(&DROPS));
                    check(&DROPS, 1);
                });
                check(&DROPS, 1);
                check(outer.0, 1);
                VALUE.with(|inner| check(inner.0, 1));
            });
            check(&DROPS, 2);
        });
        check(&DROPS, 3);
    }

    #[test]
    fn value_is_not_dropped_while_it_is_read_and_the_last_child_ends() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        VALUE.scope(Counted(&DROPS), || {
            let child = spawn(|| ());
            let read = catch_unwind(AssertUnwindSafe(|| {
                VALUE.with(|value| {
                    VALUE.unset();
                    thread::spawn(move || child()).join().unwrap();
                    check(value.0, 0);
                    fail();
                })
            }));
            read.unwrap_err();
            check(&DROPS, 1);
        });
    }

    #[test]
    fn values_of_tasks_that_never_run_are_dropped() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        VALUE.scope(Counted(&DROPS), || {
            drop(spawn(|| ()));
            drop(spawn(async { pending::<()>().await }));
            let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
                if spawn.name().is_some_and(|name| name.as_str() == "refused") {
                    spawn.refuse("on purpose");
                }
            });
            with_name("refused", || {
                catch_unwind(AssertUnwindSafe(|| drop(thread::spawn(|| ())))).unwrap_err();
            });
            hook.remove();
            check(&DROPS, 0);
        });
        check(&DROPS, 1);
    }

    #[test]
    fn value_of_an_exiting_thread_is_dropped() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        plain_thread(|| VALUE.set(Counted(&DROPS)));
        wait_until("the value is dropped", || DROPS.load(Ordering::SeqCst) == 1);
    }

    struct FailsInDrop(&'static AtomicUsize);

    impl Drop for FailsInDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            // Birthmark is usable here: nothing is half done.
            spawn(|| SHARED.scope(1, || assert_eq!(SHARED.get(), 1)))();
            set_label("dropping", "a value");
            fail();
        }
    }

    #[test]
    fn panic_in_a_destructor_goes_no_further() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        static OTHERS: AtomicUsize = AtomicUsize::new(0);
        spawn(|| {
            FAILS.set(FailsInDrop(&DROPS));
            VALUE.set(Counted(&OTHERS));
            FAILS.set(FailsInDrop(&DROPS));
            check(&DROPS, 1);
        })();
        check(&DROPS, 2);
        check(&OTHERS, 1);
        FAILS.scope(FailsInDrop(&DROPS), || ());
        drop(FAILS.scope_async(FailsInDrop(&DROPS), async {}));
        block_on(FAILS.scope_async(FailsInDrop(&DROPS), async {}));
        check(&DROPS, 5);
        // Also while the thread unwinds for another reason.
        let result = catch_unwind(|| FAILS.scope(FailsInDrop(&DROPS), || fail()));
        assert_eq!(result.unwrap_err().downcast_ref(), Some(&"on purpose"));
        check(&DROPS, 6);
        plain_thread(|| FAILS.set(FailsInDrop(&DROPS)));
        wait_until("the value is dropped", || DROPS.load(Ordering::SeqCst) == 7);
    }
}

/// Runs `f` on a thread without a record of its own.
fn plain_thread(f: impl FnOnce() + Send + 'static) {
    thread::spawn(f).join().unwrap();
}

#[birthmark::instrument]
mod forking {
    use super::*;

    birthmark::task_local! {
        #[inherit(with = |value| match value { 0 => fail(), value => Some(value - 1) })]
        static FAILS: u32;
        #[inherit(with = of_a_spawner)]
        static SPAWNS: u32;
    }

    fn of_a_spawner(value: &u32) -> Option<u32> {
        // No endless loop: a spawn in a fork does not fork.
        spawn(|| assert!(SPAWNS.try_get().is_err()))();
        assert_eq!(SPAWNS.get(), *value);
        Some(value + 1)
    }

    #[test]
    fn function_runs_in_the_spawner_once_a_spawn() {
        SPAWNS.scope(1, || {
            let child = spawn(|| (SPAWNS.get(), spawn(|| SPAWNS.get())()));
            assert_eq!(child(), (2, 3));
            assert_eq!(SPAWNS.get(), 1);
        });
    }

    #[test]
    fn function_that_returns_none_leaves_the_child_without_a_value() {
        HALVED.scope(1, || {
            assert_eq!(spawn(|| values())(), NOTHING);
            assert_eq!(HALVED.get(), 1);
        });
    }

    #[test]
    fn function_that_panics_leaves_the_child_without_a_value() {
        SHARED.scope(3, || {
            FAILS.scope(1, || {
                let child = spawn(|| {
                    assert_eq!(FAILS.get(), 0);
                    let grandchild = spawn(|| (FAILS.try_get().is_err(), SHARED.get()));
                    grandchild()
                });
                assert_eq!(child(), (true, 3));
            });
        });
    }
}

#[birthmark::instrument]
mod shared {
    use super::*;

    birthmark::task_local! {
        #[inherit] static VALUE: (usize, Counted);
    }

    const CALLS: usize = 2_000;

    /// A closure that several threads call at once, each of which replaces the values that the others read.
    fn closure(drops: &'static AtomicUsize) -> impl Fn(usize) + Sync {
        let value = move |number| (number, Counted(drops));
        spawn(move |number: usize| {
            VALUE.set(value(number));
            VALUE.with(|seen| {
                VALUE.set(value(number));
                assert!(seen.0 < CALLS);
            });
            spawn(|| VALUE.with(|seen| assert!(seen.0 < CALLS)))();
            VALUE.scope(value(number), || {
                VALUE.with(|seen| assert_eq!(seen.0, number));
                assert_eq!(spawn(|| VALUE.with(|seen| seen.0))(), number);
                rayon::scope(|scope| {
                    scope.spawn(|_| VALUE.with(|seen| assert_eq!(seen.0, number)));
                });
            });
            rayon::scope(|scope| {
                VALUE.with(|seen| assert!(seen.0 < CALLS));
                scope.spawn(|_| VALUE.with(|seen| assert!(seen.0 < CALLS)));
            });
        })
    }

    #[test]
    fn closure_that_several_threads_call_has_values_and_drops_each_once() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        let called = closure(&DROPS);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..CALLS).for_each(&called));
            }
        });
        drop(called);
        assert_eq!(DROPS.load(Ordering::SeqCst), 3 * 3 * CALLS);
    }
}

#[birthmark::instrument]
mod storm {
    use super::*;

    birthmark::task_local! {
        #[inherit] #[show] static PATH: Path;
        #[inherit(with = |depth: &u32| depth.checked_sub(1))] static DEPTH: u32;
    }

    static LIVE: AtomicUsize = AtomicUsize::new(0);

    /// Counts itself.
    struct Path(Vec<u8>);

    impl Path {
        fn new(path: Vec<u8>) -> Self {
            LIVE.fetch_add(1, Ordering::SeqCst);
            Path(path)
        }
    }

    impl Drop for Path {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    impl fmt::Display for Path {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:?}", self.0)
        }
    }

    async fn node(path: Vec<u8>) {
        PATH.with(|own| assert_eq!(own.0, path));
        let Ok(depth) = DEPTH.try_get() else { return };
        assert_eq!(depth as usize + path.len(), 5);
        let children = (0..4).map(|number| {
            let own = path.clone();
            let child = [&own[..], &[number]].concat();
            async move {
                if number % 2 == 0 {
                    yield_once().await;
                }
                let inside = async {
                    let task = tokio::spawn(boxed(child.clone()));
                    let job = tokio::task::spawn_blocking(|| PATH.with(|path| path.0.clone()));
                    yield_once().await;
                    assert_eq!(job.await.unwrap(), child);
                    task.await.unwrap();
                };
                PATH.scope_async(Path::new(child.clone()), inside).await;
                PATH.with(|path| assert_eq!(path.0, own));
            }
        });
        futures::future::join_all(children).await;
    }

    fn boxed(path: Vec<u8>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(node(path))
    }

    #[test]
    fn tree_of_tasks_has_the_right_values_and_leaves_none() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(3)
            .build()
            .unwrap();
        let running = Arc::new(Barrier::new(2));
        let dumps = thread::spawn({
            let running = Arc::downgrade(&running);
            // Readers are there meanwhile.
            move || {
                while running.upgrade().is_some() {
                    birthmark::dump().to_string();
                }
            }
        });
        let task = PATH.scope(Path::new(Vec::new()), || {
            DEPTH.scope(6, || runtime.spawn(boxed(Vec::new())))
        });
        runtime.block_on(task).unwrap();
        drop((running, runtime));
        dumps.join().unwrap();
        assert_eq!(LIVE.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn thousands_of_tasks_that_end_anywhere_drop_each_value_once() {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        birthmark::task_local! {
            #[inherit] static VALUE: Counted;
        }
        const TASKS: usize = 3_000;
        thread::scope(|scope| {
            let (sent, received) = channel::<Box<dyn FnOnce() + Send>>();
            scope.spawn(move || {
                for (number, job) in received.into_iter().enumerate() {
                    if number % 3 > 0 {
                        job();
                    }
                }
            });
            for _ in 0..TASKS {
                VALUE.scope(Counted(&DROPS), || {
                    let first: Box<dyn FnOnce() + Send> = Box::new(spawn(|| VALUE.with(|_| ())));
                    VALUE.set(Counted(&DROPS));
                    sent.send(first).unwrap();
                    sent.send(Box::new(spawn(|| spawn(|| VALUE.with(|_| ()))())))
                        .unwrap();
                });
            }
            drop(sent);
        });
        assert_eq!(DROPS.load(Ordering::SeqCst), 2 * TASKS);
    }
}
