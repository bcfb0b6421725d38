//! Delays between a wake and the next poll, if the program measures them.
//!
//! The first wake after the start of a poll stores the time in the `Wakes` of the task. The next poll adds the difference to
//! the counts of the task's site. A first poll has no wake before it, so it counts for nothing.

use core::time::Duration;
use std::sync::OnceLock;

use super::Wakes;
use crate::platform::clock;
use crate::platform::runtime_flags;
use crate::platform::sync::atomic::{AtomicU64, Ordering};
use crate::record::slot::TaskSlot;
use crate::types::site::{self, Site};

/// Upper bounds of the ranges that delays are counted in. The last range has none.
pub const BOUNDS: [Duration; 12] = [
    Duration::from_micros(1),
    Duration::from_micros(10),
    Duration::from_micros(100),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// The value of `woken_at` if the task was not woken since its last poll began. A time is greater.
const NOT_WOKEN: u64 = 1;

/// The delays of the tasks of one site.
#[derive(Debug)]
struct Counts {
    ranges: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
    longest: AtomicU64,
}

/// The counts by the index of the site. The first are those of sites without an index.
static COUNTS: OnceLock<Box<[Counts]>> = OnceLock::new();

/// The delays of the tasks of one site at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct DelaySnapshot {
    /// The number of delays in each range of [`BOUNDS`], and above.
    pub ranges: [u64; BOUNDS.len() + 1],
    /// The sum of all.
    pub sum: Duration,
    pub longest: Duration,
}

/// Measures delays from now on.
pub fn measure() {
    COUNTS.get_or_init(|| (0..=site::count()).map(|_| Counts::new()).collect());
    runtime_flags::set(runtime_flags::SLOW_WAKES, true);
}

/// Returns `true` if delays are measured.
pub fn is_measured() -> bool {
    COUNTS.get().is_some()
}

/// Returns the delays of a site, or `None` if none were measured.
pub fn of(site: &Site) -> Option<DelaySnapshot> {
    let counts = COUNTS.get()?.get(site.index())?.read();
    (counts.ranges != [0; BOUNDS.len() + 1]).then_some(counts)
}

impl Counts {
    fn new() -> Self {
        Counts {
            ranges: [const { AtomicU64::new(0) }; BOUNDS.len() + 1],
            nanos: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }

    fn add(&self, nanos: u64) {
        let delay = Duration::from_nanos(nanos);
        let range = BOUNDS.iter().take_while(|bound| delay > **bound).count();
        self.ranges[range].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.longest.fetch_max(nanos, Ordering::Relaxed);
    }

    fn read(&self) -> DelaySnapshot {
        let nanos = |word: &AtomicU64| Duration::from_nanos(word.load(Ordering::Relaxed));
        DelaySnapshot {
            ranges: core::array::from_fn(|range| self.ranges[range].load(Ordering::Relaxed)),
            sum: nanos(&self.nanos),
            longest: nanos(&self.longest),
        }
    }
}

impl Wakes {
    /// Begins a poll of a task. Returns `false` if delays are not measured.
    #[cold]
    #[inline(never)]
    pub(crate) fn begin_measured(&'static self, task: TaskSlot) -> bool {
        let Some(counts) = COUNTS.get() else {
            return false;
        };
        let woken_at = self.woken_at.swap(NOT_WOKEN, Ordering::Relaxed);
        // Another task may have left the time.
        if woken_at > NOT_WOKEN && self.owner.load(Ordering::Relaxed) == task.id() {
            if let Some(counts) = counts.get(task.site().index()) {
                counts.add(clock::nanos().saturating_sub(woken_at));
            }
        }
        true
    }

    /// Stores the time of the first wake since the last poll began.
    #[inline(always)]
    pub(super) fn note_time(&self) {
        if self.woken_at.load(Ordering::Relaxed) == NOT_WOKEN {
            self.store_time();
        }
    }

    #[cold]
    #[inline(never)]
    fn store_time(&self) {
        self.woken_at.store(clock::nanos(), Ordering::Relaxed);
    }
}
