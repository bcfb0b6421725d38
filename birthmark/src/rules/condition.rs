//! The condition of a rule, and its text.
//!
//! A text consists of terms joined by `&`. A term is a condition of a [`Filter`], or one of these:
//!
//! | term | holds if |
//! | --- | --- |
//! | `count(site)>1000` | more tasks than this have the same site; also `role`, `name`, `label.KEY` |
//! | `growth(site)>100/min` | the number of such tasks grows faster than this, for as long as `for` |
//! | `no-waker` | a task is suspended, and nothing is left that can wake it |
//! | `stuck` | a dump has a finding that it had not before; `every=30s` sets how often a dump is taken |
//! | `timebox` | a future or a task takes longer than its timebox |
//! | `at-most=10/min` | no condition: the number of reports in a minute |

use std::error::Error;
use std::fmt;
use std::time::Duration;

use birthmark_core::__reader::escape::Quoted;
use birthmark_dump::Filter;

/// The condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) filter: Filter,
    pub(super) subject: Subject,
    /// Maximum number of reports in a minute.
    pub(super) at_most: usize,
    /// The filter compares the time in a state, so another change of the state is another occasion.
    pub(super) is_of_state: bool,
    /// The part that cannot hold while wakes are not recorded.
    pub(super) needs_wakes: Option<NeedsWakes>,
}

/// A part of a condition that needs wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NeedsWakes {
    /// The part, and why it cannot hold.
    pub(super) error: ParseRuleError,
    /// The rule may hold by its other parts.
    pub(super) is_part: bool,
}

/// Of what a rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Each task that the filter selects.
    Tasks { has_no_waker: bool },
    /// The number of tasks that have something in common.
    Count { by: By, more_than: u64 },
    /// The growth of that number.
    Growth {
        by: By,
        more_than: u64,
        in_time: Duration,
        window: Duration,
    },
    /// The findings of a dump of stuck tasks.
    Stuck { every: Duration, lasts: Duration },
    /// Futures and tasks that take longer than their timebox.
    Timebox,
}

/// The property that counted tasks have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    Site,
    Role,
    Name,
    /// The value of the label with this key.
    Label(String),
}

/// Maximum number of reports of a rule in a minute, if the rule sets no other.
const AT_MOST: usize = 10;
/// How long growth must last, if the rule sets no time.
const WINDOW: Duration = Duration::from_secs(60);
/// How often a dump is searched for stuck tasks, if the rule sets no time.
const EVERY: Duration = Duration::from_secs(30);
/// Minimum time between two such dumps.
const MIN_EVERY: Duration = Duration::from_secs(1);

/// An error in the text of a rule. The message names the part at fault, its position, and the remedy.
///
/// # Examples
///
/// ```
/// use birthmark::Action;
///
/// let error = birthmark::add_rule("state=runing&for=1s", Action::log()).unwrap_err();
/// assert_eq!(error.position(), 7);
/// assert!(error.to_string().starts_with("at character 7: \"runing\" is no state\nhelp: "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseRuleError {
    position: usize,
    text: String,
}

impl ParseRuleError {
    pub(super) fn new(position: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        ParseRuleError { position, text }
    }

    /// Returns the error for a text that has so many characters before the rule.
    pub(crate) fn behind(mut self, before: usize) -> Self {
        self.position += before;
        self
    }

    /// Returns the position of the part at fault, in characters from 1 on.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.position, self.text)
    }
}

impl Error for ParseRuleError {}

/// A term of the text, and where it begins.
#[derive(Clone, Copy)]
struct Term<'a> {
    text: &'a str,
    /// In bytes.
    start: usize,
    whole: &'a str,
}

impl<'a> Term<'a> {
    /// Returns the error for a part of this term.
    fn error(self, part: &str, why: impl fmt::Display) -> ParseRuleError {
        let position = self.position(part);
        let part = Quoted::whole(part);
        ParseRuleError::new(position, format!("{part} {why}"))
    }

    /// Returns the position of a part of this term in the whole text. The value is searched before the key, because a value may
    /// be part of the key.
    fn position(self, part: &str) -> usize {
        let key = self.text.find(['=', '>', '(']).map_or(0, |at| at + 1);
        let in_value = self.text[key..].rfind(part).map(|at| key + at);
        let is_value = self.key() != part;
        let at = in_value.filter(|_| is_value);
        let at = at.or_else(|| self.text.find(part)).unwrap_or(0);
        let before = self.whole.get(..self.start + at).unwrap_or(self.whole);
        before.chars().count() + 1
    }

