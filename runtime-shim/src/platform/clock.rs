//! A coarse clock, so that a spawn or a poll need not read a fine one.
//!
//! One thread advances a counter ten times a second; whoever changes the state of a task stores the
//! counter, which is one load (of [`runtime_flags::flags_and_tick`]). Ages are therefore right to a tenth of a second.
//! The thread also gives back memory that is no longer needed.
//!
//! The thread starts when a thread other than the main one first has to do with instrumented code, or the main one if
//! it is not alone. `install` starts it, too, and any other thread of birthmark's own. Any
//! other program that has one thread keeps it so: it may want to `unshare`, or to change its environment. Until then
//! there are no ages. In the child of a fork, the thread is started anew on the same occasions.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::platform::callback::Callback;
use crate::platform::runtime_flags;

/// The length of a tick.
pub const TICK: Duration = Duration::from_millis(100);

/// The moment of tick 0: when the first thread had to do with instrumented code.
static START: OnceLock<Instant> = OnceLock::new();
/// The clock's thread was started, in this process.
static STARTED: AtomicBool = AtomicBool::new(false);
/// The thread could not be started.
static FAILED: AtomicBool = AtomicBool::new(false);
/// The tick at which the counter stood for long because the thread did not run yet. It says nothing of when.
static UNSURE: AtomicU64 = AtomicU64::new(u64::MAX);

/// Where the state of the clock is, for readers of this memory from outside: whether it was started, whether that has
/// failed, and the tick that means nothing.
pub(crate) const STATE: (*const AtomicBool, *const AtomicBool, *const AtomicU64) =
    (&raw const STARTED, &raw const FAILED, &raw const UNSURE);

/// Gives back memory that is no longer needed, at each tick.
static EACH_TICK: Callback = Callback::new();

/// Sets the function that the clock's thread calls at each tick.
pub fn set_each_tick(reclaim: fn()) {
    EACH_TICK.set(reclaim);
}

/// Looks at tasks for those who asked for it, at each tick.
static WATCH: Callback = Callback::new();

/// Sets a second function that the clock's thread calls at each tick.
pub fn set_watch(look: fn()) {
    WATCH.set(look);
}

/// The time between two ticks in the upper half.
#[inline]
pub fn between(then: u64, now: u64) -> Duration {
    let ticks = (now >> 32).saturating_sub(then >> 32);
    TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// The time that has passed since a record was given the tick `then`, if the clock ran at the time. `now` is the result of
/// [`fine`] or of [`moment`].
#[inline]
pub fn since(then: u64, now: u64) -> Option<Duration> {
    (then >> 32 != now & u64::from(u32::MAX)).then(|| between(then, now))
}

/// The present tick by a fine clock in the upper half, and the tick that means nothing in the lower one. `None` where ages
/// cannot be told.
pub fn fine() -> Option<u64> {
    runs().then(|| {
        refresh();
        moment(runtime_flags::tick(), UNSURE.load(Ordering::Relaxed))
    })
}

/// Returns the moment of a tick, in the upper half, with the tick that means nothing.
pub const fn moment(tick: u64, unsure: u64) -> u64 {
    tick >> 32 << 32 | unsure & u32::MAX as u64
}

/// Returns the time since the start of the clock in nanoseconds, by a fine clock. Without a clock, it is 0.
pub fn nanos() -> u64 {
    if !HAS_CLOCK {
        return 0;
    }
    let nanos = START.get_or_init(Instant::now).elapsed().as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// The time of day, for those who compare with other records of what happened.
pub fn wall() -> Option<SystemTime> {
    HAS_CLOCK.then(SystemTime::now)
}

/// `true` if the platform has a clock. Otherwise, `Instant::now` panics.
pub(crate) const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// Notes that a thread has to do with instrumented code, and starts the clock unless it is the only one.
pub fn note_thread() {
    if !HAS_CLOCK || STARTED.load(Ordering::Relaxed) {
        return;
    }
    START.get_or_init(Instant::now);
    if !crate::platform::thread::is_main() || !crate::platform::thread::is_alone() {
        start();
    }
}

/// `true` if the clock starts when recording is switched on.
static STARTS_LATER: AtomicBool = AtomicBool::new(false);

/// Has the clock started by [`enable`](super::runtime_flags::enable), for a program that begins without recording.
pub fn start_when_enabled() {
    STARTS_LATER.store(true, Ordering::Relaxed);
}

/// Starts the clock if it was left for the moment at which recording is switched on.
pub(super) fn note_enabled() {
    if STARTS_LATER.swap(false, Ordering::Relaxed) {
        start();
    }
}

/// Starts the clock, once in each process.
pub fn start() {
    if !HAS_CLOCK || STARTED.swap(true, Ordering::Relaxed) {
        return;
    }
    START.get_or_init(Instant::now);
    let stood_at = runtime_flags::tick() >> 32;
    refresh();
    if runtime_flags::tick() >> 32 > stood_at + 1 {
        UNSURE.store(stood_at, Ordering::Relaxed);
    }
    FAILED.store(!spawn_thread(), Ordering::Relaxed);
}

/// Returns `true` if ages can be told: the clock's thread runs, and in this process.
pub fn runs() -> bool {
    STARTED.load(Ordering::Relaxed) && !FAILED.load(Ordering::Relaxed)
}

/// The thread has gone: this is the child of a fork.
pub fn has_gone() {
    STARTED.store(false, Ordering::Relaxed);
}

/// Sets the counter by a fine clock.
fn refresh() {
    let Some(start) = START.get() else { return };
    let ticks = start.elapsed().as_millis() / TICK.as_millis();
    let ticks = u64::from(u32::try_from(ticks).unwrap_or(u32::MAX));
    runtime_flags::advance(ticks << 32);
}

fn spawn_thread() -> bool {
    crate::platform::internal_thread::spawn("birthmark", 128 * 1024, || loop {
        std::thread::sleep(TICK);
        refresh();
        EACH_TICK.call();
        WATCH.call();
    })
    .is_ok()
}
