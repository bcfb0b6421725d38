//! Deadlines: which tasks have one, and what becomes of tasks whose deadline is enforced.
#![allow(
    clippy::async_yields_async,
    reason = "tests look at handles after the deadline"
)]

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use birthmark::{
    Exceeded, HookHandle, Spawn, SpawnHook, deadline, is_cancelled, remaining, root, with_deadline,
    with_deadline_blocking, with_timeout, with_timeout_blocking,
};
use birthmark_integration_tests::{block_on, wait_until, yield_once};

/// No test lasts so long.
const HOUR: Duration = Duration::from_secs(3600);
/// Passes while a test waits for it.
const SHORT: Duration = Duration::from_millis(20);

fn workers() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.expect("the runtime starts")
}

/// Counts the deadlines that were set in a line of this file and exceeded.
fn count_of_line(line: u32) -> (HookHandle, Arc<AtomicU32>) {
    struct Count(u32, Arc<AtomicU32>);
    impl SpawnHook for Count {
        fn on_spawn(&self, _: &mut Spawn<'_>) {}
        fn on_exceeded(&self, exceeded: &Exceeded) {
            let place = exceeded.location();
            if place.line() == self.0 && place.file().ends_with("tests/deadlines.rs") {
                self.1.fetch_add(1, Ordering::Relaxed);
            }
        }
        fn wants_lifecycle(&self) -> bool {
            false
        }
    }
    let count = Arc::new(AtomicU32::new(0));
    (birthmark::add_hook(Count(line, count.clone())), count)
}

#[birthmark::instrument]
mod spawns {
    use super::*;

    pub fn on_tokio() -> tokio::task::JoinHandle<Option<Instant>> {
        tokio::spawn(async { deadline() })
    }

    pub fn on_smol() -> smol::Task<Option<Instant>> {
        smol::spawn(async { deadline() })
    }

    pub fn blocking() -> tokio::task::JoinHandle<Option<Instant>> {
        tokio::task::spawn_blocking(deadline)
    }

    pub fn on_thread() -> Option<Instant> {
        thread::spawn(deadline).join().unwrap()
    }

    pub fn on_scoped_thread() -> Option<Instant> {
        thread::scope(|scope| scope.spawn(deadline).join().unwrap())
    }

    pub fn on_rayon() -> Vec<Option<Instant>> {
        let mut seen = vec![None; 2];
        let (left, right) = seen.split_at_mut(1);
        rayon::scope(|scope| {
            scope.spawn(|_| left[0] = deadline());
            right[0] = deadline();
        });
        let (sender, receiver) = std::sync::mpsc::channel();
        rayon::spawn(move || sender.send(deadline()).unwrap());
        seen.push(receiver.recv().unwrap());
        seen
    }

    pub fn as_root() -> Option<Instant> {
        thread::spawn(root!(|| deadline())).join().unwrap()
    }

    pub async fn grandchild() -> Option<Instant> {
        let child = tokio::spawn(async { tokio::spawn(async { deadline() }).await.unwrap() });
        child.await.unwrap()
    }

    pub fn endless() -> tokio::task::JoinHandle<()> {
        tokio::spawn(pending())
    }

    pub fn endless_on_smol() -> smol::Task<bool> {
        smol::spawn(async {
            birthmark::cancelled().await;
            is_cancelled()
        })
    }

    pub fn endless_thread() -> thread::JoinHandle<()> {
        thread::spawn(|| {
            while !is_cancelled() {
                thread::yield_now();
            }
        })
    }

    pub fn endless_in(set: &mut tokio::task::JoinSet<()>) {
        set.spawn(pending());
    }

    /// Spawns a task that spawns the next one, each with a shorter deadline.
    pub fn chain(left: u64, done: tokio::sync::oneshot::Sender<Option<Duration>>) {
        let timeout = HOUR + Duration::from_micros(left);
        with_timeout_blocking(timeout, || {
            tokio::spawn(link(left, done));
        });
    }

    fn link(
        left: u64,
        done: tokio::sync::oneshot::Sender<Option<Duration>>,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            match left {
                0 => done.send(remaining()).unwrap(),
                _ => chain(left - 1, done),
            }
        })
    }

    pub fn finishing() -> tokio::task::JoinHandle<u32> {
        tokio::spawn(async {
            for _ in 0..20 {
                yield_once().await;
            }
            7
        })
    }
}

#[test]
fn deadline_is_inherited_by_tasks_of_each_executor() {
    let at = Instant::now() + HOUR;
    let runtime = workers();
    let _entered = runtime.enter();
    assert_eq!(deadline(), None);
    let (tokio, smol, job) = with_deadline_blocking(at, || {
        assert_eq!(spawns::on_thread(), Some(at));
        assert_eq!(spawns::on_scoped_thread(), Some(at));
        assert_eq!(spawns::on_rayon(), [Some(at); 3]);
        (spawns::on_tokio(), spawns::on_smol(), spawns::blocking())
    });
    assert_eq!(block_on(tokio).unwrap(), Some(at));
    assert_eq!(block_on(smol), Some(at));
    assert_eq!(block_on(job).unwrap(), Some(at));
    assert_eq!(deadline(), None, "it ends with the closure");
    assert_eq!(spawns::on_thread(), None);
}

