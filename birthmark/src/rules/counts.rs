//! The groups for which a rule of a number holds, from pass to pass.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::limit::Limit;

/// The number of tasks by what they have in common.
pub(super) type Counted = HashMap<String, u64>;

/// Number of groups that a rule follows.
pub(super) const MAX_GROUPS: usize = 10_000;

/// The number of parts of the time for which growth must last.
const PARTS: u32 = 10;

/// A change of a group that a rule reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The number went beyond the limit.
    Above { group: String, count: u64 },
    /// The number has grown for so long.
    Grew {
        group: String,
        from: u64,
        to: u64,
        in_time: Duration,
    },
    /// The number is back, or grows no longer.
    Over {
        group: String,
        count: u64,
        after: Duration,
    },
}

/// A group.
#[derive(Debug, Default)]
struct Group {
    /// The time at which the rule began to hold.
    since: Option<Instant>,
    is_reported: bool,
    is_counted: bool,
    /// The least number in each past part of the window, the oldest first.
    least: Vec<u64>,
    /// The least number in this part.
    now: Option<u64>,
}

/// The groups of a rule.
#[derive(Debug)]
pub(super) struct Groups {
    groups: HashMap<String, Group>,
    /// The start of this part of the window.
    part: Option<Instant>,
}

/// The changes in one pass.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) changes: Vec<Change>,
    pub(super) suppressed: u64,
}

impl Groups {
    pub(super) fn new() -> Self {
        Groups {
            groups: HashMap::new(),
            part: None,
        }
    }

    /// Returns the number of groups for which the rule holds.
    pub(super) fn len(&self) -> usize {
        let open = self.groups.values().filter(|it| it.since.is_some());
        open.count()
    }

    /// Notes a pass of a rule such as `count(site)>1000`. The rule holds until the number is below nine tenths, so that a
    /// number around the limit is one report.
    pub(super) fn note_counts(
        &mut self,
        counted: &Counted,
        more_than: u64,
        limit: &mut Limit,
        now: Instant,
    ) -> Noted {
        let below = more_than - more_than / 10;
        self.groups.retain(|_, group| group.since.is_some());
        for (name, &count) in counted {
            if count > more_than {
                self.entry(name);
            }
        }
        let mut noted = Noted::default();
        for (name, group) in sorted(&mut self.groups) {
            let count = counted.get(name).copied().unwrap_or(0);
            if count > more_than || group.since.is_some() && count >= below && count > 0 {
                let change = || Change::Above {
                    group: name.clone(),
                    count,
                };
                group.holds(&mut noted, limit, now, change);
            } else {
                group.is_over(&mut noted, name, count, now);
            }
        }
        noted
    }

    /// Notes a pass of a rule such as `growth(site)>100/min&for=10m`. The window has ten parts. The rule holds if the least
    /// number of each part is above that of the part before, and the growth from the first to the last exceeds the rate.
    pub(super) fn note_growth(
        &mut self,
        counted: &Counted,
        (more_than, in_time, window): (u64, Duration, Duration),
        limit: &mut Limit,
        now: Instant,
    ) -> Noted {
        for name in counted.keys() {
            self.entry(name);
        }
        let part = *self.part.get_or_insert(now);
        let is_next = now.saturating_duration_since(part) >= window / PARTS;
        if is_next {
            self.part = Some(now);
        }
        let mut noted = Noted::default();
        for (name, group) in sorted(&mut self.groups) {
            let count = counted.get(name).copied().unwrap_or(0);
            group.now = Some(group.now.map_or(count, |least| least.min(count)));
            if !is_next {
                continue;
            }
            group.least.extend(group.now.take());
            if group.least.len() > PARTS as usize {
                group.least.remove(0);
            }
            match group.growth(more_than, in_time, window) {
                Some((from, to)) => {
                    let change = || Change::Grew {
                        group: name.clone(),
                        from,
                        to,
                        in_time: window,
                    };
                    group.holds(&mut noted, limit, now, change);
                }
                None => group.is_over(&mut noted, name, count, now),
            }
        }
        self.groups.retain(|_, it| {
            it.since.is_some()
                || it.now.is_some_and(|now| now > 0)
                || it.least.iter().any(|least| *least > 0)
        });
        noted
    }

    fn entry(&mut self, name: &str) {
        if self.groups.contains_key(name) {
            return;
        }
        if self.groups.len() < MAX_GROUPS {
            self.groups.insert(name.to_owned(), Group::default());
        }
    }
}

impl Group {
    fn holds(
        &mut self,
        noted: &mut Noted,
        limit: &mut Limit,
        now: Instant,
        change: impl FnOnce() -> Change,
    ) {
        self.since.get_or_insert(now);
        if self.is_reported {
            return;
        }
        if limit.admits(now) {
            self.is_reported = true;
            noted.changes.push(change());
        } else if !std::mem::replace(&mut self.is_counted, true) {
            noted.suppressed += 1;
        }
    }

