//! What the sites of a role and a kind have in common.

use std::collections::{BTreeMap, HashMap, HashSet};
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
        let role = role_label(&stats);
        all.entry((role, stats.kind)).or_default().add(&stats);
    }
    all
}

/// Roles that are labels. A program of which all dependencies are instrumented may have thousands, each of
/// them a dozen series for whoever scrapes.
const MOST_ROLES: usize = 1000;

/// The role of those that come after that many.
const OTHERS: &str = "(others)";

/// The role of a site, as long as there are not too many. One that was a label stays so: a count that moved
/// from one series to another would look as if tasks were spawned.
fn role_label(stats: &SiteStats) -> &'static str {
    static ROLES: LazyLock<Mutex<Roles>> = LazyLock::new(Mutex::default);
    let mut roles = ROLES.lock().unwrap_or_else(PoisonError::into_inner);
    roles.label(stats.site.role())
}

#[derive(Debug, Default)]
struct Roles(HashSet<&'static str>);

impl Roles {
    fn label(&mut self, role: &'static str) -> &'static str {
        if self.0.len() < MOST_ROLES {
            self.0.insert(role);
        }
        self.0.get(role).copied().unwrap_or(OTHERS)
    }
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{MOST_ROLES, OTHERS, Roles};

    #[test]
    fn ten_thousand_roles_are_not_ten_thousand_labels() {
        let all: Vec<&'static str> = (0..10_000)
            .map(|number| &*format!("role_{number}").leak())
            .collect();
        let mut roles = Roles::default();
        let labels =
            |roles: &mut Roles| -> Vec<_> { all.iter().map(|role| roles.label(role)).collect() };
        let first = labels(&mut roles);
        let different: HashSet<_> = first.iter().collect();
        assert_eq!(different.len(), MOST_ROLES + 1);
        assert_eq!(first[..MOST_ROLES], all[..MOST_ROLES]);
        assert!(first[MOST_ROLES..].iter().all(|label| *label == OTHERS));
        assert_eq!(labels(&mut roles), first, "a label stays");
    }
}
