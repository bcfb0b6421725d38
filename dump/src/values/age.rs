//! Durations as people read them.

use std::fmt;
use std::time::Duration;

/// Displays a duration in at most two units: `0.3 s`, `12.3 s`, `1 m 47 s`, `3 h 12 m`, `4 d 6 h`.
#[derive(Debug)]
pub struct Age(pub Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit, rest, smaller) = match seconds {
            0..60 => return write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
            60..3_600 => (seconds / 60, "m", seconds % 60, "s"),
            3_600..86_400 => (seconds / 3_600, "h", seconds / 60 % 60, "m"),
            _ => (seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
        };
        write!(f, "{count} {unit}")?;
        match rest {
            0 => Ok(()),
            rest => write!(f, " {rest} {smaller}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_has_at_most_two_units() {
        for (millis, shown) in [
            (0, "0.0 s"),
            (59_999, "59.9 s"),
            (60_000, "1 m"),
            (107_000, "1 m 47 s"),
            (3_600_000, "1 h"),
            (11_520_000, "3 h 12 m"),
            (367_200_000, "4 d 6 h"),
        ] {
            assert_eq!(Age(Duration::from_millis(millis)).to_string(), shown);
        }
    }
}
