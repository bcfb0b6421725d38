//! The word that each spawn reads, with the time and the flags that force the slow path.
//!
//! The upper half is the [clock](crate::platform::clock)'s tick, the four bits below it are runtime flags. The word
//! goes as it is into a task's status, where readers ignore the runtime flags. In the common case, on and without hooks, the
//! word is the tick of spawn.

use std::sync::atomic::{AtomicU64, Ordering};

/// Polls get the executor's own waker, or measure delays. The one flag that leaves the fast paths of spawns open.
pub const SLOW_WAKES: u64 = 1 << 28;
/// The process is the child of a fork that birthmark has not been used in yet.
pub const FORKED: u64 = 1 << 29;
/// Spawns take the slow path, because there are hooks.
pub const SLOW_SPAWNS: u64 = 1 << 30;
/// Birthmark is switched off. The sign of the lower half, so that a spawn finds out what is due by one test.
pub const OFF: u64 = 1 << 31;

/// The upper half.
const TICKS: u64 = !(u32::MAX as u64);

static FLAGS_AND_TICK: AtomicU64 = AtomicU64::new(0);

/// The tick in the upper half, and the runtime flags in the lower one.
#[inline]
pub fn flags_and_tick() -> u64 {
    FLAGS_AND_TICK.load(Ordering::Relaxed)
}

/// Returns `true` if the word says: on, and spawns take the fast path.
#[inline]
pub fn allow_fast_path(flags_and_tick: u64) -> bool {
    flags_and_tick & (FORKED | SLOW_SPAWNS | OFF) == 0
}

/// Returns `true` if the word says: polls get the executor's own waker, or measure delays.
#[inline(always)]
pub fn has_slow_wakes(flags_and_tick: u64) -> bool {
    flags_and_tick & SLOW_WAKES != 0
}

/// Returns `true` if the word says: off.
#[inline]
pub fn is_off(flags_and_tick: u64) -> bool {
    (flags_and_tick as u32).cast_signed() < 0
}

/// The tick alone, in the upper half.
pub fn tick() -> u64 {
    flags_and_tick() & TICKS
}

/// Where the word is kept, for those who read it from outside.
pub const fn word() -> *const AtomicU64 {
    &raw const FLAGS_AND_TICK
}

/// Advances the tick, in the upper half. The tick never goes back.
pub fn advance(tick: u64) {
    // Fails where the tick is reached already, which is as good.
    let _ = FLAGS_AND_TICK.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |flags_and_tick| {
        (tick > flags_and_tick & TICKS).then_some(tick | flags_and_tick & !TICKS)
    });
}

/// Returns `true` if a flag is on.
#[inline]
pub fn has(flag: u64) -> bool {
    flags_and_tick() & flag != 0
}

/// Switches a flag on or off.
pub fn set(flag: u64, on: bool) {
    if on {
        FLAGS_AND_TICK.fetch_or(flag, Ordering::SeqCst);
    } else {
        FLAGS_AND_TICK.fetch_and(!flag, Ordering::SeqCst);
    }
}

/// Switches the recording of spawns on. Recording is on unless the program or the environment has switched it off.
///
/// If `install` was called meanwhile, the first call starts the clock of ages.
pub fn enable() {
    set(OFF, false);
    super::clock::note_enabled();
}

/// Switches the recording of spawns off, so that a spawn costs next to nothing. Recorded tasks keep their record
/// until they end. Later spawns get no record and run no hook.
///
/// # Examples
///
/// ```
/// birthmark::disable();
/// assert!(!birthmark::is_enabled());
/// birthmark::enable();
/// assert!(birthmark::is_enabled());
/// ```
pub fn disable() {
    set(OFF, true);
}

/// Returns `true` if spawns are recorded.
#[inline]
#[must_use]
pub fn is_enabled() -> bool {
    !has(OFF)
}