    fn is_over(&mut self, noted: &mut Noted, name: &str, count: u64, now: Instant) {
        self.is_counted = false;
        let Some(since) = self.since.take() else {
            return;
        };
        if std::mem::take(&mut self.is_reported) {
            noted.changes.push(Change::Over {
                group: name.to_owned(),
                count,
                after: now.saturating_duration_since(since),
            });
        }
    }

    /// Returns the first and the last least number if the group has grown during the window.
    fn growth(&self, more_than: u64, in_time: Duration, window: Duration) -> Option<(u64, u64)> {
        let (first, last) = (*self.least.first()?, *self.least.last()?);
        let grows = self.least.windows(2).all(|pair| pair[0] < pair[1]);
        if self.least.len() < PARTS as usize || !grows {
            return None;
        }
        // Between the first and the last part are nine.
        let time = window.as_secs_f64() * f64::from(PARTS - 1) / f64::from(PARTS);
        let least = more_than as f64 * time / in_time.as_secs_f64();
        ((last - first) as f64 > least).then_some((first, last))
    }
}

/// Returns the groups by name, so that reports have an order.
fn sorted(groups: &mut HashMap<String, Group>) -> Vec<(&String, &mut Group)> {
    let mut groups: Vec<_> = groups.iter_mut().collect();
    groups.sort_by(|a, b| a.0.cmp(b.0));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn counted(count: u64) -> Counted {
        HashMap::from([("a".to_owned(), count)])
    }

    #[test]
    fn count_beyond_the_limit_is_reported_once_and_so_is_its_end() {
        let (mut groups, mut limit, start) = (Groups::new(), Limit::new(10), Instant::now());
        let mut note = |count, second: u32| {
            let now = start + SECOND * second;
            groups
                .note_counts(&counted(count), 100, &mut limit, now)
                .changes
        };
        assert_eq!(note(100, 0), []);
        let group = || "a".to_owned();
        assert_eq!(
            note(101, 1),
            [Change::Above {
                group: group(),
                count: 101
            }]
        );
        assert_eq!(note(90, 2), [], "nine tenths are not below");
        assert_eq!(note(500, 3), []);
        let after = SECOND * 3;
        assert_eq!(
            note(89, 4),
            [Change::Over {
                group: group(),
                count: 89,
                after
            }]
        );
        assert_eq!(note(101, 5).len(), 1, "it is another occasion");
    }

    #[test]
    fn limit_of_reports_is_no_end() {
        let (mut groups, mut limit, now) = (Groups::new(), Limit::new(1), Instant::now());
        let both = HashMap::from([("a".to_owned(), 9), ("b".to_owned(), 9)]);
        let noted = groups.note_counts(&both, 5, &mut limit, now);
        assert_eq!((noted.changes.len(), noted.suppressed), (1, 1));
        let noted = groups.note_counts(&both, 5, &mut limit, now);
        assert_eq!((noted.changes.len(), noted.suppressed), (0, 0));
        let noted = groups.note_counts(&both, 5, &mut limit, now + SECOND * 61);
        assert_eq!((noted.changes.len(), noted.suppressed), (1, 0));
        let noted = groups.note_counts(&Counted::new(), 5, &mut limit, now + SECOND * 62);
        assert_eq!(noted.changes.len(), 2);
    }

    /// Notes a count each second, and returns the changes of all passes.
    fn grow(count: impl Fn(u64) -> u64, seconds: u64) -> Vec<Change> {
        let (mut groups, mut limit, start) = (Groups::new(), Limit::new(10), Instant::now());
        let mut all = Vec::new();
        for second in 0..seconds {
            let now = start + Duration::from_secs(second);
            let rate = (60, SECOND * 60, SECOND * 60);
            let noted = groups.note_growth(&counted(count(second)), rate, &mut limit, now);
            all.extend(noted.changes);
        }
        all
    }

    #[test]
    fn growth_is_reported_if_it_lasts() {
        let [Change::Grew { from, to, .. }] = &*grow(|second| 2 * second, 100) else {
            panic!("one report of growth");
        };
        assert!(to - from > 100, "{from} {to}");
        assert_eq!(grow(|second| second / 2, 200), [], "it is slower");
        assert_eq!(
            grow(|second| (2 * second).min(80), 200),
            [],
            "it ends too early"
        );
        assert_eq!(
            grow(|second| second % 20 * 100, 200),
            [],
            "it goes up and down"
        );
        let ends = grow(|second| 2 * second.min(90), 200);
        assert!(
            matches!(&*ends, [Change::Grew { .. }, Change::Over { .. }]),
            "{ends:?}"
        );
    }

    #[test]
    fn groups_are_bounded() {
        let many = (0..2 * MAX_GROUPS).map(|number| (number.to_string(), 9));
        let many: Counted = many.collect();
        let mut groups = Groups::new();
        groups.note_counts(&many, 5, &mut Limit::new(1), Instant::now());
        assert_eq!(groups.len(), MAX_GROUPS);
    }
}
