//! Wakes: whether a task is runnable, what has woken it, whether a waker is left, and the executor's waker below ours.

use birthmark_test_support as _;

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use birthmark::{State, Task, WokenBy};
use birthmark_integration_tests::{Held, spawn, wait_for, wait_until};

/// An executor's waker that counts its wakes.
#[derive(Default)]
struct Executor(AtomicUsize);

impl Executor {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Executor {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Where a task leaves its waker.
type Cell = Arc<Mutex<Vec<Waker>>>;

#[birthmark::instrument]
mod tasks {
    use super::*;

    /// Leaves a clone of its waker at each poll, and is ready once the cell was filled `polls` times.
    pub fn leaves_wakers(cell: &Cell, polls: usize) -> Held {
        let (cell, mut left) = (cell.clone(), polls);
        Box::pin(spawn(poll_fn(move |cx| {
            cell.lock().unwrap().push(cx.waker().clone());
            left -= 1;
            if left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })))
    }

    pub fn wakes_itself() -> Held {
        Box::pin(spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })))
    }

    pub fn forgets_its_waker() -> Held {
        Box::pin(spawn(pending()))
    }

    pub fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        thread::spawn(work).join().unwrap()
    }
}

/// The only task that was spawned by a function of [`tasks`] in this test, which runs on a thread with a record.
fn task(function: &str) -> Task {
    let me = birthmark::current().unwrap().id();
    let mine = |task: &Task| {
        task.parent() == Some(me) && task.site().is_some_and(|site| site.function() == function)
    };
    birthmark::dump().tasks().find(mine).expect("it is alive")
}

fn poll(task: &mut Held, executor: &Arc<Executor>) -> Poll<()> {
    let waker = Waker::from(executor.clone());
    task.as_mut().poll(&mut Context::from_waker(&waker))
}

/// Runs a test on a thread of its own, which has a record.
fn apart(test: impl FnOnce() + Send + 'static) {
    tasks::on_a_thread(test);
}

#[test]
fn woken_task_is_runnable_until_its_next_poll() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 3);
        assert_eq!(task("leaves_wakers").state(), State::Created);
        assert!(poll(&mut held, &executor).is_pending());
        let waits = task("leaves_wakers");
        assert_eq!(waits.state(), State::Waiting);
        assert!(waits.woken_by().is_none() && !waits.has_no_waker());

        cell.lock().unwrap().pop().unwrap().wake();
        let woken = task("leaves_wakers");
        assert_eq!((woken.state(), executor.wakes()), (State::Runnable, 1));
        let me = birthmark::current().unwrap().id();
        let by = woken.woken_by().expect("it was woken");
        assert!(
            matches!(by, WokenBy::Task { id, .. } if *id == me),
            "{by:?}"
        );
        let text = woken.to_string();
        assert!(text.contains("woken by task "), "{text}");

        assert!(poll(&mut held, &executor).is_pending());
        let waits = task("leaves_wakers");
        assert_eq!(waits.state(), State::Waiting);
        assert!(waits.to_string().contains("last woken by task "), "{waits}");
        assert!(poll(&mut held, &executor).is_ready());
    });
}

#[test]
fn filter_selects_tasks_by_what_woke_them_last() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 2);
        let mut itself = tasks::wakes_itself();
        assert!(poll(&mut held, &executor).is_pending());
        assert!(poll(&mut itself, &executor).is_pending());
        let me = birthmark::current().unwrap().id();
        let functions = |filter: &str| {
            let filter = format!("under={me}&{filter}").parse().unwrap();
            let dump = birthmark::dump().filter(&filter);
            let sites = dump.tasks().filter_map(|task| task.site());
            let mut functions: Vec<_> = sites.map(|site| site.function()).collect();
            functions.sort_unstable();
            functions.join(" ")
        };
        assert_eq!(functions("woken-by=*"), "wakes_itself");
        let waker = cell.lock().unwrap().pop().unwrap();
        let wake = move || waker.wake();
        birthmark::set_name("publisher 7");
        wake();
        assert_eq!(functions("woken-by=publisher*"), "leaves_wakers");
        assert_eq!(functions(&format!("woken-by={me}")), "leaves_wakers");
        let role = birthmark::dump().tasks().find(|task| task.id() == me);
        let role = role.unwrap().role().to_owned();
        assert_eq!(
            functions(&format!("woken-by={role}&woken-by=poll_fn")),
            "leaves_wakers wakes_itself"
        );
        assert_eq!(functions("woken-by=nobody"), "");
        assert_eq!(functions("woken-by="), "");
    });
}

