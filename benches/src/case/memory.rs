//! Resident memory, of live tasks and after tasks have gone.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::unit;
use crate::spawn::{
    AsyncBacktrace, AwaitTree, Birthmark, DropOnly, Fastrace, Idle, InCurrentSpan, Levels,
    MinimalRecord, Prototype, Raw, Spawn, Tracing, Word,
};
use crate::variant::Variant;
use crate::work::{Ends, Task, Waits};

pub(super) const MILLION: usize = 1_000_000;

/// Bytes that a live task takes, the average of a million that have been polled once.
pub(super) fn live(variant: Variant, payload: usize) -> f64 {
    match payload {
        8 => live_of::<Waits<8>>(variant),
        40 => live_of::<Waits<40>>(variant),
        72 => live_of::<Waits<72>>(variant),
        _ => live_of::<Waits<104>>(variant),
    }
}

/// Returns the bytes of a live task that awaits at one level.
pub(super) fn live_awaiting(variant: Variant) -> f64 {
    bytes_each(variant, |runtime, tasks| {
        spawn_awaiting(variant, runtime, tasks)
    })
}

fn live_of<T: Task>(variant: Variant) -> f64 {
    bytes_each(variant, |runtime, tasks| {
        spawn_all::<T>(variant, runtime, tasks)
    })
}

fn bytes_each(variant: Variant, spawn: impl Fn(&Runtime, usize)) -> f64 {
    variant.prepare();
    let runtime = unit::current_thread();
    spawn(&runtime, 1000);
    let before = resident();
    spawn(&runtime, MILLION);
    let bytes = (resident() - before) / MILLION as f64;
    // Nothing is asked any more of the tasks, and some peers take minutes to end them.
    std::mem::forget(runtime);
    bytes
}

/// Bytes by which resident memory has grown after ten million tasks on 2 workers that end at once.
pub(super) fn after_short(variant: Variant) -> f64 {
    variant.prepare();
    let runtime = unit::multi_thread();
    let some = |units| {
        runtime.block_on(async {
            let spawner = match variant {
                Variant::Raw => Raw::spawn(unit::tasks::<Raw, Ends<40>>(units)),
                _ => Birthmark::spawn(unit::tasks::<Birthmark, Ends<40>>(units)),
            };
            spawner.await.expect("no task panics");
        });
    };
    some(MILLION / 10);
    let before = settled();
    some(10 * MILLION);
    settled() - before
}

/// Bytes by which resident memory has grown after a million live tasks, dropped with their runtime.
pub(super) fn after_live(variant: Variant) -> f64 {
    variant.prepare();
    let round = |tasks| {
        let runtime = unit::current_thread();
        spawn_all::<Waits<40>>(variant, &runtime, tasks);
    };
    round(1000);
    let before = settled();
    round(MILLION);
    settled() - before
}

/// Spawns so many tasks and polls each once.
pub(super) fn spawn_all<T: Task>(variant: Variant, runtime: &Runtime, tasks: usize) {
    let spawn: fn(T) -> JoinHandle<()> = match variant {
        Variant::Raw | Variant::Console => Raw::spawn::<T>,
        Variant::Word => Word::spawn::<T>,
        Variant::DropOnly => DropOnly::spawn::<T>,
        Variant::Prototype => Prototype::spawn::<T>,
        Variant::Idle => Idle::spawn::<T>,
        Variant::MinimalRecord | Variant::RecordWith(_) => MinimalRecord::spawn::<T>,
        Variant::On
        | Variant::Off
        | Variant::Rules
        | Variant::Carried
        | Variant::CarriedNothing => Birthmark::spawn::<T>,
        Variant::InCurrentSpan => InCurrentSpan::spawn::<T>,
        Variant::Tracing | Variant::Registry => Tracing::spawn::<T>,
        Variant::AsyncBacktrace => AsyncBacktrace::spawn::<T>,
        Variant::AwaitTree => AwaitTree::spawn::<T>,
        Variant::Fastrace => Fastrace::spawn::<T>,
    };
    each(runtime, tasks, || spawn(T::new()));
}

/// Spawns so many tasks that await at one level and polls each once.
pub(super) fn spawn_awaiting(variant: Variant, runtime: &Runtime, tasks: usize) {
    fn spawn<S: Levels>() -> JoinHandle<()> {
        S::spawn(S::one(Waits::<40>::new))
    }
    let spawn = match variant {
        Variant::On | Variant::Off | Variant::Rules => spawn::<Birthmark>,
        Variant::AsyncBacktrace => spawn::<AsyncBacktrace>,
        Variant::AwaitTree => spawn::<AwaitTree>,
        _ => spawn::<Raw>,
    };
    each(runtime, tasks, spawn);
}

pub(super) fn each(runtime: &Runtime, tasks: usize, spawn: impl Fn() -> JoinHandle<()>) {
    runtime.block_on(async {
        for number in 1..=tasks {
            spawn();
            if number % 32 == 0 || number == tasks {
                tokio::task::yield_now().await;
            }
        }
        // The runtime gets round to all that is queued within a few of its turns.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    });
}

/// Resident memory once everybody had time to give back what is not needed.
fn settled() -> f64 {
    // birthmark's clock thread waits for a second before it does; see `record/reclaim.rs`.
    for _ in 0..3 {
        std::thread::sleep(Duration::from_secs(1));
        // Memory that allocators keep for later does not count for a variant.
        // SAFETY: both may be called at any time; the one that is not the global allocator has
        // next to nothing to do.
        unsafe {
            libc::malloc_trim(0);
            libmimalloc_sys::mi_collect(true);
        }
    }
    resident()
}

/// Bytes of this process that are in memory.
fn resident() -> f64 {
    // Unlike `statm`, whose counters lag behind by some pages for each thread.
    let maps = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux has it");
    let line = maps.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .expect("a line about resident memory");
    kib * 1024.0
}

/// Lets [`peak`] begin anew. Returns the bytes of this process that are in memory.
pub(super) fn reset_peak() -> f64 {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux lets a process do so");
    status("VmRSS:")
}

/// The most bytes of this process that were in memory since [`reset_peak`].
pub(super) fn peak() -> f64 {
    status("VmHWM:")
}

fn status(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|found| found.strip_prefix(line));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .expect("a line about memory");
    kib * 1024.0
}
