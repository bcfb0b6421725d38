//! Filters as text.

use std::fmt::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use super::{Filter, Pattern, KEYS};
use crate::State;
use birthmark_core::__reader::escape::Quoted;
use birthmark_core::__reader::named::OneOf;
use birthmark_core::{Kind, TaskId};

/// An error in the text of a filter, with advice on how to correct the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFilterError {
    kind: ErrorKind,
    /// The part that is not understood.
    what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorKind {
    Key,
    NoValue,
    Kind,
    State,
    Time,
    Count,
    Id,
    Twice,
    Escape,
    TooMany,
    TooLong,
    NotAtSpawn,
}

/// The number of conditions that a filter can be given as text. Each is compared with each task.
const MAX_CONDITIONS: usize = 64;

/// The number of bytes that the values of such a filter can have in all.
const MAX_BYTES: usize = 1024;

impl Filter {
    /// Adds a condition by its key. The value is not percent-encoded, as in a query that is already parsed.
    ///
    /// # Errors
    ///
    /// Returns an error if the key is unknown, or if the value does not fit the key. Another limit is 64 conditions,
    /// with 1024 bytes of values.
    ///
    /// # Examples
    ///
    /// ```
    /// let filter = birthmark::Filter::new().try_with("name", "a & b")?.try_with("state", "running")?;
    /// assert_eq!(filter.to_string(), "name=a%20%26%20b&state=running");
    /// # Ok::<(), birthmark::ParseFilterError>(())
    /// ```
    pub fn try_with(self, key: &str, value: &str) -> Result<Self, ParseFilterError> {
        let (conditions, bytes) = self.size();
        if conditions >= MAX_CONDITIONS {
            return Err(ParseFilterError::new(ErrorKind::TooMany, key));
        }
        if bytes + value.len() > MAX_BYTES {
            return Err(ParseFilterError::new(ErrorKind::TooLong, key));
        }
        match KEYS.iter().find(|known| known.name == key) {
            Some(known) => (known.add)(self, value),
            None => Err(ParseFilterError::new(ErrorKind::Key, key)),
        }
    }

    /// Returns the number of conditions, and of bytes in their values.
    fn size(&self) -> (usize, usize) {
        let (mut conditions, mut bytes) = (0, 0);
        for key in KEYS {
            (key.values)(self, &mut |value| {
                conditions += 1;
                bytes += value.len();
            });
        }
        (conditions, bytes)
    }
}

/// A value of a condition.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Text(&'a str),
    State(State),
    Time(Duration),
    Id(TaskId),
    Count(u32),
}

impl Value<'_> {
    /// Returns the number of bytes that count for [`MAX_BYTES`].
    fn len(self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::State(_) | Value::Time(_) | Value::Id(_) | Value::Count(_) => 0,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => Encoded(text).fmt(f),
            Value::State(state) => state.fmt(f),
            Value::Time(time) => Time(*time).fmt(f),
            Value::Id(id) => id.fmt(f),
            Value::Count(count) => count.fmt(f),
        }
    }
}

/// Passes on the text of each pattern.
pub(super) fn patterns(patterns: &[Pattern], each: &mut dyn FnMut(Value<'_>)) {
    patterns
        .iter()
        .for_each(|pattern| each(Value::Text(pattern.as_str())));
}

/// Returns the pattern if it matches a kind. One that matches none of so few is a mistake.
pub(super) fn kind(value: &str) -> Result<&str, ParseFilterError> {
    let pattern = Pattern::new(value);
    match Kind::ALL.iter().any(|kind| pattern.matches(kind.as_str())) {
        true => Ok(value),
        false => Err(ParseFilterError::new(ErrorKind::Kind, value)),
    }
}

pub(super) fn state(value: &str) -> Result<State, ParseFilterError> {
    let mut states = State::COUNTED.into_iter();
    let state = states.find(|state| state.to_string() == value);
    state.ok_or_else(|| ParseFilterError::new(ErrorKind::State, value))
}

pub(super) fn id(value: &str) -> Result<TaskId, ParseFilterError> {
    let id = value.parse().map(u64::into);
    id.map_err(|_| ParseFilterError::new(ErrorKind::Id, value))
}

/// Reads a number that can be given once.
pub(super) fn first_count(
    key: &str,
    given: Option<u32>,
    value: &str,
) -> Result<u32, ParseFilterError> {
    let error = |kind, part| ParseFilterError::new(kind, part);
    match given {
        Some(_) => Err(error(ErrorKind::Twice, key)),
        None => value.parse().map_err(|_| error(ErrorKind::Count, value)),
    }
}

/// Reads the value of a key that can be given once.
pub(super) fn first_time(
    key: &str,
    given: Option<Duration>,
    value: &str,
) -> Result<Duration, ParseFilterError> {
    match given {
        Some(_) => Err(ParseFilterError::new(ErrorKind::Twice, key)),
        None => time(value),
    }
}

impl FromStr for Filter {
    type Err = ParseFilterError;

    fn from_str(text: &str) -> Result<Self, ParseFilterError> {
        let mut filter = Filter::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(ParseFilterError::new(ErrorKind::NoValue, part));
            };
            filter = filter.try_with(&decode(key)?, &decode(value)?)?;
        }
        Ok(filter)
    }
}

