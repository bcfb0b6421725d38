//! The findings of dumps of stuck tasks, from dump to dump.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// A finding by what identifies it: its first line without numbers that change, and the tasks that it names.
type Key = (String, Vec<u64>);

/// The findings of a rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    known: HashMap<Key, Known>,
}

#[derive(Debug)]
struct Known {
    since: Instant,
    is_reported: bool,
}

/// The changes in one dump.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Findings that were not reported yet, as text.
    pub(super) new: Vec<String>,
    /// First lines of reported findings that are gone, and how long they lasted.
    pub(super) gone: Vec<(String, Duration)>,
}

impl Findings {
    /// Returns the number of findings that last.
    pub(super) fn len(&self) -> usize {
        self.known.values().filter(|it| it.is_reported).count()
    }

    /// Notes the text of a dump. A finding counts once all dumps of the time `lasts` have had it.
    pub(super) fn note(&mut self, text: &str, lasts: Duration, now: Instant) -> News {
        let mut news = News::default();
        let mut present = HashSet::new();
        for finding in paragraphs(text) {
            let key = key(&finding);
            let known = self.known.entry(key.clone()).or_insert(Known {
                since: now,
                is_reported: false,
            });
            let is_due = now.saturating_duration_since(known.since) >= lasts;
            if present.insert(key) && is_due && !known.is_reported {
                known.is_reported = true;
                news.new.push(finding);
            }
        }
        self.known.retain(|key, known| {
            let stays = present.contains(key);
            if !stays && known.is_reported {
                let lasted = now.saturating_duration_since(known.since);
                news.gone.push((key.0.clone(), lasted));
            }
            stays
        });
        news.gone.sort();
        news
    }
}

/// Returns the findings of a text. The further lines of a finding are indented.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match all.last_mut() {
            Some(last) if line.starts_with(' ') => {
                last.push('\n');
                last.push_str(line);
            }
            _ if line == "no task is known to be stuck" => {}
            _ => all.push(line.to_owned()),
        }
    }
    all
}

/// Returns what identifies a finding. Its numbers of tasks and its times change while it lasts.
fn key(finding: &str) -> Key {
    let first = finding.lines().next().unwrap_or_default();
    let first = first.split([';', ':']).next().unwrap_or_default();
    let mut tasks: Vec<u64> = Vec::new();
    if !first.contains("runnable") {
        for piece in finding.split("task ").skip(1) {
            let digits = piece.split(|it: char| !it.is_ascii_digit()).next();
            tasks.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
        }
    }
    tasks.sort_unstable();
    tasks.dedup();
    let words = first.split(' ').filter(|word| !is_number(word));
    let words: Vec<&str> = words.collect();
    (words.join(" "), tasks)
}

/// Returns `true` for a number, and for a unit of time behind one.
fn is_number(word: &str) -> bool {
    word.starts_with(|it: char| it.is_ascii_digit()) || ["s", "m", "h", "d"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLOCK: &str = "deadlock of 2 tasks, certain; 5 more tasks wait for it\n  task 4 \"call-1\" get_all waits for \
                            self.a, queued behind\n  task 5 add, which waits for self.b, held by\n  task 4 \"call-1\" get_all\n";

    #[test]
    fn finding_is_new_once_although_its_times_change() {
        let (mut findings, now) = (Findings::default(), Instant::now());
        let poll = |time: &str| {
            format!("{DEADLOCK}task 9 spin has been in one poll for {time}, on thread 7\n")
        };
        let news = findings.note(&poll("1.2 s"), Duration::ZERO, now);
        assert_eq!(news.new.len(), 2, "{news:?}");
        assert_eq!(news.new[0], DEADLOCK.trim_end());
        let later = now + Duration::from_secs(60);
        let more = poll("1 m 2 s").replace("; 5 more", "; 7 more");
        assert_eq!(findings.note(&more, Duration::ZERO, later), News::default());
        assert_eq!(findings.len(), 2);
        let end = findings.note("no task is known to be stuck\n", Duration::ZERO, later);
        assert_eq!(end.new.len(), 0);
        let seconds = Duration::from_secs(60);
        let gone: Vec<_> = end
            .gone
            .iter()
            .map(|(what, time)| (&**what, *time))
            .collect();
        assert_eq!(gone[0], ("deadlock of tasks, certain", seconds));
        assert_eq!(gone[1].1, seconds);
    }

    #[test]
    fn finding_that_must_last_is_new_in_a_later_dump() {
        let (mut findings, now) = (Findings::default(), Instant::now());
        let lasts = Duration::from_secs(30);
        assert_eq!(findings.note(DEADLOCK, lasts, now), News::default());
        assert_eq!(findings.note("", lasts, now + lasts / 2), News::default());
        assert_eq!(findings.note(DEADLOCK, lasts, now + lasts), News::default());
        let news = findings.note(DEADLOCK, lasts, now + 2 * lasts);
        assert_eq!(news.new.len(), 1);
    }
}
