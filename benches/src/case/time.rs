//! Times, always of two variants that take turns.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use super::unit::{self, Stage, Unit};
use crate::spawn::{Birthmark, Raw, Spawn};
use crate::variant::Variant;
use crate::work::Ends;

/// Pairs of stretches in one child.
const PAIRS: usize = 15;
/// Tasks that each thread spawns in one stretch, where threads compete.
const COMPETING: usize = 1 << 13;

/// The ratios of the variant's time to raw's, one for each pair of stretches.
pub(super) fn pairs(unit: Unit, variant: Variant, payload: usize) -> Vec<f64> {
    variant.prepare();
    let stage = Stage::new(unit, payload);
    ratios(
        || stage.run(Variant::Raw, unit.timed()),
        || stage.run(variant, unit.timed()),
    )
}

/// Nanoseconds that a variant adds to a unit for each level beyond the first at which it is awaited, one value
/// for each pair of stretches.
pub(super) fn further_level(levels: fn(usize) -> Unit, variant: Variant) -> Vec<f64> {
    variant.prepare();
    let [one, five] = [1, 5].map(|count| Stage::new(levels(count), 40));
    let units = levels(1).timed();
    let added = |stage: &Stage| {
        seconds(|| stage.run(variant, units)) - seconds(|| stage.run(Variant::Raw, units))
    };
    let pair = |_| (added(&five) - added(&one)) * 1e9 / (4 * units) as f64;
    // The first is to warm up.
    (0..=PAIRS).map(pair).skip(1).collect()
}

/// Nanoseconds a unit, where raw cannot be had in the same process.
pub(super) fn alone(unit: Unit, variant: Variant, payload: usize) -> f64 {
    let stage = Stage::new(unit, payload);
    let runtime = unit::multi_thread();
    // console-subscriber's server may look for a runtime where it is set up.
    let _inside = runtime.enter();
    variant.prepare();
    let units = unit.timed() / 8;
    stage.run(variant, units);
    seconds(|| stage.run(variant, units)) * 1e9 / units as f64
}

/// The ratios where so many threads spawn and end at once, each on a runtime of its own.
pub(super) fn scale(variant: Variant, threads: usize) -> Vec<f64> {
    variant.prepare();
    ratios(|| compete::<Raw>(threads), || compete::<Birthmark>(threads))
}

/// The ratios where eight threads spawn onto one runtime with 2 workers, which end the tasks.
pub(super) fn cross(variant: Variant) -> Vec<f64> {
    variant.prepare();
    let runtime = unit::multi_thread();
    ratios(
        || spawn_across::<Raw>(&runtime),
        || spawn_across::<Birthmark>(&runtime),
    )
}

fn ratios(raw: impl Fn(), other: impl Fn()) -> Vec<f64> {
    raw();
    other();
    let pair = |number: usize| {
        // The first of a pair may find a colder cache or a slower clock: take turns at it.
        if number.is_multiple_of(2) {
            let raw = seconds(&raw);
            seconds(&other) / raw
        } else {
            let other = seconds(&other);
            other / seconds(&raw)
        }
    };
    (0..PAIRS).map(pair).collect()
}

fn seconds(work: impl Fn()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn compete<S: Spawn>(threads: usize) {
    let ready = Barrier::new(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = unit::current_thread();
                ready.wait();
                let done = runtime
                    .block_on(async { S::spawn(unit::tasks::<S, Ends<40>>(COMPETING)).await });
                done.expect("no task panics");
            });
        }
    });
}

fn spawn_across<S: Spawn>(runtime: &tokio::runtime::Runtime) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let _inside = runtime.enter();
                let tasks: Vec<_> = (0..COMPETING / 4)
                    .map(|_| S::spawn(Ends([0; 40])))
                    .collect();
                runtime.block_on(async {
                    for task in tasks {
                        black_box(task.await).expect("no task panics");
                    }
                });
            });
        }
    });
}
