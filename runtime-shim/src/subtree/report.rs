//! Reports of deadlines that were exceeded, on a thread of their own.
//!
//! The thread that waits for deadlines runs neither reports nor hooks, because these may block.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::registry::registry;
use crate::hook::{notify_of_exceeded, Exceeded};
use crate::platform::unwind::catch_user_panic;
use crate::platform::{clock, internal_thread};

/// Maximum number of reports that wait while one is written or a hook runs. Further ones are counted only.
const MAX_WAITING: usize = 1024;

/// Writes the report.
static REPORT: OnceLock<fn(&Exceeded, u64)> = OnceLock::new();

/// Sets the function that writes reports. Its second argument is the number of reports that were left out before. The first function
/// stays.
///
/// Not public API. Used by `birthmark` of the same version.
pub fn set_report(report: fn(&Exceeded, u64)) {
    let _ = REPORT.set(report);
}

/// Reports that wait for their thread.
#[derive(Default)]
pub(super) struct Reports {
    waiting: VecDeque<Exceeded>,
    /// Number of reports that were left out since the last one.
    left_out: u64,
    has_thread: bool,
}

/// Has another thread write the report and call the hooks.
pub(super) fn deliver(exceeded: Exceeded) {
    let mut reports = lock();
    if reports.waiting.len() == MAX_WAITING {
        reports.left_out += 1;
        return;
    }
    reports.waiting.push_back(exceeded);
    if reports.has_thread {
        return;
    }
    reports.has_thread = true;
    drop(reports);
    let run = || while deliver_next() {};
    if internal_thread::spawn("birthmark-report", 512 * 1024, run).is_err() {
        lock().has_thread = false;
    }
}

/// Writes one report. Returns `false` if none waits.
fn deliver_next() -> bool {
    let mut reports = lock();
    let Some(exceeded) = reports.waiting.pop_front() else {
        reports.has_thread = false;
        return false;
    };
    let left_out = std::mem::take(&mut reports.left_out);
    drop(reports);
    if let Some(report) = REPORT.get() {
        catch_user_panic(|| report(&exceeded, left_out));
    }
    notify_of_exceeded(&exceeded);
    true
}

fn lock() -> MutexGuard<'static, Reports> {
    let reports = &registry().reports;
    reports.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the time of day at a moment, in UTC: `19:45:26.123Z`.
pub(super) fn time_of_day(at: Instant) -> Option<impl fmt::Display> {
    let (now, wall) = (Instant::now(), clock::wall()?);
    let wall = match at.checked_duration_since(now) {
        Some(ahead) => wall.checked_add(ahead)?,
        None => wall.checked_sub(now - at)?,
    };
    let since = wall.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(TimeOfDay(since))
}

struct TimeOfDay(Duration);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
        write!(
            f,
            "{hours:02}:{minutes:02}:{:02}.{millis:03}Z",
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_has_two_digits_each() {
        let text = |millis| TimeOfDay(Duration::from_millis(millis)).to_string();
        assert_eq!(text(0), "00:00:00.000Z");
        assert_eq!(text((((49 * 60) + 5) * 60 + 6) * 1000 + 7), "01:05:06.007Z");
    }
}
