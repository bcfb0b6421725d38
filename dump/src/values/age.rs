//! Durations as people read them.

use std::fmt;
use std::time::Duration;

/// Displays a duration: `0.3 s`, `12.3 s`, `2 minutes`, `3 hours`, `4 days`.
#[derive(Debug)]
pub struct Age(pub Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = match seconds {
            0..60 => return write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
            60..3_600 => (seconds / 60, "minute"),
            3_600..86_400 => (seconds / 3_600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}
