//! The first lines of a dump: the program, its process, the time, the number of tasks by state, and the filter.

use std::fmt;

use super::field::{columns, WIDTH};
use super::output::{escaped, push};
use crate::coverage::{HOW_TO_INSTRUMENT, NOTHING_IS_INSTRUMENTED};
use crate::values::plural::plural;
use crate::Dump;
use crate::State;

/// Displays `birthmark: shop (pid 4711) at 2026-11-28 02:17:00 UTC: 5 tasks: 2 running, 3 waiting; 3 threads`. A filter has
/// a line below that, and so has a build without a site.
pub(super) struct Summary<'a>(pub(super) &'a Dump);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary(dump) = self;
        write!(f, "{}: ", dump.head())?;
        if !dump.filter.is_empty() {
            write!(f, "{} of ", dump.len())?;
        }
        write!(f, "{} task{}", dump.total(), plural(dump.total()))?;
        let mut separator = ": ";
        for (state, count) in states(dump).filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{count} {state}")?;
            separator = ", ";
        }
        if let Some(threads) = dump.coverage.os_threads() {
            write!(f, "; {threads} thread{}", plural(threads))?;
        }
        let mut below = "\n".to_owned();
        push_filter(&mut below, dump);
        // A core file whose executable is not there has no site that can be read.
        if dump.coverage.sites() == 0 && dump.coverage.uncertain_records() == 0 {
            below += &format!("{NOTHING_IS_INSTRUMENTED}\n{HOW_TO_INSTRUMENT}\n");
        }
        f.write_str(&below)
    }
}

/// Appends the line `selected by state=running`, if the dump has a filter.
pub(super) fn push_filter(out: &mut String, dump: &Dump) {
    if !dump.filter.is_empty() {
        let filter = escaped(&dump.filter.to_string());
        push(out, format_args!("selected by {filter}\n"));
    }
}

/// Writes the last line of a rendering, which has the coverage. A part without room is on a line of its own.
pub(super) fn write_coverage(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    let mut column = 0;
    for part in dump.coverage.to_string().split("; ") {
        match column {
            0 => write!(f, "\n{part}")?,
            _ if column + 2 + columns(part) > WIDTH => {
                write!(f, ";\n          {part}")?;
                column = 8;
            }
            _ => write!(f, "; {part}")?,
        }
        column += 2 + columns(part);
    }
    f.write_str("\n")
}

/// Returns the number of tasks in each state.
fn states(dump: &Dump) -> impl Iterator<Item = (String, usize)> {
    let counts = State::count(dump.rows().map(|row| dump.snapshot.bare_state(row)));
    State::COUNTED.iter().map(State::to_string).zip(counts)
}
