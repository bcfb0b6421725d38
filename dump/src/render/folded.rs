//! A dump as folded stacks, one line each, from which flame graphs are made.

use std::collections::BTreeMap;
use std::fmt;

use super::aggregate::{self, GroupBy};
use super::output::escaped;
use super::stacks::{self, ProfileFrame};
use crate::snapshot::row::Row;
use crate::Dump;

/// Displays a [`Dump`] as folded stacks, which flamegraph.pl, inferno and speedscope read.
///
/// A line has parts that are joined by `;`, and a number of tasks. The parts are the roles from the root to the task,
/// the awaiting functions, the innermost awaited expression, and the state.
///
/// Branches on which a task waits at once follow one another, with `[beside]` in between. Futures that the task keeps
/// but does not await follow `[kept, not polled]`.
#[derive(Clone, Copy, Debug)]
pub struct Folded<'a>(pub(super) &'a Dump);

/// Bytes that a line takes beside its text.
const OVERHEAD: usize = size_of::<String>() + 2 * size_of::<u64>();
/// Bytes of different lines that are counted before they are written. After that, a line may occur again.
const MAX_BYTES: usize = 256 * 1024;

impl fmt::Display for Folded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Folded(dump) = self;
        // Tasks of different parents may well have the same line.
        let (mut lines, mut bytes) = (BTreeMap::new(), 0);
        aggregate::for_each(dump, GroupBy::Stack, |stack| {
            let line = line(dump, stack.row);
            let len = line.len() + OVERHEAD;
            bytes += if lines.contains_key(&line) { 0 } else { len };
            *lines.entry(line).or_default() += stack.count;
            if bytes < MAX_BYTES {
                return Ok(());
            }
            bytes = 0;
            write(f, std::mem::take(&mut lines))
        })?;
        write(f, lines)
    }
}

fn write(f: &mut fmt::Formatter<'_>, lines: BTreeMap<String, u64>) -> fmt::Result {
    let mut lines = lines.into_iter();
    lines.try_for_each(|(line, count)| writeln!(f, "{line} {count}"))
}

fn line(dump: &Dump, row: &Row) -> String {
    let mut frames = vec![format!("[{}]", dump.snapshot.bare_state(row))];
    stacks::for_each_frame(dump, row, |frame| frames.push(text(&frame)));
    frames.reverse();
    frames.join(";")
}

/// Returns the text of a frame. The name of a thread may contain any character.
fn text(frame: &ProfileFrame<'_>) -> String {
    escaped(&frame.text()).replace(';', ":")
}
