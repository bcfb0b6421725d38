//! The limit of reports in a minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// The times of the last reports of a rule.
#[derive(Debug)]
pub(super) struct Limit {
    at_most: usize,
    reports: VecDeque<Instant>,
}

impl Limit {
    pub(super) fn new(at_most: usize) -> Self {
        Limit {
            at_most,
            reports: VecDeque::new(),
        }
    }

    /// Returns `true` if there may be a report now, and counts it.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let is_old = |report: &Instant| now.saturating_duration_since(*report) >= MINUTE;
        while self.reports.front().is_some_and(is_old) {
            self.reports.pop_front();
        }
        let admits = self.reports.len() < self.at_most;
        if admits {
            self.reports.push_back(now);
        }
        admits
    }

    /// Takes back the last report, which was none.
    pub(super) fn take_back(&mut self) {
        self.reports.pop_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_beyond_the_limit_wait_for_the_next_minute() {
        let start = Instant::now();
        let mut limit = Limit::new(2);
        assert!(limit.admits(start));
        assert!(limit.admits(start + MINUTE / 2));
        assert!(!limit.admits(start + MINUTE - Duration::from_millis(1)));
        assert!(limit.admits(start + MINUTE));
        assert!(!limit.admits(start + MINUTE));
    }
}
