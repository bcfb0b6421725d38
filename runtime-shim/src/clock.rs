//! A coarse clock, so that a spawn or a poll need not read a fine one.
//!
//! One thread advances a counter ten times a second; whoever changes the state of a task stores the
//! counter, which is one load (of [`mode::pulse`]). Ages are therefore right to a tenth of a second.
//! The same thread gives memory back that is no longer needed.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::mode;

/// The length of a tick.
pub(crate) const TICK: Duration = Duration::from_millis(100);

static START: OnceLock<Start> = OnceLock::new();

struct Start {
    at: Instant,
    process: u32,
    runs: bool,
}

/// The time between two ticks in the upper half.
pub(crate) fn between(then: u64, now: u64) -> Duration {
    let ticks = (now >> 32).saturating_sub(then >> 32);
    TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The present tick by a fine clock, for those who ask for ages. `None` where ages cannot be told.
pub(crate) fn fine() -> Option<u64> {
    refresh();
    runs().then(mode::tick)
}

/// The time of day, for those who compare with other records of what happened.
pub(crate) fn wall() -> Option<SystemTime> {
    HAS_CLOCK.then(SystemTime::now)
}

/// Whether the platform has a clock: `Instant::now` panics where it has none.
const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Starts the clock, once.
pub(crate) fn start() {
    if !HAS_CLOCK {
        return;
    }
    START.get_or_init(|| Start {
        at: Instant::now(),
        process: std::process::id(),
        runs: spawn_thread(),
    });
}

/// Whether ages can be told: the clock's thread runs, and in this process (it does not survive a
/// `fork`).
pub(crate) fn runs() -> bool {
    START
        .get()
        .is_some_and(|start| start.runs && start.process == std::process::id())
}

/// Sets the counter by a fine clock.
fn refresh() {
    let Some(start) = START.get() else { return };
    let ticks = start.at.elapsed().as_millis() / TICK.as_millis();
    let ticks = u64::from(u32::try_from(ticks).unwrap_or(u32::MAX));
    mode::advance(ticks << 32);
}

fn spawn_thread() -> bool {
    crate::own_thread::spawn("birthmark", 128 * 1024, || loop {
        std::thread::sleep(TICK);
        refresh();
        crate::registry::reclaim::tick();
    })
    .is_ok()
}
