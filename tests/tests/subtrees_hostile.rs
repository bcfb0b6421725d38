//! Deadlines and scopes in programs that drop, panic, abort themselves, keep what they should not, or are large.

use birthmark_test_support as _;

use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use birthmark::{
    AbortScope, Exceeded, HookHandle, Spawn, SpawnHook, abort_tree, cancelled, is_cancelled,
    with_deadline, with_deadline_blocking, with_timeout,
};
use birthmark_integration_tests::{block_on, own_id, wait_until};

const LONG: Duration = Duration::from_secs(3600);

fn workers(count: usize) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(count).enable_time().build();
    runtime.expect("the runtime starts")
}

/// Counts the deadlines that are exceeded and were set in one line.
fn exceeded_at(line: u32) -> (HookHandle, Arc<AtomicU32>) {
    struct Count(u32, Arc<AtomicU32>);
    impl SpawnHook for Count {
        fn on_spawn(&self, _: &mut Spawn<'_>) {}
        fn on_exceeded(&self, exceeded: &Exceeded) {
            let is_here = exceeded.location().file().ends_with("subtrees_hostile.rs");
            if is_here && exceeded.location().line() == self.0 {
                self.1.fetch_add(1, Ordering::Relaxed);
            }
        }
        fn wants_lifecycle(&self) -> bool {
            true
        }
    }
    let count = Arc::new(AtomicU32::new(0));
    (birthmark::add_hook(Count(line, count.clone())), count)
}

#[birthmark::instrument]
mod spawns {
    use super::*;
    use tokio::task::JoinHandle;

    pub fn endless() -> JoinHandle<()> {
        tokio::spawn(pending())
    }

    pub fn quick() -> JoinHandle<u32> {
        tokio::spawn(async { 1 })
    }

    pub fn suicidal(scope: AbortScope) -> JoinHandle<()> {
        tokio::spawn(async move {
            let tasks = scope.abort();
            assert!(tasks.iter().any(|task| task.id() == own_id()), "{tasks:?}");
            tokio::task::yield_now().await;
            unreachable!("the task is aborted at its next await");
        })
    }

    pub fn suicidal_tree() -> JoinHandle<()> {
        tokio::spawn(async move {
            // Another thread may not have the handle yet that the spawn returns.
            while !abort_tree(own_id())[0].is_aborted() {
                std::thread::yield_now();
            }
            tokio::task::yield_now().await;
            unreachable!("the task is aborted at its next await");
        })
    }

    pub struct PanicsOnDrop(pub Arc<AtomicU32>);

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            if !std::thread::panicking() {
                panic!("the destructor panics");
            }
        }
    }

    pub fn panics_on_drop(drops: &Arc<AtomicU32>) -> JoinHandle<()> {
        let value = PanicsOnDrop(drops.clone());
        tokio::spawn(async move {
            let _value = value;
            pending::<()>().await;
        })
    }

    pub fn spawns_on_drop(seen: Arc<AtomicBool>) -> JoinHandle<()> {
        struct Spawns(Arc<AtomicBool>);
        impl Drop for Spawns {
            fn drop(&mut self) {
                self.0.store(is_cancelled(), Ordering::Relaxed);
                if tokio::runtime::Handle::try_current().is_ok() {
                    drop(tokio::spawn(async {}));
                }
            }
        }
        let value = Spawns(seen);
        tokio::spawn(async move {
            let _value = value;
            pending::<()>().await;
        })
    }

    pub fn many(count: u32) {
        for _ in 0..count {
            drop(tokio::spawn(async {}));
        }
    }
}

