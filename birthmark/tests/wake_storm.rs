//! A storm of wakes on eight threads: wakers are cloned, compared, sent, dropped late, forgotten, and used after the end of
//! their task. `STORM=1000000` in the environment sets the number of wakes. Under the address sanitizer of a nightly compiler:
//!
//! ```sh
//! RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=0 STORM=1000000 cargo +nightly test -p birthmark \
//!     --test wake_storm --target x86_64-unknown-linux-gnu --target-dir target/asan
//! ```

use birthmark_test_support as _;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

use tokio::runtime::Builder;
use tokio::task::JoinHandle;

const THREADS: usize = 8;
const TASKS: usize = 100;
/// One task of so many is aborted, and forgets its last waker.
const ABORTED: usize = 4;

/// Wakers that tasks have left.
#[derive(Default)]
struct Wakers {
    /// Each has to be woken: its task waits for it.
    due: Mutex<Vec<Waker>>,
    /// Others, of tasks that may have ended.
    late: Mutex<Vec<Waker>>,
    wakes: AtomicUsize,
    is_over: AtomicBool,
}

fn take(wakers: &Mutex<Vec<Waker>>) -> Option<Waker> {
    let mut wakers = wakers.lock().unwrap_or_else(PoisonError::into_inner);
    wakers.pop()
}

fn put(wakers: &Mutex<Vec<Waker>>, waker: Waker) {
    let mut wakers = wakers.lock().unwrap_or_else(PoisonError::into_inner);
    wakers.push(waker);
}

#[birthmark::instrument]
mod tasks {
    use super::*;

    /// Waits for so many wakes. The task leaves a waker that is due in each poll, and sometimes another one.
    pub fn waits(wakers: Arc<Wakers>, mut left: usize) -> JoinHandle<()> {
        tokio::spawn(async move {
            poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                let waker = cx.waker().clone();
                assert!(waker.will_wake(cx.waker()));
                if left.is_multiple_of(3) {
                    put(&wakers.late, waker.clone());
                }
                put(&wakers.due, waker);
                Poll::Pending
            })
            .await;
        })
    }

    /// Wakes what is due, and uses the other wakers in all ways.
    pub fn wakes(wakers: Arc<Wakers>) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            while !wakers.is_over.load(Ordering::Acquire) {
                let Some(due) = take(&wakers.due) else {
                    thread::yield_now();
                    continue;
                };
                let number = wakers.wakes.fetch_add(1, Ordering::Relaxed);
                match number % 4 {
                    0 => due.wake(),
                    1 => due.wake_by_ref(),
                    // Each way to wake counts.
                    #[expect(clippy::waker_clone_wake, reason = "a clone is what is tested")]
                    2 => due.clone().wake(),
                    _ => {
                        let other = due.clone();
                        due.wake();
                        drop(other);
                    }
                }
                match take(&wakers.late).filter(|_| number.is_multiple_of(2)) {
                    Some(late) if number.is_multiple_of(3) => late.wake(),
                    Some(late) => put(&wakers.late, late.clone()),
                    None => {}
                }
            }
        })
    }
}

#[test]
fn wakers_of_any_task_may_be_used_on_any_thread_at_any_time() {
    let wanted = std::env::var("STORM").ok().and_then(|it| it.parse().ok());
    let wanted: usize = wanted.unwrap_or(20_000);
    let wakers = Arc::<Wakers>::default();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(4).build().expect("it starts");
    let threads = (0..THREADS).map(|_| tasks::wakes(wakers.clone()));
    let threads: Vec<_> = threads.collect();
    runtime.block_on(async {
        let spawn = |_| tasks::waits(wakers.clone(), wanted / TASKS);
        let tasks: Vec<_> = (0..TASKS).map(spawn).collect();
        for (number, task) in tasks.into_iter().enumerate() {
            if number % ABORTED == 0 {
                task.abort();
                // Aborted, or ready before.
                let _ = task.await;
                if let Some(late) = take(&wakers.late) {
                    std::mem::forget(late);
                }
            } else {
                task.await.expect("it does not panic");
            }
        }
    });
    wakers.is_over.store(true, Ordering::Release);
    for thread in threads {
        thread.join().expect("it does not panic");
    }
    drop(runtime);
    let live = birthmark::sites().into_iter().map(|stats| stats.live);
    assert_eq!(live.sum::<u64>(), 0);
    // After the end of the executor.
    while let Some(late) = take(&wakers.late).or_else(|| take(&wakers.due)) {
        late.wake();
    }
}
