//! The times for which the process stood still.

/// Number of standstills that are known one by one. Older ones no longer count.
const MAX_KNOWN: usize = 32;

/// The times for which the process stood still, because it was stopped or had no CPU. No task is at fault for them.
///
/// All numbers are ticks of the clock.
#[derive(Clone, Debug, Default)]
pub struct Standstills {
    /// The tick at which each ended, and the ticks of all standstills up to then. The oldest comes first.
    known: Vec<(u32, u32)>,
    /// The ticks of all standstills that are no longer known.
    before: u32,
}

impl Standstills {
    /// Adds a standstill of so many ticks that ended at a tick.
    pub fn add(&mut self, end: u32, ticks: u32) {
        if self.known.len() == MAX_KNOWN {
            self.before = self.known.remove(0).1;
        }
        self.known.push((end, self.total().saturating_add(ticks)));
    }

    /// Returns the ticks of all standstills.
    pub fn total(&self) -> u32 {
        self.known.last().map_or(self.before, |last| last.1)
    }

    /// Returns the ticks of the standstills that ended after a tick.
    #[inline]
    pub fn since(&self, tick: u32) -> u32 {
        match self.known.last() {
            Some(last) if last.0 > tick => last.1 - self.up_to(tick),
            _ => 0,
        }
    }

    fn up_to(&self, tick: u32) -> u32 {
        let ended = self.known.partition_point(|(end, _)| *end <= tick);
        let last = ended.checked_sub(1).map(|last| self.known[last].1);
        last.unwrap_or(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_a_standstill_is_that_of_what_lasted_through_it() {
        let mut standstills = Standstills::default();
        assert_eq!((standstills.since(0), standstills.total()), (0, 0));
        standstills.add(150, 100);
        standstills.add(400, 200);
        let since = [0, 149, 150, 399, 400, 500].map(|tick| standstills.since(tick));
        assert_eq!(since, [300, 300, 200, 200, 0, 0]);
        assert_eq!(standstills.total(), 300);
    }

    #[test]
    fn very_old_standstills_no_longer_count() {
        let mut standstills = Standstills::default();
        for number in 1..=40 {
            standstills.add(number * 100, 1);
        }
        assert_eq!(standstills.total(), 40);
        assert_eq!(standstills.since(0), MAX_KNOWN as u32);
        assert_eq!(standstills.since(3900), 1);
    }
}
