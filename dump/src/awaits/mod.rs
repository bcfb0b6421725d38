//! Await stacks out of debug information, which the crate `birthmark` reads.

mod detail;
mod join;

use std::collections::HashMap;
use std::sync::Arc;

use crate::values::await_stack::{AwaitStack, MissingFrames};
use crate::values::stack::Stack;

pub use detail::{AwaitDetail, ParseAwaitDetailError};

/// Reads the stacks of suspended tasks, and of local variables if the argument is `true`.
///
/// # Errors
///
/// The reason for which there are no stacks at all.
pub type ReadAwaits = fn(locals: bool, reading: &mut dyn AwaitReading) -> Result<(), MissingFrames>;

/// Returns the reason for which a dump of another process has no stacks.
pub(crate) fn none(_locals: bool, _reading: &mut dyn AwaitReading) -> Result<(), MissingFrames> {
    Err(MissingFrames {
        cause: "stacks out of debug information are read by the process itself".into(),
        remedy: Some("request a dump from the process, with `stacks=debug-info` in BIRTHMARK"),
    })
}

/// A dump that gets stacks.
pub trait AwaitReading {
    /// Returns `true` if the dump wants the stack of the task with this id.
    fn wants(&mut self, id: u64) -> bool;
    /// Takes a stack, and the number of polls that the task had when its stack was read.
    fn put(&mut self, id: u64, polls: u32, stack: AwaitStack);
}

/// Maximum number of stacks in a dump.
const MAX_STACKS: usize = 10_000;

/// The await stacks of a dump, or the reason why it has none.
#[derive(Debug, Default)]
pub(crate) enum AwaitScan {
    /// The caller did not request them.
    #[default]
    NotRequested,
    /// Debug information is not read.
    Missing(MissingFrames),
    Done(AwaitStacks),
}

/// Stacks by the id of the task.
#[derive(Debug, Default)]
pub(crate) struct AwaitStacks {
    by_task: HashMap<u64, Arc<AwaitStack>>,
    /// Number of tasks whose stacks were not read, because there were too many or because the time was over.
    pub(crate) omitted: usize,
}

/// A task as the dump has it.
pub(crate) struct KnownTask {
    pub(crate) polls: u32,
    pub(crate) stack: Stack,
}

/// Stacks in the making.
pub(crate) struct AwaitReader<'a> {
    /// Returns a suspended task of the dump.
    pub(crate) find: &'a dyn Fn(u64) -> Option<KnownTask>,
    /// Returns `false` if the reading has to end.
    pub(crate) goes_on: &'a mut dyn FnMut() -> bool,
    pub(crate) stacks: AwaitStacks,
}

impl AwaitStacks {
    pub(crate) fn of(&self, id: u64) -> Option<&Arc<AwaitStack>> {
        self.by_task.get(&id)
    }
}

impl AwaitReading for AwaitReader<'_> {
    fn wants(&mut self, id: u64) -> bool {
        if (self.find)(id).is_none() {
            return false;
        }
        let wants = self.stacks.by_task.len() < MAX_STACKS && (self.goes_on)();
        self.stacks.omitted += usize::from(!wants);
        wants
    }

    fn put(&mut self, id: u64, polls: u32, stack: AwaitStack) {
        let Some(known) = (self.find)(id) else {
            return;
        };
        let is_newer = known.polls != polls;
        // Frames of another moment are not joined.
        let frames = match is_newer || known.stack.may_be_stale() || stack.frames.is_empty() {
            true => stack.frames,
            false => join::join(stack.frames, known.stack.frames()),
        };
        let stack = AwaitStack {
            frames,
            missing: stack.missing,
            stale: is_newer,
        };
        self.stacks.by_task.insert(id, Arc::new(stack));
    }
}