#[test]
fn wake_by_a_thread_without_a_task_names_no_task() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 2);
        assert!(poll(&mut held, &executor).is_pending());
        let waker = cell.lock().unwrap().pop().unwrap();
        // Not instrumented, so it has no record.
        thread::spawn(|| waker.wake()).join().unwrap();
        let woken = task("leaves_wakers");
        assert!(
            matches!(woken.woken_by(), Some(WokenBy::Thread { .. })),
            "{woken}"
        );
        assert!(woken.to_string().contains(" in no task\n"), "{woken}");
    });
}

#[test]
fn task_that_wakes_itself_is_runnable_after_its_poll() {
    apart(|| {
        let executor = Arc::default();
        let mut held = tasks::wakes_itself();
        for _ in 0..3 {
            assert!(poll(&mut held, &executor).is_pending());
            let woken = task("wakes_itself");
            assert_eq!(woken.state(), State::Runnable);
            assert_eq!(woken.woken_by(), Some(&WokenBy::Itself));
        }
        assert_eq!(executor.wakes(), 3);
    });
}

#[test]
fn second_wake_before_a_poll_reaches_the_executor() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 2);
        assert!(poll(&mut held, &executor).is_pending());
        let waker = cell.lock().unwrap().pop().unwrap();
        waker.wake_by_ref();
        waker.wake();
        assert_eq!(executor.wakes(), 2);
    });
}

#[test]
fn task_without_a_waker_is_said_to_have_none_after_a_tick() {
    birthmark::builder().env(false).install();
    apart(|| {
        let executor = Arc::default();
        let mut held = tasks::forgets_its_waker();
        assert!(poll(&mut held, &executor).is_pending());
        let lost = wait_for("a tick is over", || {
            Some(task("forgets_its_waker")).filter(Task::has_no_waker)
        });
        assert_eq!(lost.state(), State::Waiting);
        assert!(lost.to_string().contains(", no waker left\n"), "{lost}");
    });
}

#[test]
fn executor_s_waker_lives_as_long_as_without_birthmark() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::<Executor>::default());
        let mut held = tasks::leaves_wakers(&cell, 9);
        assert!(poll(&mut held, &executor).is_pending());
        let first = cell.lock().unwrap().pop().unwrap();
        // However many clones there are, the executor's waker is cloned once.
        let clones: Vec<_> = (0..8).map(|_| first.clone()).collect();
        assert_eq!(Arc::strong_count(&executor), 2);
        drop(first);
        assert_eq!(Arc::strong_count(&executor), 2);
        drop(clones);
        assert_eq!(Arc::strong_count(&executor), 1);

        assert!(poll(&mut held, &executor).is_pending());
        cell.lock().unwrap().pop().unwrap().wake();
        assert_eq!((Arc::strong_count(&executor), executor.wakes()), (1, 1));
    });
}

#[test]
fn wakers_outlive_their_task_and_keep_its_record_from_others() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::<Executor>::default());
        let mut ends = tasks::leaves_wakers(&cell, 1);
        let mut dropped = tasks::leaves_wakers(&cell, 2);
        assert!(poll(&mut ends, &executor).is_ready());
        assert!(poll(&mut dropped, &executor).is_pending());
        drop((ends, dropped));
        // Later tasks do not get the records whose wakers are out.
        let mut later: Vec<_> = (0..1000).map(|_| tasks::wakes_itself()).collect();
        for held in &mut later {
            assert!(poll(held, &executor).is_pending());
        }
        let before = executor.wakes();
        let wakers = std::mem::take(&mut *cell.lock().unwrap());
        assert_eq!(wakers.len(), 2);
        wakers.iter().for_each(Waker::wake_by_ref);
        assert_eq!(executor.wakes(), before + 2);
        assert_eq!(Arc::strong_count(&executor), 3);
        drop(wakers);
        assert_eq!(Arc::strong_count(&executor), 1);
    });
}

