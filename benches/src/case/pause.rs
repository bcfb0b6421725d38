//! How long a spawn and a poll take at most while others dump a million tasks.
//!
//! A machine of few cores interrupts everybody now and then, and a dump takes memory bandwidth from
//! everybody. So it is asked under three loads, which take turns: nothing, [as much work](work) on memory
//! that birthmark does not know, and dumps. And it is asked of raw tasks as well, which have no record that
//! a dump could touch. What only birthmark's tasks see, and only while there are dumps, is birthmark's.

mod load;
mod watch;

use tokio::runtime::Runtime;

use super::memory::{MILLION, spawn_awaiting};
use super::unit;
use crate::spawn::{Birthmark, Levels, Raw};
use crate::variant::Variant;
use crate::work::Ends;

use load::Load;
use watch::{Laps, Turns};

/// The loads, and the variants that are measured under each.
pub const LOADS: [&str; 3] = ["nothing", "as much work", "dumps"];
/// See [`LOADS`].
pub const ASKED: [Variant; 2] = [Variant::Raw, Variant::On];

const ROUNDS: usize = 5;
/// Spawns, and polls, in a phase: enough for several dumps.
const EACH: usize = 1 << 20;
/// Tasks that are spawned before the first of them is polled.
const BATCH: usize = 1 << 10;

/// Returns five times in nanoseconds, for each load and variant, of spawns and then of polls. They are the median, the
/// quantiles 0.999 and 0.99999, the longest, and the longest without a switch to another thread.
pub(super) fn measure() -> Vec<f64> {
    let everybody = unit::current_thread();
    spawn_awaiting(Variant::On, &everybody, MILLION);
    let mut laps: [[[Laps; 2]; 2]; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (load, laps) in [Load::Nothing, Load::Work, Load::Dumps]
            .iter()
            .zip(&mut laps)
        {
            for (variant, [spawns, polls]) in ASKED.into_iter().zip(laps) {
                load.during(|| match variant {
                    Variant::Raw => phase::<Raw>(spawns, polls),
                    _ => phase::<Birthmark>(spawns, polls),
                });
            }
        }
    }
    std::mem::forget(everybody);
    let laps = laps.iter_mut().flatten().flatten();
    laps.flat_map(Laps::summary).collect()
}

fn phase<S: Levels>(spawns: &mut Laps, polls: &mut Laps) {
    let runtime = unit::current_thread();
    watch::record(spawns, || spawn_and_end::<S>(&runtime));
    watch::record(polls, || poll::<S>(&runtime));
}

fn spawn_and_end<S: Levels>(runtime: &Runtime) {
    runtime.block_on(async {
        for _ in 0..EACH / BATCH {
            for _ in 0..BATCH {
                watch::skip();
                S::spawn(S::one(|| Ends([0; 40])));
                watch::lap();
            }
            // The runtime gets round to all that is queued within a few of its turns.
            for _ in 0..BATCH / 32 {
                tokio::task::yield_now().await;
            }
        }
    });
}

/// A lap is what lies between two polls of one task that is alone: a whole one.
fn poll<S: Levels>(runtime: &Runtime) {
    let task = async { S::spawn(S::one(|| Turns(EACH))).await };
    runtime.block_on(task).expect("no task panics");
}
