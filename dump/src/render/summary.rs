//! The first lines of a dump: the number of tasks by state, the filter, and the process.

use std::fmt;

use super::output::escaped;
use super::task_block::RUNS_NO_TASK;
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

/// Returns the number of tasks in each state. Threads of pools that run no recorded task come last.
fn states(dump: &Dump) -> impl Iterator<Item = (String, usize)> {
    let mut idle = 0;
    let states = dump.rows().filter_map(|row| {
        let state = dump.snapshot.bare_state(row);
        let is_idle = matches!(state, State::Running { .. }) && dump.snapshot.runs_no_task(row);
        idle += usize::from(is_idle);
        (!is_idle).then_some(state)
    });
    let counts = State::count(states);
    let words = State::COUNTED.iter().map(State::to_string);
    words.zip(counts).chain([(RUNS_NO_TASK.to_owned(), idle)])
}
