//! Scheduling delays: times between a wake and the next poll.

use std::cmp::Reverse;
use std::time::Duration;

use birthmark_core::__reader::record::delay::{self, DelaySnapshot, BOUNDS};
use birthmark_core::__reader::site;
use birthmark_core::Site;

/// Returns the delays of each site of this process that has some, the longest first.
pub(crate) fn delays() -> Vec<(&'static Site, Delays)> {
    if !delay::is_measured() {
        return Vec::new();
    }
    let sites = site::all().iter();
    let mut delays: Vec<_> = sites
        .filter_map(|site| Some((*site, Delays::of(site)?)))
        .collect();
    delays.sort_by_key(|(_, delays)| Reverse(delays.longest()));
    delays
}

/// The times between wakes and polls of the tasks of a site; see
/// [`SiteStats::delays`](crate::SiteStats::delays).
///
/// The first of several wakes before a poll counts. The first poll of a task counts for nothing.
///
/// # Examples
///
/// ```
/// for stats in birthmark::sites() {
///     if let Some(delays) = &stats.delays {
///         println!("{}: {} polls, {:?} on average", stats.site, delays.count(), delays.average());
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    ranges: [u64; BOUNDS.len() + 1],
    sum: Duration,
    longest: Duration,
}

impl Delays {
    /// Returns the delays of a site of this process, if some were measured.
    pub(crate) fn of(site: &Site) -> Option<Self> {
        let DelaySnapshot {
            ranges,
            sum,
            longest,
        } = delay::of(site)?;
        Some(Delays {
            ranges,
            sum,
            longest,
        })
    }

    /// Returns the number of polls after a wake.
    pub fn count(&self) -> u64 {
        self.ranges.iter().sum()
    }

    /// Returns the sum of the delays.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Returns the longest delay.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// Returns the average delay.
    pub fn average(&self) -> Duration {
        let nanos = self.sum.as_nanos() / u128::from(self.count().max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Returns the number of delays up to each of twelve bounds, from a microsecond to ten seconds. A delay counts at each bound
    /// that it does not exceed.
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let mut sum = 0;
        BOUNDS.iter().zip(&self.ranges).map(move |(bound, count)| {
            sum += count;
            (*bound, sum)
        })
    }

    /// Adds the delays of another site.
    #[doc(hidden)]
    pub fn add(&mut self, other: &Delays) {
        for (range, more) in self.ranges.iter_mut().zip(&other.ranges) {
            *range += more;
        }
        self.sum += other.sum;
        self.longest = self.longest.max(other.longest);
    }
}
