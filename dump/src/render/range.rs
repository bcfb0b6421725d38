//! The range of the times of several tasks.

use std::fmt;
use std::time::Duration;

use crate::values::age::Age;
use birthmark_core::__reader::clock;

/// The earliest and the latest of some ticks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TickRange(Option<(u64, u64)>);

impl TickRange {
    pub(super) fn add(&mut self, tick: u64) {
        let (first, last) = self.0.unwrap_or((tick, tick));
        self.0 = Some((first.min(tick), last.max(tick)));
    }

    /// Returns the times since these ticks, if they are known. `now` is a tick in the upper half.
    pub(super) fn ago(self, now: Option<u64>) -> Option<Ago> {
        let (first, last) = self.0?;
        let now = now?;
        let ago = |tick: u64| Some(Age(clock::since(tick << 32, now)?).to_string());
        Some(Ago {
            shortest: ago(last)?,
            longest: ago(first)?,
        })
    }

    /// Returns the time since the earliest tick.
    pub(super) fn longest(self, now: Option<u64>) -> Option<Duration> {
        clock::since(self.0?.0 << 32, now?)
    }
}

/// The least and the greatest of some numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NumberRange(Option<(u64, u64)>);

impl NumberRange {
    pub(super) fn add(&mut self, number: u64) {
        let (least, most) = self.ends_or(number);
        self.0 = Some((least.min(number), most.max(number)));
    }

    fn ends_or(self, other: u64) -> (u64, u64) {
        self.0.unwrap_or((other, other))
    }

    /// Returns both ends, or zeros if there is no number.
    pub(super) fn ends(self) -> (u64, u64) {
        self.ends_or(0)
    }
}

/// Displays `1 to 3`, or `1` if that is all.
impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ends() {
            (least, most) if least == most => write!(f, "{least}"),
            (least, most) => write!(f, "{least} to {most}"),
        }
    }
}

/// Displays `0.3 s to 5 m`, or `0.3 s` if that is all.
pub(super) struct Ago {
    shortest: String,
    longest: String,
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shortest)?;
        if self.longest != self.shortest {
            write!(f, " to {}", self.longest)?;
        }
        Ok(())
    }
}