/// Writes the text from which the filter can be parsed again.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut separator, mut result) = ("", Ok(()));
        for key in KEYS {
            (key.values)(self, &mut |value| {
                if result.is_ok() {
                    result = write!(f, "{separator}{}={value}", key.name);
                    separator = "&";
                }
            });
        }
        result
    }
}

/// Displays a value so that it can stand in a filter.
struct Encoded<'a>(&'a str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if matches!(character, '\0'..=' ' | '%' | '&' | '+' | '#' | '\x7f') {
                write!(f, "%{:02X}", u32::from(character))?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

fn decode(text: &str) -> Result<String, ParseFilterError> {
    let wrong = || ParseFilterError::new(ErrorKind::Escape, text);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(wrong()),
            },
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

fn time(text: &str) -> Result<Duration, ParseFilterError> {
    let wrong = || ParseFilterError::new(ErrorKind::Time, text);
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, millis) = unit.ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = number.checked_mul(*millis).ok_or_else(wrong)?;
    Ok(Duration::from_millis(millis))
}

/// Displays a time in the largest unit that it is a multiple of.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let fitting = UNITS
            .iter()
            .rev()
            .find(|(_, unit)| millis.is_multiple_of(u128::from(*unit)));
        let (name, unit) = fitting.unwrap_or(&UNITS[0]);
        write!(f, "{}{name}", millis / u128::from(*unit))
    }
}

impl ParseFilterError {
    /// Returns the part of the text that is not understood.
    #[doc(hidden)]
    pub fn part(&self) -> &str {
        &self.what
    }

    /// A hook cannot have a filter with this key.
    pub(super) fn not_at_spawn(key: &str) -> Self {
        ParseFilterError::new(ErrorKind::NotAtSpawn, key)
    }

    fn new(kind: ErrorKind, what: &str) -> Self {
        ParseFilterError {
            kind,
            what: what.to_owned(),
        }
    }
}

impl fmt::Display for ParseFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = Quoted::whole(&self.what);
        match self.kind {
            ErrorKind::Key => {
                let keys = OneOf(KEYS.iter().map(|key| key.name));
                write!(f, "a filter has no key {what}\nhelp: use {keys}")
            }
            ErrorKind::NoValue if KEYS.iter().any(|key| key.name == self.what) => {
                write!(f, "{what} in a filter has no value\nhelp: write {what}=…")
            }
            ErrorKind::NoValue => write!(
                f,
                "{what} in a filter has no key\nhelp: write text={} for a text in any place, or use another key, as in \
                 state=running",
                self.what.escape_debug()
            ),
            ErrorKind::Kind => {
                let (unknown, known) = Kind::ALL.split_first().unwrap_or((&Kind::Unknown, &[]));
                let kinds = OneOf(known.iter().chain([unknown]));
                write!(f, "{what} is no kind of task\nhelp: use {kinds}, or * for any part, as in kind=*thread")
            }
            ErrorKind::State => write!(f, "{what} is no state\nhelp: use {}", OneOf(State::COUNTED.iter())),
            ErrorKind::Time => write!(
                f,
                "{what} is no time\nhelp: write a whole number and a unit, as in 500ms, 10s, 5m, 2h or 1d"
            ),
            ErrorKind::Count => write!(f, "{what} is no number of polls\nhelp: write a number, as in polls=1000"),
            ErrorKind::Id => write!(f, "{what} is no id of a task\nhelp: write a number, as in under=42"),
            ErrorKind::NotAtSpawn => write!(
                f,
                "{what} of a task is not known at its spawn, where a hook is chosen\nhelp: use name, label, role, site, \
                 kind or under"
            ),
            ErrorKind::Twice => write!(f, "{what} is there twice in a filter\nhelp: leave one out"),
            ErrorKind::TooMany => write!(
                f,
                "a filter has at most {MAX_CONDITIONS} conditions\nhelp: leave {what} out, or others"
            ),
            ErrorKind::TooLong => write!(
                f,
                "the values in a filter have at most {MAX_BYTES} bytes in all\nhelp: shorten that of {what}, or others"
            ),
            ErrorKind::Escape => write!(
                f,
                "{what} in a filter is not well encoded\nhelp: write % and two hexadecimal digits for each \
                 byte of UTF-8, and %25 for % itself"
            ),
        }
    }
}

