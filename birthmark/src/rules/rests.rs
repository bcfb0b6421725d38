//! Rests after the process stood still.
//!
//! A process that is stopped by a signal, or that gets no CPU, stands still while the clock goes on. Afterwards, all tasks have
//! been in their state for long, and none is at fault. So two things happen after a standstill:
//!
//! - Rules rest for some ticks, in which tasks go on.
//! - The time of the standstill is no time for which a task was in its state, nor for which a finding lasted.
//!
//! The clock of ages goes on by the monotonic clock of the machine, which nobody sets. The time of day is used for no rule.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use birthmark_core::__reader::clock::{self, TICK};
use birthmark_core::__reader::runtime_flags;
use birthmark_dump::__private::Standstills;

/// The time between two ticks from which on the process, and not a task, has stood still.
const STANDSTILL: Duration = Duration::from_millis(500);
/// Number of ticks after a standstill in which tasks go on, and no rule holds.
const RESTS: u32 = 3;

/// The rests of a process.
#[derive(Debug, Default)]
pub(super) struct Rests {
    /// The time of the last tick, as nanoseconds of the clock. 0 before the first tick.
    last_tick: AtomicU64,
    /// Number of ticks without a pass that are left.
    left: AtomicU32,
    standstills: Mutex<Standstills>,
}

impl Rests {
    /// Notes a tick. Returns `true` if rules rest. The clock's thread calls it.
    pub(super) fn note_tick(&self) -> bool {
        let tick = (runtime_flags::tick() >> 32) as u32;
        self.note(clock::nanos(), tick)
    }

    fn note(&self, now: u64, tick: u32) -> bool {
        let last = self.last_tick.load(Ordering::Relaxed);
        let time = Duration::from_nanos(now.saturating_sub(last));
        let left = if last != 0 && time > STANDSTILL {
            let ticks = u32::try_from(time.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX);
            let mut standstills = self
                .standstills
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            standstills.add(tick, ticks.saturating_sub(1));
            RESTS
        } else {
            self.left.load(Ordering::Relaxed).saturating_sub(1)
        };
        self.left.store(left, Ordering::Relaxed);
        // After the rests, so that a thread that finds a recent tick finds them.
        self.last_tick.store(now.max(1), Ordering::Release);
        left != 0
    }

    /// Returns `true` if rules rest, or will rest at the next tick. Other threads than the clock's call it, which may be the
    /// first to go on after a standstill.
    pub(super) fn is_resting(&self) -> bool {
        self.is_resting_at(clock::nanos())
    }

    fn is_resting_at(&self, now: u64) -> bool {
        let last = self.last_tick.load(Ordering::Acquire);
        let time = Duration::from_nanos(now.saturating_sub(last));
        self.left.load(Ordering::Relaxed) != 0 || last != 0 && time > STANDSTILL
    }

    /// Returns the standstills of the process.
    pub(super) fn standstills(&self) -> Standstills {
        self.standstills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Returns the time of so many ticks.
pub(super) fn time_of(ticks: u32) -> Duration {
    TICK.saturating_mul(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u64 = 1_000_000;

    #[test]
    fn rules_rest_after_a_standstill() {
        let (rests, mut now) = (Rests::default(), 7 * MILLI);
        let mut tick = |millis| {
            now += millis * MILLI;
            rests.note(now, (now / MILLI / 100) as u32)
        };
        assert!(!tick(1000), "the first tick is no standstill");
        assert!(!tick(100) && !tick(400), "a late tick is none");
        let ticks = [2000, 100, 100, 100, 100].map(&mut tick);
        assert_eq!(ticks, [true, true, true, false, false]);
        // A clock that seems to go back is one that stands.
        assert!(!tick(0));
        let standstills = rests.standstills();
        assert_eq!(standstills.total(), 19);
        assert_eq!((standstills.since(14), standstills.since(35)), (19, 0));
    }

    #[test]
    fn thread_that_goes_on_before_the_clock_rests() {
        let rests = Rests::default();
        assert!(!rests.is_resting_at(9000 * MILLI), "there was no tick");
        rests.note(MILLI, 0);
        assert!(!rests.is_resting_at(400 * MILLI));
        assert!(rests.is_resting_at(900 * MILLI));
        rests.note(901 * MILLI, 9);
        assert!(rests.is_resting_at(902 * MILLI));
    }
}
