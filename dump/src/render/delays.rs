//! The section on the longest times between a wake and the next poll, if the program measures them.
//!
//! The counts are those of sites and not of tasks, since the start of the program. So filters have no effect on them.

use std::fmt;
use std::time::Duration;

use super::output::site_role;
use crate::values::plural::plural;
use crate::Dump;

/// Maximum number of sites that are listed.
const LISTED: usize = 5;

/// Writes the section, if delays were measured.
pub(super) fn write_section(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    let delays = &dump.delays;
    if delays.is_empty() {
        return Ok(());
    }
    f.write_str("\nlongest from a wake to the next poll, since the start\n")?;
    for (site, delays) in delays.iter().take(LISTED) {
        let count = delays.count();
        writeln!(
            f,
            "  {} at {site}: {}, {} on average of {count} poll{}",
            site_role(site),
            Exact(delays.longest()),
            Exact(delays.average()),
            plural(usize::try_from(count).unwrap_or(usize::MAX)),
        )?;
    }
    match delays.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more site{}", plural(more)),
    }
}

/// Displays a time with three digits at least: `12.3 ms`, `1.52 s`.
struct Exact(Duration);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        match nanos {
            0..1_000_000 => write!(f, "{:.1} µs", nanos as f64 / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.2} ms", nanos as f64 / 1e6),
            _ => write!(f, "{:.2} s", nanos as f64 / 1e9),
        }
    }
}
