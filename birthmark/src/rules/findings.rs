//! The findings of dumps of stuck tasks, from dump to dump.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

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
    is_reported: bool,
    finding: StuckFinding,
}

/// The changes in one dump.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Findings that were not reported yet.
    pub(super) new: Vec<StuckFinding>,
    /// Reported findings that are gone.
    pub(super) gone: Vec<Gone>,
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

    /// Notes the findings of a dump. A finding counts once all dumps of the time `lasts` have had it.
    pub(super) fn note(
        &mut self,
        findings: &[StuckFinding],
        lasts: Duration,
        now: Instant,
    ) -> News {
        let mut news = News::default();
        let mut present = HashSet::new();
        for finding in findings {
            let key = key(finding);
            let known = self.known.entry(key.clone()).or_insert_with(|| Known {
                since: now,
                is_reported: false,
                finding: finding.clone(),
            });
            let is_due = now.saturating_duration_since(known.since) >= lasts;
            if present.insert(key) && is_due && !known.is_reported {
                known.is_reported = true;
                news.new.push(finding.clone());
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
        let first = [
            finding("deadlock", &[5, 4], "deadlock; 5 more tasks wait for it"),
            finding("runnable", &[7], "1 runnable task"),
        ];
        let news = findings.note(&first, Duration::ZERO, now);
        assert_eq!(news.new, first);
        let later = now + Duration::from_secs(60);
        let second = [
            finding("deadlock", &[4, 5], "deadlock; 7 more tasks wait for it"),
            finding("runnable", &[7, 8], "2 runnable tasks"),
        ];
        let news = findings.note(&second, Duration::ZERO, later);
        assert_eq!((news.new.len(), news.gone.len()), (0, 0), "{news:?}");
        assert_eq!(findings.len(), 2);
        let news = findings.note(&second[..1], Duration::ZERO, later);
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
        let mut note = |found: &[StuckFinding], at| {
            let news = findings.note(found, lasts, at);
            (news.new.len(), news.gone.len())
        };
        assert_eq!(note(&deadlock, now), (0, 0));
        assert_eq!(note(&[], now + lasts / 2), (0, 0));
        assert_eq!(note(&deadlock, now + lasts), (0, 0));
        assert_eq!(note(&deadlock, now + 2 * lasts), (1, 0));
    }
}