impl std::error::Error for ParseFilterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_that_is_displayed_parses_again() {
        let built = Filter::new()
            .name("req & %+ä\n*")
            .name("")
            .label("tenant")
            .label("route=/a?b=c&d")
            .label("shard=")
            .role("*::{async}")
            .site("src/a.rs:31")
            .kind("*thread")
            .stack("awaiting .lock")
            .text("a b")
            .running()
            .delayed()
            .older_than(Duration::from_millis(90_500))
            .in_state_for(Duration::from_secs(7200))
            .under(TaskId::from(42));
        let text = built.to_string();
        assert_eq!(
            text,
            "name=req%20%26%20%25%2Bä%0A*&name=&label=tenant&label=route=/a?b=c%26d&label=shard=\
             &role=*::{async}&site=src/a.rs:31&kind=*thread&stack=awaiting%20.lock&text=a%20b\
             &state=running&state=delayed&older=90500ms&for=2h&under=42"
        );
        assert_eq!(text.parse(), Ok(built));
        assert_eq!("".parse(), Ok(Filter::new()));
        assert_eq!(
            "&older=0s&".parse(),
            Ok(Filter::new().older_than(Duration::ZERO))
        );
    }

    #[test]
    fn filter_that_is_too_large_is_refused_with_the_bound() {
        let many = |count| vec!["name=a*"; count].join("&").parse::<Filter>();
        assert!(many(64).is_ok());
        let error = many(65).unwrap_err().to_string();
        assert!(
            error.starts_with("a filter has at most 64 conditions\n"),
            "{error}"
        );
        let mixed = "state=running&under=1&text=a&label=a=b&".repeat(17);
        assert!(mixed.parse::<Filter>().is_err());
        let long = |len| format!("name=a&label=b=c&text={}", "*".repeat(len)).parse::<Filter>();
        assert!(long(1020).is_ok());
        let error = long(1021).unwrap_err().to_string();
        let start = "the values in a filter have at most 1024 bytes in all\n";
        assert!(error.starts_with(start), "{error}");
        assert_eq!(
            Filter::new().try_with("site", &"a".repeat(1024)).map(drop),
            Ok(())
        );
        assert!(Filter::new().try_with("site", &"a".repeat(1025)).is_err());
    }

    #[test]
    fn error_names_the_fault_and_a_remedy() {
        for (text, start) in [
            (
                "stat=running",
                "a filter has no key \"stat\"\nhelp: use name, ",
            ),
            ("state", "\"state\" in a filter has no value\nhelp: write "),
            (
                "order",
                "\"order\" in a filter has no key\nhelp: write text=order for ",
            ),
            (
                "state=Running",
                "\"Running\" is no state\nhelp: use running, ",
            ),
            (
                "kind=main",
                "\"main\" is no kind of task\nhelp: use future, ",
            ),
            ("older=10", "\"10\" is no time\nhelp: write "),
            ("older=-1s", "\"-1s\" is no time\n"),
            (
                "older=99999999999999999999s",
                "\"99999999999999999999s\" is no time\n",
            ),
            (
                "for=99999999999999999d",
                "\"99999999999999999d\" is no time\n",
            ),
            ("under=me", "\"me\" is no id of a task\n"),
            ("for=1s&for=2s", "\"for\" is there twice in a filter\n"),
            ("name=%2", "\"%2\" in a filter is not well encoded\n"),
            ("name=%ff", "\"%ff\" in a filter is not well encoded\n"),
            ("\x1b[31m=1", "a filter has no key \"\\u{1b}[31m\"\n"),
        ] {
            let error = text.parse::<Filter>().unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
