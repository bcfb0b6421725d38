//! What the sites of a role and a kind have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use birthmark::{Kind, SiteStats};

/// Counts of tasks.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) live: u64,
    pub(super) oldest: Option<Duration>,
    pub(super) spawned: u64,
    pub(super) completed: u64,
    pub(super) panicked: u64,
    pub(super) cancelled: u64,
    pub(super) refused: u64,
}

/// The counts of all sites that have been executed, by role and kind.
pub(super) fn totals() -> BTreeMap<(&'static str, Kind), Totals> {
    let mut all: BTreeMap<_, Totals> = BTreeMap::new();
    let sites = birthmark::sites().into_iter();
    for stats in sites.filter(|stats| stats.spawned() + stats.refused > 0) {
        let key = (stats.site.role(), stats.site.kind());
        all.entry(key).or_default().add(&stats);
    }
    all
}

impl Totals {
    fn add(&mut self, stats: &SiteStats) {
        self.live += stats.live;
        self.oldest = self.oldest.max(stats.oldest);
        self.spawned += never_less(stats);
        self.completed += stats.completed;
        self.panicked += stats.panicked;
        self.cancelled += stats.cancelled;
        self.refused += stats.refused;
    }
}

/// How many tasks a site has spawned. It is a sum of counts that are read one after the other, so that a
/// task that ends meanwhile may be counted twice. The next time, the sum would be less, which a
/// scraper takes for a program that has started anew.
fn never_less(stats: &SiteStats) -> u64 {
    static MOST: LazyLock<Mutex<HashMap<usize, u64>>> = LazyLock::new(Mutex::default);
    let mut most = MOST.lock().unwrap_or_else(PoisonError::into_inner);
    let most = most
        .entry(std::ptr::from_ref(stats.site).addr())
        .or_default();
    *most = stats.spawned().max(*most);
    *most
}