#[test]
fn task_aborts_its_own_scope() {
    let runtime = workers(2);
    let scope = AbortScope::new();
    let task = scope.enter(|| {
        let _inside = runtime.enter();
        spawns::suicidal(scope.clone())
    });
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    let task = AbortScope::new().enter(|| {
        let _inside = runtime.enter();
        spawns::suicidal_tree()
    });
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn future_aborts_the_scope_that_runs_it() {
    let scope = AbortScope::new();
    let own = scope.clone();
    let run = scope.run(async move {
        own.abort();
        assert!(is_cancelled());
        pending::<()>().await;
    });
    assert!(!block_on(run).unwrap_err().is_late());
}

#[test]
fn destructors_that_panic_stop_no_abort() {
    let runtime = workers(1);
    let (scope, drops) = (AbortScope::new(), Arc::new(AtomicU32::new(0)));
    let tasks: Vec<_> = scope.enter(|| {
        let _inside = runtime.enter();
        (0..8).map(|_| spawns::panics_on_drop(&drops)).collect()
    });
    assert_eq!(scope.abort().len(), 8);
    for task in tasks {
        let error = runtime.block_on(task).unwrap_err();
        assert!(error.is_cancelled() || error.is_panic(), "{error}");
    }
    assert_eq!(drops.load(Ordering::Relaxed), 8);
    // The future of a scope itself.
    let drops = Arc::new(AtomicU32::new(0));
    let value = spawns::PanicsOnDrop(drops.clone());
    let scope = AbortScope::new();
    let mut run = Box::pin(scope.run(async move {
        let _value = value;
        pending::<()>().await;
    }));
    let mut poll = || {
        let mut cx = Context::from_waker(Waker::noop());
        run.as_mut().poll(&mut cx).map_err(|_| ())
    };
    assert!(poll().is_pending());
    scope.abort();
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    drop(run);
    assert_eq!(drops.load(Ordering::Relaxed), 1, "it is dropped once");
}

#[test]
fn destructor_of_an_aborted_task_is_in_the_scope_and_may_spawn() {
    let runtime = workers(1);
    let (scope, seen) = (AbortScope::new(), Arc::new(AtomicBool::new(false)));
    let task = scope.enter(|| {
        let _inside = runtime.enter();
        spawns::spawns_on_drop(seen.clone())
    });
    scope.abort();
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    assert!(seen.load(Ordering::Relaxed));
}

#[test]
fn cancelled_is_polled_together_and_after_it_was_ready() {
    let late = with_timeout(Duration::from_millis(20), async {
        let mut one = cancelled();
        join_all(&mut one).await;
        pending::<()>().await;
    });
    assert!(block_on(late.enforce()).unwrap_err().is_late());
}

/// Polls a future and clones of its kind together until all are ready.
async fn join_all(one: &mut birthmark::Cancelled) {
    let mut others: Vec<_> = (0..4).map(|_| Box::pin(cancelled())).collect();
    let mut one = Pin::new(one);
    poll_fn(|cx| {
        let mut all = one.as_mut().poll(cx).is_ready();
        for other in &mut others {
            all &= other.as_mut().poll(cx).is_ready();
        }
        if all { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    // A future that was ready stays so.
    one.await;
}

#[test]
fn wakers_that_panic_or_are_replaced_stop_no_abort() {
    struct Panics(AtomicU32);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("the waker panics");
        }
    }
    struct Counts(AtomicU32);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (panics, counts) = (
        Arc::new(Panics(AtomicU32::new(0))),
        Arc::new(Counts(AtomicU32::new(0))),
    );
    let scope = AbortScope::new();
    let mut futures: Vec<_> = (0..4)
        .map(|_| Box::pin(scope.run(pending::<()>())))
        .collect();
    for (number, future) in futures.iter_mut().enumerate() {
        // The last poll's waker counts.
        for waker in [Waker::from(counts.clone()), Waker::from(panics.clone())] {
            let mut cx = Context::from_waker(&waker);
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
        if number % 2 == 0 {
            let waker = Waker::from(counts.clone());
            let mut cx = Context::from_waker(&waker);
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
    }
    scope.abort();
    assert_eq!(panics.0.load(Ordering::Relaxed), 2);
    assert_eq!(counts.0.load(Ordering::Relaxed), 2);
    for future in futures {
        assert!(block_on(future).is_err());
    }
}

#[test]
fn future_that_is_polled_after_it_was_ready_panics_and_nothing_else() {
    for future in [
        Box::pin(with_timeout(LONG, ready(1)).enforce()) as Pin<Box<dyn Future<Output = _>>>,
        Box::pin(AbortScope::new().run(ready(1))),
    ] {
        let mut future = future;
        let mut poll = || {
            future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
        };
        assert_eq!(poll(), Poll::Ready(Ok(1)));
        assert!(catch_unwind(AssertUnwindSafe(&mut poll)).is_err());
        assert!(catch_unwind(AssertUnwindSafe(&mut poll)).is_err());
    }
    assert_eq!(birthmark::deadline(), None);
}

#[test]
fn future_that_panics_may_be_polled_again_and_dropped() {
    let mut future = Box::pin(with_timeout(LONG, async { panic!("the future panics") }).enforce());
    let mut poll = || {
        let _: Poll<Result<(), _>> = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
    };
    assert!(catch_unwind(AssertUnwindSafe(&mut poll)).is_err());
    assert_eq!(birthmark::deadline(), None);
    assert!(catch_unwind(AssertUnwindSafe(&mut poll)).is_err());
    drop(future);
    assert_eq!(birthmark::deadline(), None);
}

#[test]
fn deadline_of_a_future_that_is_dropped_or_done_is_met() {
    let runtime = workers(2);
    let mut soon = Duration::from_millis(50);
    let (_hook, count) = exceeded_at(line!() + 3);
    let run = |deadline: Instant, is_done: bool| {
        runtime.block_on(async {
            let mut future = Box::pin(with_deadline(deadline, async move {
                let task = spawns::quick();
                while !task.is_finished() {
                    tokio::task::yield_now().await;
                }
                if !is_done {
                    let mut cancelled = Box::pin(cancelled());
                    poll_fn(|cx| cancelled.as_mut().poll(cx)).await;
                }
                Some(task)
            }));
            // The handle of the task is kept, and so is a future that is done.
            let mut polls = 0;
            let handle = poll_fn(|cx| {
                polls += 1;
                match future.as_mut().poll(cx) {
                    Poll::Ready(handle) => Poll::Ready(Some(handle)),
                    Poll::Pending if polls < 100 || is_done => {
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }
                    Poll::Pending => Poll::Ready(None),
                }
            });
            let handle = handle.await;
            (is_done.then_some(future), handle)
        })
    };
    loop {
        let deadline = Instant::now() + soon;
        let kept = (run(deadline, true), run(deadline, false));
        if Instant::now() < deadline {
            // A later deadline, whose report follows.
            let (_hook, later) = exceeded_at(line!() + 1);
            block_on(with_deadline(deadline + soon, async {
                wait_until("it is reported", || later.load(Ordering::Relaxed) > 0);
            }));
            drop(kept);
            break;
        }
        // The machine is busy.
        count.store(0, Ordering::Relaxed);
        soon *= 2;
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[test]
fn nested_deadlines_are_the_earliest_whatever_their_order() {
    let now = Instant::now();
    let at = |seconds: u64| now + Duration::from_secs(seconds);
    let mut order = [50_u64, 10, 900, 30, 10, 7, 8000, 7, 60];
    for _ in 0..order.len() {
        order.rotate_left(1);
        let mut seen = Vec::new();
        nest(&order, now, &mut seen);
        let mut least = u64::MAX;
        let expected: Vec<_> = order
            .iter()
            .map(|seconds| {
                least = least.min(*seconds);
                Some(at(least))
            })
            .collect();
        assert_eq!(seen, expected);
    }
    let far = now + Duration::from_secs(1 << 40);
    assert_eq!(with_deadline_blocking(far, birthmark::deadline), Some(far));
    let unlimited = with_timeout(Duration::MAX, async { birthmark::deadline() });
    assert_eq!(block_on(unlimited.enforce()), Ok(None));
}

fn nest(left: &[u64], now: Instant, seen: &mut Vec<Option<Instant>>) {
    if let Some((seconds, left)) = left.split_first() {
        with_deadline_blocking(now + Duration::from_secs(*seconds), || {
            seen.push(birthmark::deadline());
            nest(left, now, seen);
        });
    }
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .expect("it is there")
        .parse()
        .expect("it is a number")
}

#[test]
fn scope_of_very_many_tasks_does_not_grow() {
    let runtime = workers(1);
    let scope = AbortScope::new();
    let run = |count: u32| {
        scope.enter(|| {
            let _inside = runtime.enter();
            spawns::many(count);
        });
        wait_until("all have ended", || {
            birthmark::tasks()
                .iter()
                .all(|task| !task.role().starts_with("many"))
        });
    };
    for _ in 0..5 {
        run(10_000);
    }
    let before = resident_kilobytes();
    for _ in 0..25 {
        run(10_000);
    }
    let grown = resident_kilobytes().saturating_sub(before);
    // A hundred bytes of each task would be 25 MB.
    assert!(grown < 10_000, "{grown} kB");
    assert!(scope.abort().is_empty());
}

#[test]
fn tasks_end_while_others_abort_their_scope() {
    let runtime = workers(2);
    for _ in 0..200 {
        let scope = AbortScope::new();
        let tasks: Vec<_> = scope.enter(|| {
            let _inside = runtime.enter();
            (0..16)
                .map(|number| match number % 2 {
                    0 => tokio_result(spawns::quick()),
                    _ => tokio_result(spawns::endless()),
                })
                .collect()
        });
        std::thread::scope(|threads| {
            threads.spawn(|| scope.abort());
            threads.spawn(|| scope.abort());
            drop(scope.clone());
        });
        for (number, task) in tasks.into_iter().enumerate() {
            let result = runtime.block_on(task);
            match result {
                Ok(()) => assert_eq!(number % 2, 0),
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
        assert!(scope.is_aborted());
    }
}

type Joined = Pin<Box<dyn Future<Output = Result<(), tokio::task::JoinError>>>>;

fn tokio_result<T: 'static>(task: tokio::task::JoinHandle<T>) -> Joined {
    Box::pin(async { task.await.map(drop) })
}
