//! Programs with deadlines, for `tests/deadline_reports.rs`. A child of a fork that hangs is ended by its alarm.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// After how many seconds a child is ended. Nothing but a hang takes as long.
const PATIENCE: u32 = 60;
/// Passes soon.
const SHORT: Duration = Duration::from_millis(50);

fn main() {
    birthmark::install();
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "tokio" => tokio_tasks(),
        "alive" => alive(),
        "past" => past(),
        "ended" => ended(),
        "many" => many(),
        "fork" => println!("{}", fork()),
        "fork_inherited" => println!("{}", fork_inherited()),
        _ => println!("what?"),
    }
}

#[birthmark::instrument]
mod server {
    use super::*;

    pub async fn accept() {
        let connection = tokio::spawn(birthmark::named!("req-7" => serve()));
        connection.await.expect("it ends");
    }

    async fn serve() {
        birthmark::set_label("tenant", "acme");
        let late = birthmark::with_timeout(SHORT, async {
            tokio::spawn(audit());
            let job = tokio::task::spawn_blocking(|| {
                while !birthmark::is_cancelled() {
                    thread::yield_now();
                }
            });
            job.await.expect("it ends");
            pending::<()>().await;
        });
        late.enforce().await.expect_err("it is late");
        // Longer than it takes to write the report.
        wait_for_report();
    }

    async fn audit() {
        pending::<()>().await;
    }

    pub fn flush() {
        birthmark::with_timeout_blocking(SHORT, || {
            let threads = [(); 10].map(|()| thread::spawn(wait_for_report));
            for thread in threads {
                thread.join().expect("it ends");
            }
        });
    }

    pub fn orphan() {
        let owner = thread::spawn(|| {
            birthmark::with_timeout_blocking(SHORT, || thread::spawn(wait_for_report))
        });
        let orphan = owner.join().expect("it ends");
        orphan.join().expect("it ends");
    }

    pub fn task() {
        thread::spawn(|| ()).join().expect("it does nothing");
    }
}

/// Set by a hook, which is called after the report was written.
static IS_REPORTED: AtomicBool = AtomicBool::new(false);

struct Reported;

impl birthmark::SpawnHook for Reported {
    fn on_spawn(&self, _: &mut birthmark::Spawn<'_>) {}

    fn on_exceeded(&self, _: &birthmark::Exceeded) {
        IS_REPORTED.store(true, Ordering::Release);
    }

    fn wants_lifecycle(&self) -> bool {
        false
    }
}

fn wait_for_report() {
    while !IS_REPORTED.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(1));
    }
}

fn tokio_tasks() {
    birthmark::add_hook(Reported).forget();
    let runtime = tokio::runtime::Builder::new_multi_thread().build();
    runtime
        .expect("the runtime starts")
        .block_on(server::accept());
}

fn alive() {
    birthmark::add_hook(Reported).forget();
    server::flush();
}

fn ended() {
    birthmark::add_hook(Reported).forget();
    server::orphan();
}

fn past() {
    birthmark::add_hook(Reported).forget();
    birthmark::with_deadline_blocking(std::time::Instant::now(), wait_for_report);
}

/// Sets a million deadlines, each within the one before.
fn many() {
    let mut nested = Vec::new();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let hour = Duration::from_secs(3600);
    for number in 0..1_000_000_u64 {
        let timeout = hour - Duration::from_micros(number);
        let mut future = Box::pin(birthmark::with_timeout(timeout, pending::<()>()));
        assert!(future.as_mut().poll(&mut cx).is_pending());
        nested.push(future);
    }
    drop(nested);
    println!("{:?}", birthmark::deadline());
}

/// Runs `f` in the child of a fork. Returns how that has ended.
fn in_child(f: impl FnOnce()) -> String {
    // SAFETY: the child runs code that std's own threads run, and ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it sets a timer.
        unsafe { libc::alarm(PATIENCE) };
        f();
        // SAFETY: it ends the process.
        unsafe { libc::_exit(0) }
    }
    let mut status = 0;
    // SAFETY: the child is ours, and the status is there to be written.
    unsafe { libc::waitpid(child, &mut status, 0) };
    match libc::WIFSIGNALED(status) {
        true => format!("signal {}", libc::WTERMSIG(status)),
        false => format!("exit {}", libc::WEXITSTATUS(status)),
    }
}

/// Forks while other threads set deadlines and spawn under them. The child sets one that is exceeded.
fn fork() -> String {
    static ENDS: AtomicBool = AtomicBool::new(false);
    let busy = || {
        while !ENDS.load(Ordering::Relaxed) {
            birthmark::with_timeout_blocking(Duration::from_secs(3600), server::task);
            birthmark::AbortScope::new().enter(server::task);
        }
    };
    let others = [thread::spawn(busy), thread::spawn(busy)];
    let mut ends: Vec<String> = (0..50).map(|_| in_child(late_in_child)).collect();
    ENDS.store(true, Ordering::Relaxed);
    for other in others {
        other.join().expect("it sets deadlines");
    }
    ends.dedup();
    format!("{ends:?}")
}

fn late_in_child() {
    birthmark::add_hook(Reported).forget();
    birthmark::with_timeout_blocking(Duration::from_millis(1), wait_for_report);
}

/// Forks under a deadline, in which other threads spawn. The child spawns under it, too.
fn fork_inherited() -> String {
    let hour = Duration::from_secs(3600);
    let scope = birthmark::AbortScope::new();
    let spawn_much = || {
        for _ in 0..2000 {
            server::task();
        }
    };
    let ends = birthmark::with_timeout_blocking(hour, || {
        scope.enter(|| {
            thread::scope(|threads| {
                threads.spawn(spawn_much);
                let child = || {
                    assert!(birthmark::remaining().is_some());
                    server::task();
                    scope.abort();
                    birthmark::with_timeout_blocking(SHORT, server::task);
                    late_in_child();
                };
                let ends = (0..50).map(|_| in_child(child));
                ends.collect::<std::collections::BTreeSet<String>>()
            })
        })
    });
    format!("{ends:?}")
}
