//! The first lines of a dump: the number of tasks by state, the filter, and the process.

use std::fmt;

use super::output::escaped;
use crate::values::plural::plural;
use crate::Dump;
use crate::State;

/// Displays `5 tasks: 2 running, 3 waiting`, or `2 of 5 tasks (state=running): 2 running`, and below that the
/// program, its process and the time.
pub(super) struct Summary<'a>(pub(super) &'a Dump);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary(dump) = self;
        if !dump.filter.is_empty() {
            write!(f, "{} of ", dump.len())?;
        }
        write!(f, "{} task{}", dump.total(), plural(dump.total()))?;
        if !dump.filter.is_empty() {
            write!(f, " ({})", escaped(&dump.filter.to_string()))?;
        }
        let mut separator = ": ";
        for (state, count) in states(dump).filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{count} {state}")?;
            separator = ", ";
        }
        writeln!(f, "\n{}", dump.head())
    }
}

/// Returns the number of tasks in each state.
fn states(dump: &Dump) -> impl Iterator<Item = (String, usize)> {
    let counts = State::count(dump.rows().map(|row| dump.snapshot.bare_state(row)));
    State::COUNTED.iter().map(State::to_string).zip(counts)
}
