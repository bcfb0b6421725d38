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
        for (state, count) in states(dump).into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{count} {state}")?;
            separator = ", ";
        }
        writeln!(f, "\n{}", dump.head())
    }
}

fn states(dump: &Dump) -> [(&'static str, usize); 7] {
    let mut counts = [
        ("running", 0),
        ("runnable", 0),
        ("waiting", 0),
        ("suspended", 0),
        ("created", 0),
        ("delayed", 0),
        (RUNS_NO_TASK, 0),
    ];
    for row in dump.rows() {
        let index = match dump.snapshot.bare_state(row) {
            State::Running { .. } if dump.snapshot.runs_no_task(row) => 6,
            State::Running { .. } => 0,
            State::Runnable => 1,
            State::Waiting => 2,
            State::Suspended => 3,
            State::Delayed => 5,
            _ => 4,
        };
        counts[index].1 += 1;
    }
    counts
}
