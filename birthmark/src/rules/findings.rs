//! The findings of dumps of stuck tasks, from dump to dump.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::limit::Limit;
use birthmark_dump::__private::StuckFinding;

/// A finding by what identifies it: its kind and its tasks. Times and numbers change while it lasts.
type Key = (&'static str, Vec<u64>);

/// The findings of a rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    known: HashMap<Key, Known>,
}

#[derive(Debug)]
struct Known {
    since: Instant,
    /// The time for which the process had stood still by then.
    stood_still: Duration,
    is_reported: bool,
    is_counted: bool,
    finding: StuckFinding,
}

/// The changes in one dump.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Findings that were not reported yet.
    pub(super) new: Vec<StuckFinding>,
    /// Reported findings that are gone.
    pub(super) gone: Vec<Gone>,
    /// Number of findings that wait until the rule may report again.
    pub(super) suppressed: u64,
}

/// A reported finding that is gone.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) finding: StuckFinding,
    pub(super) lasted: Duration,
}

impl Findings {
    /// Returns the number of reported findings that last.
    pub(super) fn len(&self) -> usize {
        self.known.values().filter(|it| it.is_reported).count()
    }

    /// Notes the findings of a dump. A finding counts once all dumps of the time `lasts` have had it, without the time for
    /// which the process stood still.
    pub(super) fn note<'a>(
        &mut self,
        findings: impl Iterator<Item = &'a StuckFinding>,
        (lasts, stood_still): (Duration, Duration),
        limit: &mut Limit,
        now: Instant,
    ) -> News {
        let mut news = News::default();
        let mut present = HashSet::new();
        for finding in findings {
            let key = key(finding);
            let known = self.known.entry(key.clone()).or_insert_with(|| Known {
                since: now,
                stood_still,
                is_reported: false,
                is_counted: false,
                finding: finding.clone(),
            });
            let time = now.saturating_duration_since(known.since);
            let is_due =
                time.saturating_sub(stood_still.saturating_sub(known.stood_still)) >= lasts;
            if !present.insert(key) || !is_due || known.is_reported {
                continue;
            }
            if limit.admits(now) {
                known.is_reported = true;
                news.new.push(finding.clone());
            } else if !std::mem::replace(&mut known.is_counted, true) {
                news.suppressed += 1;
            }
        }
        self.known.retain(|key, known| {
            let stays = present.contains(key);
            if !stays && known.is_reported {
                news.gone.push(Gone {
                    finding: known.finding.clone(),
                    lasted: now.saturating_duration_since(known.since),
                });
            }
            stays
        });
        news.gone.sort_by_key(|gone| gone.lasted);
        news
    }
}

/// Returns what identifies a finding. Of runnable tasks and of a full pool there is one finding, whatever tasks it names.
fn key(finding: &StuckFinding) -> Key {
    let mut tasks = match finding.kind {
        "runnable" | "blocking-pool" | "unstarted" => Vec::new(),
        _ => finding.tasks.clone(),
    };
    tasks.sort_unstable();
    (finding.kind, tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: &'static str, tasks: &[u64], text: &str) -> StuckFinding {
        StuckFinding {
            kind,
            is_certain: true,
            tasks: tasks.into(),
            text: text.into(),
        }
    }

    #[test]
    fn finding_is_new_once_although_its_text_changes() {
        let (mut findings, now) = (Findings::default(), Instant::now());
        let mut limit = Limit::new(10);
        let mut note = |found: &[StuckFinding], at| {
            findings.note(
                found.iter(),
                (Duration::ZERO, Duration::ZERO),
                &mut limit,
                at,
            )
        };
        let first = [
            finding("deadlock", &[5, 4], "deadlock; 5 more tasks wait for it"),
            finding("runnable", &[7], "1 runnable task"),
        ];
        let news = note(&first, now);
        assert_eq!(news.new, first);
        let later = now + Duration::from_secs(60);
        let second = [
            finding("deadlock", &[4, 5], "deadlock; 7 more tasks wait for it"),
            finding("runnable", &[7, 8], "2 runnable tasks"),
        ];
        let news = note(&second, later);
        assert_eq!((news.new.len(), news.gone.len()), (0, 0), "{news:?}");
        let news = note(&second[..1], later);
        let [gone] = &*news.gone else {
            panic!("{news:?}");
        };
        assert_eq!(
            (gone.finding.kind, gone.lasted),
            ("runnable", Duration::from_secs(60))
        );
    }

    #[test]
    fn finding_that_must_last_is_new_in_a_later_dump() {
        let (mut findings, now) = (Findings::default(), Instant::now());
        let lasts = Duration::from_secs(30);
        let deadlock = [finding("deadlock", &[4, 5], "")];
        let mut limit = Limit::new(10);
        let mut note = |found: &[StuckFinding], stood_still, at| {
            let news = findings.note(found.iter(), (lasts, stood_still), &mut limit, at);
            (news.new.len(), news.gone.len())
        };
        let none = Duration::ZERO;
        assert_eq!(note(&deadlock, none, now), (0, 0));
        assert_eq!(note(&[], none, now + lasts / 2), (0, 0));
        assert_eq!(note(&deadlock, none, now + lasts), (0, 0));
        assert_eq!(note(&deadlock, lasts / 2, now + 2 * lasts), (0, 0));
        assert_eq!(note(&deadlock, lasts / 2, now + lasts / 2 * 5), (1, 0));
    }

    #[test]
    fn finding_beyond_the_limit_waits_and_has_no_end() {
        let (mut findings, now) = (Findings::default(), Instant::now());
        let mut limit = Limit::new(1);
        let mut note = |found: &[StuckFinding], at| {
            let times = (Duration::ZERO, Duration::ZERO);
            let news = findings.note(found.iter(), times, &mut limit, at);
            (news.new.len(), news.gone.len(), news.suppressed)
        };
        let deadlock = |task| finding("deadlock", &[task], "");
        let all = [deadlock(1), deadlock(2), deadlock(3)];
        assert_eq!(note(&all, now), (1, 0, 2));
        assert_eq!(note(&all, now), (0, 0, 0), "they are counted once");
        assert_eq!(note(&all[..2], now), (0, 0, 0));
        let later = now + Duration::from_secs(60);
        assert_eq!(note(&all[..2], later), (1, 0, 0));
        assert_eq!(note(&[], later), (0, 2, 0));
    }
}