#[test]
fn wakers_of_two_polls_are_equal() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 3);
        assert!(poll(&mut held, &executor).is_pending());
        assert!(poll(&mut held, &executor).is_pending());
        let wakers = cell.lock().unwrap();
        assert!(wakers[0].will_wake(&wakers[1]));
    });
}

#[test]
fn task_that_moves_to_another_executor_is_woken_there() {
    apart(|| {
        let (cell, before, after) = (Cell::default(), Arc::default(), Arc::default());
        let mut held = tasks::leaves_wakers(&cell, 4);
        assert!(poll(&mut held, &before).is_pending());
        assert!(poll(&mut held, &after).is_pending());
        let wakers = std::mem::take(&mut *cell.lock().unwrap());
        assert!(!wakers[0].will_wake(&wakers[1]));
        assert_eq!(
            task("leaves_wakers").state(),
            State::Suspended,
            "its wakes are not seen"
        );
        let [old, new] = <[Waker; 2]>::try_from(wakers).unwrap();
        new.wake();
        assert_eq!((before.wakes(), after.wakes()), (0, 1));
        old.wake();
        assert_eq!((before.wakes(), after.wakes()), (1, 1));
        // Without a waker of the first executor, wakes are seen again.
        assert!(poll(&mut held, &after).is_pending());
        cell.lock().unwrap().pop().unwrap().wake();
        assert_eq!(task("leaves_wakers").state(), State::Runnable);
        assert_eq!(after.wakes(), 2);
    });
}

#[test]
fn waker_of_a_poll_that_panics_is_given_back() {
    apart(|| {
        let executor = Arc::<Executor>::default();
        #[birthmark::instrument]
        fn panics(cell: Cell) -> Held {
            Box::pin(spawn(poll_fn(move |cx| {
                cell.lock().unwrap().push(cx.waker().clone());
                std::panic::resume_unwind(Box::new(()));
            })))
        }
        let cell = Cell::default();
        let mut held = panics(cell.clone());
        let poll = std::panic::AssertUnwindSafe(|| poll(&mut held, &executor));
        assert!(std::panic::catch_unwind(poll).is_err());
        drop(held);
        cell.lock().unwrap().pop().unwrap().wake();
        assert_eq!((Arc::strong_count(&executor), executor.wakes()), (1, 1));
    });
}

#[test]
fn wakers_may_be_used_on_many_threads_at_once() {
    const THREADS: usize = 8;
    let times = if cfg!(miri) { 10 } else { 20_000 };
    apart(move || {
        let (cell, executor) = (Cell::default(), Arc::<Executor>::default());
        let mut held = tasks::leaves_wakers(&cell, usize::MAX);
        let (sender, receiver) = mpsc::channel::<()>();
        assert!(poll(&mut held, &executor).is_pending());
        let waker = cell.lock().unwrap().pop().unwrap();
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (waker, done) = (waker.clone(), sender.clone());
                thread::spawn(move || {
                    for _ in 0..times {
                        let clone = waker.clone();
                        waker.wake_by_ref();
                        clone.wake();
                    }
                    drop(waker);
                    drop(done);
                })
            })
            .collect();
        drop((waker, sender));
        // Polled all the while.
        while matches!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty)) {
            assert!(poll(&mut held, &executor).is_pending());
            cell.lock().unwrap().clear();
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(executor.wakes(), 2 * THREADS * times);
        drop(held);
        cell.lock().unwrap().clear();
        assert_eq!(Arc::strong_count(&executor), 1);
    });
}

