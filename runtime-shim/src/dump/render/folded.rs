//! A dump as folded stacks: a line for each, as flame graphs are made of.

use std::collections::BTreeMap;
use std::fmt;

use super::pieces::escaped;
use super::stacks::{self, Frame};
use crate::dump::row::Row;
use crate::dump::Dump;

/// Displays a [`Dump`] as folded stacks: the roles from the root to the task, the functions in which it
/// awaits, what it awaits innermost, and its state, joined by `;`, and how many tasks there are of it.
/// flamegraph.pl, inferno and speedscope read it.
///
/// Branches on which a task waits at once follow one another, with `[beside]` in between; what is held and
/// not awaited just now follows `[held]`.
#[derive(Clone, Copy, Debug)]
pub struct Folded<'a>(pub(super) &'a Dump);

impl fmt::Display for Folded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Folded(dump) = self;
        // Tasks of different parents may well have the same line.
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for stack in stacks::shared(dump).into_iter().chain(stacks::single(dump)) {
            *counts.entry(line(dump, stack.row)).or_default() += stack.count;
        }
        for (line, count) in counts {
            writeln!(f, "{line} {count}")?;
        }
        Ok(())
    }
}

fn line(dump: &Dump, row: &Row) -> String {
    let mut frames = vec![format!("[{}]", row.bare_state())];
    stacks::for_each_frame(&dump.nodes, row, |frame| frames.push(text(&frame)));
    frames.reverse();
    frames.join(";")
}

/// A thread may be called anything.
fn text(frame: &Frame<'_>) -> String {
    escaped(&frame.text()).replace(';', ":")
}