#[test]
fn deadline_of_a_future_is_inherited_by_grandchildren() {
    let at = Instant::now() + HOUR;
    let seen = workers().block_on(with_deadline(at, spawns::grandchild()));
    assert_eq!(seen, Some(at));
}

#[test]
fn root_has_no_deadline() {
    let seen = with_timeout_blocking(HOUR, || (spawns::as_root(), spawns::on_thread()));
    assert!(seen.0.is_none() && seen.1.is_some());
}

/// A connection of a pool outlives the request that opens it.
#[test]
fn task_of_a_known_pool_has_no_deadline() {
    use birthmark::__private::{Counts, Kind, Site, future, record_spawn_as};
    const fn site(module: &'static str) -> Site {
        Site {
            file: "src/inner.rs",
            line: 1,
            column: 1,
            module,
            function: "connect",
            callee: "spawn",
            role: "connection",
            kind: Kind::Future,
            fallible: false,
            certain: true,
            counts: Counts::NONE,
        }
    }
    static POOL: Site = site("bb8::inner");
    static OTHER: Site = site("bb9::inner");
    let seen = |site: &'static Site| {
        let scope = birthmark::AbortScope::new();
        let task = scope.enter(|| {
            with_timeout_blocking(HOUR, || {
                let handle = record_spawn_as(site, false, None);
                Box::pin(future(handle, async { deadline().is_some() }))
            })
        });
        let members = scope.abort().len();
        (block_on(task), members)
    };
    assert_eq!(seen(&POOL), (false, 0));
    assert_eq!(seen(&OTHER), (true, 1));
}

#[test]
fn deadline_within_another_one_is_only_shortened() {
    let at = Instant::now() + HOUR;
    with_deadline_blocking(at, || {
        with_deadline_blocking(at + HOUR, || assert_eq!(deadline(), Some(at)));
        with_deadline_blocking(at - SHORT, || {
            assert_eq!(deadline(), Some(at - SHORT));
            assert_eq!(spawns::on_thread(), Some(at - SHORT));
        });
        assert_eq!(deadline(), Some(at));
        assert!(remaining().unwrap() <= HOUR);
    });
}

#[test]
fn timeout_beyond_the_clock_is_none() {
    with_timeout_blocking(Duration::MAX, || {
        assert_eq!((deadline(), remaining()), (None, None));
    });
    let forever = with_timeout(Duration::MAX, async { deadline() });
    assert_eq!(block_on(forever.enforce()), Ok(None));
}

#[test]
fn future_has_its_deadline_while_it_is_polled_and_dropped() {
    struct OnDrop(Arc<AtomicU32>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0
                .fetch_add(u32::from(deadline().is_some()), Ordering::Relaxed);
        }
    }
    let seen = Arc::new(AtomicU32::new(0));
    let owned = OnDrop(seen.clone());
    {
        let mut future = pin!(with_timeout(HOUR, async move {
            let _owned = owned;
            pending::<()>().await;
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_pending());
        assert_eq!(deadline(), None);
    }
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

#[test]
fn panic_in_a_closure_with_a_deadline_ends_the_deadline() {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        with_timeout_blocking(HOUR, || panic!("on purpose"));
    }));
    assert!(panicked.is_err());
    assert_eq!(deadline(), None);
}

#[test]
fn exceeded_deadline_is_reported_once() {
    let (hook, count) = count_of_line(line!() + 1);
    let late = with_timeout(SHORT, async {
        let tasks = [spawns::endless(), spawns::endless()];
        wait_until("it is reported", || count.load(Ordering::Relaxed) > 0);
        thread::sleep(SHORT);
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
    });
    workers().block_on(late);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    drop(hook);
}

#[test]
fn deadline_that_is_met_is_not_reported() {
    let (hook, count) = count_of_line(line!() + 1);
    let met = with_timeout(SHORT, async { 7 });
    assert_eq!(block_on(met), 7);
    // Another deadline of the same length passes meanwhile.
    let late = with_timeout(SHORT, pending::<()>());
    assert!(block_on(late.enforce()).is_err());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    drop(hook);
}

#[test]
fn future_that_is_kept_after_it_was_ready_has_met_its_deadline() {
    let (hook, count) = count_of_line(line!() + 1);
    let mut kept = Box::pin(with_timeout(SHORT, ready(7)));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(kept.as_mut().poll(&mut cx), Poll::Ready(7));
    assert!(block_on(with_timeout(2 * SHORT, pending::<()>()).enforce()).is_err());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    drop(hook);
}

#[test]
fn deadline_in_the_past_is_exceeded_at_once() {
    let (hook, count) = count_of_line(line!() + 2);
    let past = Instant::now();
    let late = with_deadline(past, async { remaining() });
    assert_eq!(block_on(late), Some(Duration::ZERO));
    wait_until("it is reported", || count.load(Ordering::Relaxed) == 1);
    let enforced = with_deadline(past, pending::<()>()).enforce();
    assert!(block_on(enforced).unwrap_err().is_late());
    // The future is polled first.
    assert_eq!(block_on(with_deadline(past, ready(7)).enforce()), Ok(7));
    drop(hook);
}