    fn key(self) -> &'a str {
        self.text.split('=').next().unwrap_or_default()
    }

    fn value(self) -> &'a str {
        self.text.split_once('=').map_or("", |(_, value)| value)
    }
}

/// The terms of a text that are no filter.
#[derive(Default)]
struct Terms<'a> {
    subject: Option<(Subject, Term<'a>)>,
    lasts: Option<(Duration, Term<'a>)>,
    every: Option<(Duration, Term<'a>)>,
    at_most: Option<usize>,
    /// The filter as text, with terms that are known to be good.
    filter: String,
    /// The first term that needs wakes.
    of_wakes: Option<Term<'a>>,
}

impl Condition {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Self, ParseRuleError> {
        let mut terms = Terms::default();
        let mut start = 0;
        for part in text.split('&') {
            let term = Term {
                text: part,
                start,
                whole: text,
            };
            start += part.len() + 1;
            if !part.is_empty() {
                terms.add(term)?;
            }
        }
        terms.finish(text)
    }
}

impl<'a> Terms<'a> {
    fn add(&mut self, term: Term<'a>) -> Result<(), ParseRuleError> {
        let (key, value) = term.text.split_once('=').unwrap_or((term.text, ""));
        match key {
            "stuck" | "no-waker" | "timebox" if term.text == key => {
                if key != "timebox" {
                    self.of_wakes.get_or_insert(term);
                }
                let subject = match key {
                    "timebox" => Subject::Timebox,
                    "stuck" => Subject::Stuck {
                        every: EVERY,
                        lasts: Duration::ZERO,
                    },
                    _ => Subject::Tasks { has_no_waker: true },
                };
                self.set_subject(subject, term)
            }
            "every" => once(&mut self.every, time(term, value)?, term),
            "for" => once(&mut self.lasts, time(term, value)?, term),
            "at-most" => {
                let count = value.strip_suffix("/min").and_then(|it| it.parse().ok());
                let Some(count) = count.filter(|count| (1..=1000).contains(count)) else {
                    let why = "is no number of reports in a minute\nhelp: write 1 to 1000, as in at-most=10/min";
                    return Err(term.error(value, why));
                };
                match self.at_most.replace(count) {
                    None => Ok(()),
                    Some(_) => Err(twice(term)),
                }
            }
            _ if term.text.starts_with("count(") || term.text.starts_with("growth(") => {
                let subject = number(term)?;
                self.set_subject(subject, term)
            }
            _ => self.add_to_filter(term),
        }
    }

    fn set_subject(&mut self, subject: Subject, term: Term<'a>) -> Result<(), ParseRuleError> {
        match &self.subject {
            None => {
                self.subject = Some((subject, term));
                Ok(())
            }
            Some((_, first)) => {
                let first = Quoted::whole(first.text);
                Err(term.error(
                    term.text,
                    format_args!("is one condition too many beside {first}\nhelp: write two rules"),
                ))
            }
        }
    }

    fn add_to_filter(&mut self, term: Term<'a>) -> Result<(), ParseRuleError> {
        for state in ["blocked", "idle"] {
            if term.text == format!("state={state}") {
                let why = "needs OS threads, which rules do not read\nhelp: use state=running";
                return Err(term.error(state, why));
            }
        }
        let filter = match self.filter.is_empty() {
            true => term.text.to_owned(),
            false => format!("{}&{}", self.filter, term.text),
        };
        if let Err(error) = filter.parse::<Filter>() {
            let position = term.position(error.part());
            let error = error.to_string();
            let error = match error.strip_prefix("a filter has no key ") {
                Some(key) => format!("a rule has no key {key}, count(site)>1000, growth(site)>100/min, stuck, no-waker, timebox, every or at-most"),
                None => error,
            };
            return Err(ParseRuleError::new(position, error));
        }
        self.filter = filter;
        if (term.text.parse()).is_ok_and(|term: Filter| term.needs_wakes()) {
            self.of_wakes.get_or_insert(term);
        }
        Ok(())
    }

    /// Returns the part that cannot hold while wakes are not recorded.
    fn needs_wakes(&self, filter: &Filter, subject: &Subject) -> Option<NeedsWakes> {
        let term = self.of_wakes?;
        let (is_part, what) = match subject {
            Subject::Stuck { .. } => (true, "finds no runnable tasks"),
            Subject::Tasks { has_no_waker: true } => (false, "selects no task"),
            _ => (!filter.needs_wakes(), "selects no task"),
        };
        let help = "help: leave out wakes=off and Builder::wakes(false)";
        let error = term.error(
            term.text,
            format_args!("{what}, because wakes are off\n{help}"),
        );
        Some(NeedsWakes { error, is_part })
    }

    fn finish(self, text: &str) -> Result<Condition, ParseRuleError> {
        let mut filter: Filter = self.filter.parse().unwrap_or_default();
        let Some((mut subject, term)) = self.subject.clone().or_else(|| {
            let is_empty = filter.is_empty() && self.lasts.is_none();
            let whole = Term {
                text,
                start: 0,
                whole: text,
            };
            let has_no_waker = false;
            (!is_empty).then_some((Subject::Tasks { has_no_waker }, whole))
        }) else {
            let help = "help: write one, as in state=running&for=1s";
            return Err(ParseRuleError::new(
                1,
                format!("the rule has no condition\n{help}"),
            ));
        };
        if let Some((_, every)) = self
            .every
            .filter(|_| !matches!(subject, Subject::Stuck { .. }))
        {
            let why = "is for `stuck` alone\nhelp: leave it out; other rules look as often as they can afford";
            return Err(every.error(every.text, why));
        }
        let lasts = self.lasts.map(|(time, _)| time);
        match &mut subject {
            Subject::Tasks { .. } => {
                if let Some(time) = lasts {
                    filter = filter.in_state_for(time);
                }
                // A thread runs as long as it exists. A future runs during a poll.
                let runs = self.filter.split('&').any(|term| term == "state=running");
                let has_kind = self.filter.split('&').any(|term| term.starts_with("kind="));
                if runs && !has_kind && lasts.is_some() {
                    filter = filter.kind("future");
                }
            }
            Subject::Timebox => {
                if !filter.is_empty() || lasts.is_some() {
                    return Err(
                        term.error("timebox", "takes no filter\nhelp: leave the filter out")
                    );
                }
            }
            Subject::Count { .. } => {
                if let Some((_, lasts)) = self.lasts {
                    let why = "has no meaning for a count\nhelp: use older=10s, or growth(site)>100/min&for=10m";
                    return Err(lasts.error(lasts.text, why));
                }
            }
            Subject::Growth { window, .. } => *window = lasts.unwrap_or(WINDOW).max(MIN_EVERY * 10),
            Subject::Stuck {
                every,
                lasts: least,
            } => {
                if !filter.is_empty() {
                    return Err(term.error("stuck", "takes no filter\nhelp: leave the filter out"));
                }
                *every = self.every.map_or(EVERY, |(time, _)| time).max(MIN_EVERY);
                *least = lasts.unwrap_or(Duration::ZERO);
            }
        }
        Ok(Condition {
            needs_wakes: self.needs_wakes(&filter, &subject),
            is_of_state: lasts.is_some() && matches!(subject, Subject::Tasks { .. }),
            filter,
            subject,
            at_most: self.at_most.unwrap_or(AT_MOST),
        })
    }
}

fn once<'a, T>(
    place: &mut Option<(T, Term<'a>)>,
    value: T,
    term: Term<'a>,
) -> Result<(), ParseRuleError> {
    match place.replace((value, term)) {
        None => Ok(()),
        Some(_) => Err(twice(term)),
    }
}

fn twice(term: Term<'_>) -> ParseRuleError {
    term.error(term.key(), "is there twice in a rule\nhelp: leave one out")
}

/// Reads a time as filters do.
pub(crate) fn parse_time(text: &str) -> Option<Duration> {
    let digits = text.find(|it: char| !it.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let millis = number.parse::<u64>().ok()?.checked_mul(unit)?;
    Some(Duration::from_millis(millis))
}

fn time(term: Term<'_>, value: &str) -> Result<Duration, ParseRuleError> {
    let why = "is no time\nhelp: write a whole number and a unit, as in 500ms, 10s, 5m, 2h or 1d";
    parse_time(value).ok_or_else(|| match value.is_empty() {
        true => term.error(term.text, why),
        false => term.error(term.value(), why),
    })
}

/// Reads `count(site)>1000` or `growth(site)>100/min`.
fn number(term: Term<'_>) -> Result<Subject, ParseRuleError> {
    let is_growth = term.text.starts_with("growth");
    let help = match is_growth {
        true => "help: write it as growth(site)>100/min",
        false => "help: write it as count(site)>1000",
    };
    let is_not = |part: &str, what: &str| term.error(part, format_args!("{what}\n{help}"));
    let inner = term.text.split_once('(').map_or("", |(_, rest)| rest);
    let Some((by, rest)) = inner.split_once(')') else {
        return Err(is_not(term.text, "has no `)`"));
    };
    let by = match (by, by.strip_prefix("label.")) {
        ("site", _) => By::Site,
        ("role", _) => By::Role,
        ("name", _) => By::Name,
        (_, Some(key)) if !key.is_empty() => By::Label(key.to_owned()),
        _ => {
            return Err(is_not(
                by,
                "is nothing to count by: use site, role, name or label.KEY",
            ))
        }
    };
    let Some(value) = rest.strip_prefix('>') else {
        return Err(is_not(term.text, "compares by no `>`"));
    };
    if !is_growth {
        let more_than = value.parse();
        let more_than = more_than.map_err(|_| is_not(value, "is no number of tasks"))?;
        return Ok(Subject::Count { by, more_than });
    }
    let parts = value.split_once('/').and_then(|(number, unit)| {
        let unit = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => return None,
        };
        Some((number.parse().ok()?, Duration::from_secs(unit)))
    });
    let Some((more_than, in_time)) = parts else {
        return Err(is_not(
            value,
            "is no number of tasks in a time, which is s, min or h",
        ));
    };
    let window = WINDOW;
    Ok(Subject::Growth {
        by,
        more_than,
        in_time,
        window,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, String) {
        let error = Condition::parse(text).unwrap_err();
        (error.position(), error.text)
    }

    #[test]
    fn errors_have_the_position_and_a_remedy() {
        for (text, position, start) in [
            ("", 1, "the rule has no condition\nhelp: "),
            ("&", 1, "the rule has no condition\nhelp: "),
            (
                "state=runing&for=1s",
                7,
                "\"runing\" is no state\nhelp: use ",
            ),
            (
                "name=ä&stat=running",
                8,
                "a rule has no key \"stat\"\nhelp: use name, ",
            ),
            ("state=running&for=1", 19, "\"1\" is no time\nhelp: "),
            ("state=running&for", 15, "\"for\" is no time\nhelp: "),
            ("state=running&for=", 15, "\"for=\" is no time\nhelp: "),
            (
                "for=1s&for=2s",
                8,
                "\"for\" is there twice in a rule\nhelp: ",
            ),
            ("state=blocked", 7, "\"blocked\" needs OS threads"),
            ("count(site)>x", 13, "\"x\" is no number of tasks\nhelp: "),
            (
                "count(site)",
                1,
                "\"count(site)\" compares by no `>`\nhelp: ",
            ),
            ("count(file)>1", 7, "\"file\" is nothing to count by"),
            ("count(label.)>1", 7, "\"label.\" is nothing to count by"),
            ("count(site>1", 1, "\"count(site>1\" has no `)`\nhelp: "),
            (
                "count(site)>1&for=1s",
                15,
                "\"for=1s\" has no meaning for a count\nhelp: ",
            ),
            (
                "growth(site)>100",
                14,
                "\"100\" is no number of tasks in a time",
            ),
            ("growth(site)>100/year", 14, "\"100/year\" is no number"),
            (
                "stuck&count(site)>1",
                7,
                "\"count(site)>1\" is one condition too many beside \"stuck\"\n",
            ),
            ("timebox&for=1s", 1, "\"timebox\" takes no filter\nhelp: "),
            ("stuck&role=a", 1, "\"stuck\" takes no filter\nhelp: "),
            (
                "role=a&every=1s",
                8,
                "\"every=1s\" is for `stuck` alone\nhelp: ",
            ),
            (
                "role=a&at-most=0/min",
                16,
                "\"0/min\" is no number of reports",
            ),
            ("role=a&at-most=9", 16, "\"9\" is no number of reports"),
            ("role=a&at-most=m", 16, "\"m\" is no number of reports"),
            ("stuck&every=e", 13, "\"e\" is no time\n"),
            ("state=running&for=r", 19, "\"r\" is no time\n"),
            ("role=a&state=a", 14, "\"a\" is no state\n"),
            ("count(site)>s", 13, "\"s\" is no number of tasks"),
            ("count(c)>1", 7, "\"c\" is nothing to count by"),
            ("growth(site)>1/g", 14, "\"1/g\" is no number of tasks"),
            ("older=1s&older=2s", 10, "\"older\" is there twice"),
            ("for=1s&for=2s&role=a", 8, "\"for\" is there twice"),
            ("name=%ff", 6, "\"%ff\" in a filter is not well encoded\n"),
            ("\x1b[31m=1", 1, "a rule has no key \"\\u{1b}[31m\"\n"),
        ] {
            let (at, why) = error(text);
            assert!(why.starts_with(start), "{text}: {why}");
            assert!(why.contains("\nhelp: "), "{text}: {why}");
            assert_eq!(at, position, "{text}: {why}");
        }
    }

    #[test]
    fn conditions_are_read() {
        let read = |text: &str| Condition::parse(text).unwrap();
        let blocked = read("state=running&for=500ms");
        assert_eq!(
            blocked.filter.to_string(),
            "kind=future&state=running&for=500ms"
        );
        assert!(blocked.is_of_state);
        let threads = read("state=running&for=500ms&kind=*thread");
        assert_eq!(
            threads.filter.to_string(),
            "kind=*thread&state=running&for=500ms"
        );
        let old = read("role=handle&older=30s&at-most=3/min");
        assert_eq!(old.filter.to_string(), "role=handle&older=30s");
        assert_eq!((old.at_most, old.is_of_state), (3, false));
        let count = read("count(label.tenant)>10&role=a");
        let by = By::Label("tenant".into());
        assert_eq!(count.subject, Subject::Count { by, more_than: 10 });
        let growth = read("growth(site)>100/min&for=10m");
        let expected = Subject::Growth {
            by: By::Site,
            more_than: 100,
            in_time: Duration::from_secs(60),
            window: Duration::from_secs(600),
        };
        assert_eq!(growth.subject, expected);
        let stuck = read("stuck&every=5s&for=1m");
        let expected = Subject::Stuck {
            every: Duration::from_secs(5),
            lasts: Duration::from_secs(60),
        };
        assert_eq!(stuck.subject, expected);
        let lost = read("no-waker&for=1s");
        assert_eq!(lost.subject, Subject::Tasks { has_no_waker: true });
    }

    #[test]
    fn part_that_needs_wakes_is_known() {
        let of = |text: &str| {
            let needs = Condition::parse(text).unwrap().needs_wakes;
            needs.map(|it| (it.error.position, it.is_part))
        };
        for (text, expected) in [
            ("role=a&older=1s", None),
            ("state=running&for=1s", None),
            ("state=suspended&for=1s", None),
            ("timebox", None),
            ("role=a&state=runnable&for=1s", Some((8, false))),
            ("state=%72unnable", Some((1, false))),
            ("state=waiting&state=runnable", Some((1, false))),
            ("state=running&state=runnable", Some((15, true))),
            ("woken-by=7&role=a", Some((1, false))),
            ("count(site)>9&state=waiting", Some((15, false))),
            ("growth(site)>9/s&state=waiting", Some((18, false))),
            ("kind=future&no-waker", Some((13, false))),
            ("stuck", Some((1, true))),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn random_texts_make_no_panic() {
        let pieces = [
            "count(", "growth(", "site", ")", ">", "1", "/min", "&", "for=", "ä", "1s", "stuck",
            "every=", "%", "state=", "running", "\u{0}", "=",
        ];
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..seed % 9 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text += pieces[(seed >> 33) as usize % pieces.len()];
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if let Err(error) = Condition::parse(&text) {
                assert!(
                    error.position() <= text.chars().count() + 1,
                    "{text}: {error}"
                );
            }
        }
    }
}
