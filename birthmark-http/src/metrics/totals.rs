//! Totals of all sites with the same module, role and kind.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use birthmark::{Delays, Kind, SiteStats};

/// Counts of tasks.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) live: u64,
    pub(super) max_age: Option<Duration>,
    pub(super) spawned: u64,
    pub(super) completed: u64,
    pub(super) panicked: u64,
    pub(super) cancelled: u64,
    pub(super) refused: u64,
    pub(super) delays: Option<Delays>,
}

/// The labels that tasks of one site have in common with those of others.
///
/// Functions in two modules may have one name, so a role alone says little. Two sites in one module that have one role
/// spawn the same function, and are one series also after the source has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// A role, and the module in which tasks of it are spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    /// Empty for threads that instrumented code has not spawned.
    pub(super) module: &'static str,
    pub(super) role: &'static str,
}

/// The counts of all sites that have been executed, by module, role and kind.
pub(super) fn totals() -> BTreeMap<Series, Totals> {
    let mut all: BTreeMap<_, Totals> = BTreeMap::new();
    let sites = birthmark::sites().into_iter();
    for stats in sites.filter(|stats| stats.spawned() + stats.refused > 0) {
        let series = Series {
            place: place_label(&stats),
            kind: stats.kind,
        };
        all.entry(series).or_default().add(&stats);
    }
    all
}

/// Places that are labels. A program of which all dependencies are instrumented may have thousands, each of
/// them a dozen series for whoever scrapes.
const MAX_PLACES: usize = 1000;

/// The place of those that come after that many.
const OTHERS: Place = Place {
    module: "(others)",
    role: "(others)",
};

/// The place of a site, as long as there are not too many. One that was a label stays so: a count that moved
/// from one series to another would look as if tasks were spawned.
fn place_label(stats: &SiteStats) -> Place {
    static PLACES: LazyLock<Mutex<Places>> = LazyLock::new(Mutex::default);
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    places.label(Place {
        module: stats.site.module_path(),
        role: stats.site.role(),
    })
}

#[derive(Debug, Default)]
struct Places(HashSet<Place>);

impl Places {
    fn label(&mut self, place: Place) -> Place {
        if self.0.len() < MAX_PLACES {
            self.0.insert(place);
        }
        self.0.get(&place).copied().unwrap_or(OTHERS)
    }
}

impl Totals {
    fn add(&mut self, stats: &SiteStats) {
        self.live += stats.live;
        self.max_age = self.max_age.max(stats.max_age);
        self.spawned += never_less(stats);
        self.completed += stats.completed;
        self.panicked += stats.panicked;
        self.cancelled += stats.cancelled;
        self.refused += stats.refused;
        if let Some(delays) = &stats.delays {
            match &mut self.delays {
                Some(sum) => sum.add(delays),
                None => self.delays = Some(delays.clone()),
            }
        }
    }
}

/// How many tasks a site has spawned. It is a sum of counts that are read one after the other, so that a
/// task that ends meanwhile may be counted twice. The next time, the sum would be less, which a
/// scraper takes for a program that has started anew.
fn never_less(stats: &SiteStats) -> u64 {
    static MAX_SPAWNED: LazyLock<Mutex<HashMap<usize, u64>>> = LazyLock::new(Mutex::default);
    let mut most = MAX_SPAWNED.lock().unwrap_or_else(PoisonError::into_inner);
    let most = most
        .entry(std::ptr::from_ref(stats.site).addr())
        .or_default();
    *most = stats.spawned().max(*most);
    *most
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{MAX_PLACES, OTHERS, Place, Places};

    #[test]
    fn ten_thousand_places_are_not_ten_thousand_labels() {
        // Many roles in some modules, and one role in many.
        let place = |number: usize| Place {
            module: format!("module_{}", number % 5000).leak(),
            role: format!("role_{}", number / 5).leak(),
        };
        let all: Vec<Place> = (0..10_000).map(place).collect();
        let mut places = Places::default();
        let labels = |places: &mut Places| -> Vec<_> {
            all.iter().map(|place| places.label(*place)).collect()
        };
        let first = labels(&mut places);
        let different: HashSet<_> = first.iter().collect();
        assert_eq!(different.len(), MAX_PLACES + 1);
        assert_eq!(first[..MAX_PLACES], all[..MAX_PLACES]);
        assert!(first[MAX_PLACES..].iter().all(|label| *label == OTHERS));
        assert_eq!(labels(&mut places), first, "a label stays");
    }
}