#[test]
fn deadline_that_was_exceeded_goes_on_to_apply() {
    let past = Instant::now();
    let (hook, count) = count_of_line(line!() + 1);
    with_deadline_blocking(past, || {
        wait_until("it is reported", || count.load(Ordering::Relaxed) == 1);
        birthmark::AbortScope::new().enter(|| {
            assert_eq!(deadline(), Some(past));
            assert_eq!(spawns::on_thread(), Some(past));
        });
        let enforced = with_timeout(HOUR, pending::<()>()).enforce();
        assert!(block_on(enforced).unwrap_err().is_late());
    });
    assert_eq!(count.load(Ordering::Relaxed), 1);
    drop(hook);
}

#[test]
fn enforced_deadline_aborts_tasks_of_tokio_and_asks_others() {
    let runtime = workers();
    let mut set = tokio::task::JoinSet::new();
    let mut others = None;
    let late = with_timeout(SHORT, async {
        spawns::endless_in(&mut set);
        others = Some((
            spawns::endless(),
            spawns::endless_on_smol(),
            spawns::endless_thread(),
        ));
        pending::<()>().await;
    });
    let error = runtime.block_on(late.enforce()).unwrap_err();
    assert_eq!(error.to_string(), "the deadline was exceeded");
    let (tokio, smol, thread) = others.unwrap();
    assert!(runtime.block_on(tokio).unwrap_err().is_cancelled());
    let joined = runtime.block_on(set.join_next()).unwrap();
    assert!(joined.unwrap_err().is_cancelled());
    assert!(block_on(smol), "it was asked");
    thread.join().unwrap();
}

#[test]
fn deadline_that_is_not_enforced_aborts_nothing() {
    let runtime = workers();
    let (hook, count) = count_of_line(line!() + 1);
    let task = runtime.block_on(with_timeout(SHORT, async {
        let task = spawns::endless();
        while count.load(Ordering::Relaxed) == 0 {
            yield_once().await;
        }
        assert!(!is_cancelled());
        task
    }));
    assert!(!task.is_finished());
    task.abort();
    drop(hook);
}

#[test]
fn enforced_deadline_reaches_tasks_under_a_deadline_of_their_own() {
    let runtime = workers();
    let mut inner = None;
    let late = with_timeout(SHORT, async {
        inner = Some(with_timeout(HOUR, async { spawns::endless() }).await);
        // The subtree of the outer deadline alone has this task.
        let shorter = with_timeout(SHORT / 2, async { spawns::endless() }).await;
        let _ended = shorter.await;
        pending::<()>().await;
    });
    assert!(runtime.block_on(late.enforce()).is_err());
    assert!(runtime.block_on(inner.unwrap()).unwrap_err().is_cancelled());
}

#[test]
fn spawn_in_a_cancelled_subtree_is_aborted() {
    let runtime = workers();
    let task = runtime.block_on(async {
        let mut task = None;
        let late = with_timeout(SHORT, async {
            birthmark::cancelled().await;
            task = Some(spawns::endless());
            pending::<()>().await;
        });
        assert!(late.enforce().await.is_err());
        task.unwrap()
    });
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
}

/// The end of a task and its abort come at the same time: the result is that of the one that was first, and never another.
#[test]
fn race_of_end_and_abort_gives_one_of_both_results() {
    let runtime = workers();
    let mut ends = [0; 2];
    for round in 0..300 {
        let mut task = None;
        let late = with_timeout(Duration::from_micros(round), async {
            task = Some(spawns::finishing());
            pending::<()>().await;
        });
        assert!(runtime.block_on(late.enforce()).is_err());
        match runtime.block_on(task.unwrap()) {
            Ok(value) => {
                assert_eq!(value, 7);
                ends[0] += 1;
            }
            Err(error) => {
                assert!(error.is_cancelled(), "{error}");
                ends[1] += 1;
            }
        }
    }
    assert_eq!(ends[0] + ends[1], 300);
}

#[test]
fn chain_of_a_hundred_thousand_deadlines_is_freed() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let runtime = workers();
    let _entered = runtime.enter();
    spawns::chain(100_000, sender);
    let left = runtime.block_on(receiver).unwrap().unwrap();
    assert!(left <= HOUR);
}

#[test]
fn waker_of_a_cancelled_future_is_not_kept() {
    struct Counted;
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }
    let counted = Arc::new(Counted);
    let waker = Waker::from(counted.clone());
    with_timeout_blocking(HOUR, || {
        let mut cancelled = pin!(birthmark::cancelled());
        for _ in 0..2 {
            let mut cx = Context::from_waker(&waker);
            assert!(cancelled.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(Arc::strong_count(&counted), 3);
    });
    assert_eq!(Arc::strong_count(&counted), 2);
}
