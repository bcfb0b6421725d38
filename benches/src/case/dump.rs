//! How long it takes to ask a million live tasks what they are doing, while others come and go.

use std::fmt::{self, Write};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::runtime::Runtime;

use super::memory::{MILLION, spawn_all, spawn_awaiting};
use super::unit;
use crate::spawn::{AsyncBacktrace, AwaitTree, Birthmark, Raw, Spawn, registry};
use crate::stats::Sample;
use crate::variant::Variant;
use crate::work::{Ends, Waits};

const ROUNDS: usize = 7;

/// Returns medians in milliseconds. For birthmark, there are five: of the walk, the snapshot, the text into a sink, the
/// text into a string, and the CPU time of the last. With as many other threads as processors, the last one also waits
/// for a processor. For others, there is one: of the text into a string.
pub(super) fn times(variant: Variant, churners: usize) -> Vec<f64> {
    variant.prepare();
    let runtime = unit::current_thread();
    spawn_all::<Waits<40>>(variant, &runtime, MILLION);
    times_of(variant, churners, runtime)
}

/// Returns the same medians for tasks that await at one level, without other threads.
pub(super) fn times_awaiting(variant: Variant) -> Vec<f64> {
    variant.prepare();
    let runtime = unit::current_thread();
    spawn_awaiting(variant, &runtime, MILLION);
    times_of(variant, 0, runtime)
}

fn times_of(variant: Variant, churners: usize, runtime: Runtime) -> Vec<f64> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..churners {
            scope.spawn(|| churn(variant, &done));
        }
        let times = match variant {
            Variant::On => ours(),
            Variant::AsyncBacktrace => vec![median(|| {
                black_box(async_backtrace::taskdump_tree(false));
            })],
            Variant::AwaitTree => vec![median(await_tree_text)],
            _ => panic!("{variant} has no dump"),
        };
        done.store(true, Ordering::Relaxed);
        // Some peers take minutes to end their tasks, and nothing more is asked of them.
        std::mem::forget(runtime);
        times
    })
}

fn ours() -> Vec<f64> {
    assert!(birthmark::task_count() >= MILLION, "all are seen");
    let text = || {
        let mut text = String::new();
        write!(text, "{}", birthmark::dump()).expect("a string takes all");
        black_box(text);
    };
    vec![
        median(|| {
            black_box(birthmark::task_count());
        }),
        median(|| {
            black_box(birthmark::dump());
        }),
        median(|| write!(Sink, "{}", birthmark::dump()).expect("a sink takes all")),
        median(text),
        median_by(processor_seconds, text),
    ]
}

/// Takes text and forgets it. (The one of `std` does not even have it made.)
struct Sink;

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

fn await_tree_text() {
    let mut text = String::new();
    for (_, tree) in registry().collect_all() {
        writeln!(text, "{tree}").expect("a string takes all");
    }
    black_box(text);
}

pub(super) fn median(work: impl Fn()) -> f64 {
    let start = Instant::now();
    median_by(|| start.elapsed().as_secs_f64(), work)
}

fn median_by(seconds: impl Fn() -> f64, work: impl Fn()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let before = seconds();
        work();
        (seconds() - before) * 1e3
    });
    Sample::new(times).median()
}

/// For which a processor has worked for this thread.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock is every thread's own, and the time is written to a place that is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn churn(variant: Variant, done: &AtomicBool) {
    let runtime = unit::current_thread();
    while !done.load(Ordering::Relaxed) {
        runtime.block_on(async {
            match variant {
                Variant::On => churn_of::<Birthmark>().await,
                Variant::AsyncBacktrace => churn_of::<AsyncBacktrace>().await,
                Variant::AwaitTree => churn_of::<AwaitTree>().await,
                _ => churn_of::<Raw>().await,
            }
        });
    }
}

async fn churn_of<S: Spawn>() {
    unit::tasks::<S, Ends<40>>(1024).await;
}