#[test]
fn waker_may_be_cloned_by_another_thread_during_the_poll() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::<Executor>::default());
        #[birthmark::instrument]
        fn lends_its_waker(cell: Cell) -> Held {
            Box::pin(spawn(poll_fn(move |cx| {
                let waker = cx.waker();
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            waker.wake_by_ref();
                            cell.lock().unwrap().push(waker.clone());
                        });
                    }
                    cell.lock().unwrap().push(waker.clone());
                });
                Poll::<()>::Pending
            })))
        }
        let mut held = lends_its_waker(cell.clone());
        assert!(poll(&mut held, &executor).is_pending());
        let wakers = std::mem::take(&mut *cell.lock().unwrap());
        assert_eq!(executor.wakes(), 4);
        wakers.into_iter().for_each(Waker::wake);
        assert_eq!((Arc::strong_count(&executor), executor.wakes()), (1, 9));
    });
}

#[test]
fn forgotten_waker_costs_a_record_and_no_more() {
    apart(|| {
        let (cell, executor) = (Cell::default(), Arc::<Executor>::default());
        let mut held = tasks::leaves_wakers(&cell, 1);
        assert!(poll(&mut held, &executor).is_ready());
        std::mem::take(&mut *cell.lock().unwrap())
            .into_iter()
            .for_each(std::mem::forget);
        drop(held);
        assert_eq!(Arc::strong_count(&executor), 2);
    });
}

#[birthmark::instrument]
mod on_tokio {
    use super::*;

    pub async fn receiver_is_woken_by_its_sender() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let receives = tokio::spawn(async move { receiver.recv().await });
        tokio::task::yield_now().await;
        let sends = tokio::spawn(async move {
            sender.send(7).await.unwrap();
            // On one thread, so the receiver cannot have run.
            let me = birthmark::current().unwrap().id();
            let woken = |task: &Task| matches!(task.woken_by(), Some(WokenBy::Task { id, .. }) if *id == me);
            let woken = birthmark::dump()
                .tasks()
                .find(woken)
                .expect("the receiver was woken");
            assert_eq!(woken.state(), State::Runnable);
        });
        sends.await.unwrap();
        assert_eq!(receives.await.unwrap(), Some(7));
    }

    /// The main task of a runtime waits in its `block_on`.
    pub fn blocks_on(runtime: &tokio::runtime::Runtime, until: tokio::sync::oneshot::Receiver<()>) {
        runtime.block_on(async move { until.await.unwrap() });
    }
}

#[test]
fn receiver_is_woken_by_its_sender() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(on_tokio::receiver_is_woken_by_its_sender());
}

#[test]
fn thread_in_block_on_is_waiting() {
    let (done, until) = tokio::sync::oneshot::channel();
    let (sender, receiver) = mpsc::channel();
    let blocked = thread::spawn(|| {
        tasks::on_a_thread(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            sender.send(birthmark::current().unwrap().id()).unwrap();
            on_tokio::blocks_on(&runtime, until);
            let me = birthmark::current().unwrap();
            assert!(matches!(me.state(), State::Running { .. }), "{me}");
        });
    });
    let id = receiver.recv().unwrap();
    let find = || birthmark::dump().tasks().find(|task| task.id() == id);
    let waits = wait_for("it waits", || {
        find().filter(|task| task.state() == State::Waiting)
    });
    assert!(!waits.stack().is_empty(), "{waits}");
    done.send(()).unwrap();
    blocked.join().unwrap();
    wait_until("it has ended", || find().is_none());
}

/// Several threads work on behalf of a task that itself waits, or call one closure of it.
#[birthmark::instrument]
mod shared {
    use super::*;

    /// A future that is pending once, and woken by another thread.
    pub async fn woken_by_a_thread() {
        let mut is_woken = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        })
        .await;
    }

    pub fn blocks() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(woken_by_a_thread());
    }

    pub fn broadcasts() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            for _ in 0..50 {
                rayon::broadcast(|_| blocks());
            }
        });
    }

    pub fn calls_one_closure_on_threads() {
        let closure = Arc::new(|| (0..50).for_each(|_| blocks()));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let closure = closure.clone();
                thread::spawn(move || closure())
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn threads_that_block_on_behalf_of_one_task_have_their_own_wakers() {
    apart(shared::broadcasts);
    apart(shared::calls_one_closure_on_threads);
}
