//! The head of a dump: the program, its process, and when the dump was taken.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::source::Process;
use birthmark_core::__reader::escape::escape;

/// Displays `birthmark: shop (pid 4711) at 2026-11-28 02:17:00 UTC`. The time is left out if it is not known.
pub(crate) struct Head<'a> {
    pub(crate) process: &'a Process,
    pub(crate) taken: Option<SystemTime>,
}

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("birthmark: ")?;
        escape(&self.process.program, f)?;
        write!(f, " (pid {})", self.process.id)?;
        match self.taken.and_then(Utc::new) {
            Some(time) => write!(f, " at {time:#}"),
            None => Ok(()),
        }
    }
}

/// Displays a time in UTC as RFC 3339 has it, `2026-11-28T02:17:00.123Z`. The alternate form is `2026-11-28 02:17:00 UTC`.
#[derive(Clone, Copy)]
pub(crate) struct Utc {
    /// Milliseconds since 1970.
    millis: u64,
}

impl Utc {
    /// Returns `None` for a time before 1970 or after 9999, which the format excludes.
    pub(crate) fn new(time: SystemTime) -> Option<Self> {
        /// The first millisecond of the year 10000.
        const END: u128 = 253_402_300_800_000;
        let millis = time.duration_since(UNIX_EPOCH).ok()?.as_millis();
        (millis < END).then_some(Utc {
            millis: millis as u64,
        })
    }

    /// Returns year, month and day. Month and day count from 1.
    fn date(self) -> [u64; 3] {
        // Hinnant, chrono-Compatible Low-Level Date Algorithms: `civil_from_days`. A year begins in March here, so
        // that the leap day is its last one; 719,468 days lie between the first of March of the year 0 and 1970.
        let days = self.millis / 86_400_000 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        [400 * era + year_of_era + u64::from(month <= 2), month, day]
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day] = self.date();
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
        if f.alternate() {
            return write!(
                f,
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC"
            );
        }
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// Returns a time in UTC without separators, as in the name of a file: `20261128T021700.123Z`.
pub fn compact_utc(time: SystemTime) -> Option<String> {
    let text = Utc::new(time)?.to_string();
    Some(text.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests {
    use super::Utc;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn times_are_shown_as_rfc_3339_has_them() {
        // As `date --utc --date=@… +%FT%T.%3NZ` has them.
        for (millis, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (1_767_225_599_000, "2025-12-31T23:59:59.000Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            let time = Utc::new(UNIX_EPOCH + Duration::from_millis(millis)).unwrap();
            assert_eq!(time.to_string(), shown);
        }
    }

    #[test]
    fn times_that_the_format_does_not_have_are_none() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        let after = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert!(Utc::new(before).is_none() && Utc::new(after).is_none());
    }
}
