//! Await stacks out of debug information, in renderings for people.

use std::fmt;

use super::output::{escaped, push};
use crate::awaits::AwaitScan;
use crate::values::await_stack::{AwaitFrame, AwaitStack};
use crate::values::plural::plural;
use crate::Dump;

/// Writes why stacks are missing, if they were requested.
pub(super) fn write_section(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    match &dump.awaits {
        AwaitScan::NotRequested => Ok(()),
        AwaitScan::Missing(missing) => writeln!(f, "\nno stacks out of debug information: {missing}"),
        AwaitScan::Done(stacks) => match stacks.omitted {
            0 => Ok(()),
            count => writeln!(
                f,
                "\n{count} suspended task{} without a stack out of debug information, because there are too many; \
                 help: use a filter",
                plural(count)
            ),
        },
    }
}

/// Returns `waiting for a oneshot channel`: what the innermost future of a task waits for. If there are several branches, it
/// is that of the last one.
pub(super) fn leaf_text(awaits: &AwaitStack) -> Option<String> {
    let mut out = format!("waiting for {}", escaped(awaits.waits_for()?));
    let branches = count_branches(awaits.frames()) - 1;
    if branches > 0 {
        push(&mut out, format_args!(" and {branches} more"));
    }
    Some(out)
}

/// Returns the number of frames without one inside of them.
fn count_branches(frames: &[AwaitFrame]) -> usize {
    let inner = frames.iter().skip(1).map(Some).chain([None]);
    let is_leaf = |(frame, inner): &(&AwaitFrame, Option<&AwaitFrame>)| {
        inner.is_none_or(|inner| inner.depth() <= frame.depth())
    };
    frames.iter().zip(inner).filter(is_leaf).count()
}
