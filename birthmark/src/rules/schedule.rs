//! How often a pass over all tasks may run, by what it costs.
//!
//! A pass that takes a millisecond of CPU time runs each tick. A longer one runs less often, so that it takes a hundredth of
//! a core. If that would be less than once a second, it may take up to a twentieth.

use std::time::{Duration, Instant};

use birthmark_core::__reader::clock::TICK;

/// The part of a core that all passes together take.
const SHARE: u32 = 100;
/// The part of a core that they take at most, rather than run less than once a second.
const MAX_SHARE: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);

/// Returns the time from the start of a pass to the next. `passes` share the time of a core.
pub(super) fn interval(cost: Duration, passes: u32) -> Duration {
    let cost = cost.saturating_mul(passes.max(1));
    let wanted = cost.saturating_mul(SHARE);
    wanted
        .min(cost.saturating_mul(MAX_SHARE).max(SECOND))
        .max(TICK)
}

/// The time of the next pass.
#[derive(Debug)]
pub(super) struct Schedule {
    next: Option<Instant>,
    least: Duration,
}

impl Schedule {
    /// The first pass is due at once, and further ones after `least` or later.
    pub(super) fn new(least: Duration) -> Self {
        Schedule { next: None, least }
    }

    /// Returns `true` if a pass is due. A tick that comes a moment early counts.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now + TICK / 10 >= next)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Notes a pass that began at `now`.
    pub(super) fn has_run(&mut self, now: Instant, cost: Duration, passes: u32) {
        self.next = Some(now + interval(cost, passes).max(self.least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_stay_within_their_share() {
        let millis = Duration::from_millis;
        for (cost, passes, expected) in [
            (Duration::ZERO, 1, TICK),
            (Duration::from_micros(500), 2, TICK),
            (millis(2), 1, millis(200)),
            (millis(10), 1, SECOND),
            (millis(30), 1, SECOND),
            (millis(30), 2, millis(1200)),
            (millis(1000), 1, millis(20_000)),
        ] {
            assert_eq!(interval(cost, passes), expected, "{cost:?}");
        }
        assert!(interval(Duration::MAX, 3) > SECOND);
    }
}
