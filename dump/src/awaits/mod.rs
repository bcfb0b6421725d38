//! Await stacks out of debug information. The crates `birthmark` and `birthmark-outside` find the futures, of this process
//! and of others.

#[cfg(feature = "debug-stacks")]
mod debug_info;
mod detail;
mod join;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::values::await_stack::{AwaitStack, MissingFrames};
use crate::values::stack::Stack;
use crate::values::uses::TaskUses;
use crate::wait_graph::Uses;

#[cfg(feature = "debug-stacks")]
pub use debug_info::{moved, read_stacks, ReadTask, StackSources};
pub use detail::{AwaitDetail, ParseAwaitDetailError};

/// Maximum number of stacks in a dump.
pub const MAX_STACKS: usize = 10_000;

/// Reads the stacks of suspended tasks, and of local variables if the argument is `true`.
///
/// # Errors
///
/// The reason for which there are no stacks at all.
pub type ReadAwaits = fn(locals: bool, reading: &mut dyn AwaitReading) -> Result<(), MissingFrames>;

/// Returns the reason for which a dump of another process has no stacks.
pub(crate) fn none(_locals: bool, _reading: &mut dyn AwaitReading) -> Result<(), MissingFrames> {
    Err(MissingFrames::new(
        "a dump of another process has no stacks out of debug information of its own",
        Some("call `Target::with_awaits` of the crate `birthmark-outside`"),
    ))
}

/// A dump that gets stacks.
pub trait AwaitReading {
    /// Returns `true` if the dump wants the stack of the task with this id.
    fn wants(&mut self, id: u64) -> bool;
    /// Takes a stack, and the number of polls that the task had when its stack was read.
    fn put(&mut self, id: u64, polls: u32, stack: AwaitStack);
    /// Returns `true` if the dump wants what tasks use of shared things.
    fn wants_uses(&self) -> bool {
        false
    }
    /// Returns `true` if the task that spawned the task with this id has ended.
    fn has_ended_parent(&self, _id: u64) -> bool {
        false
    }
    /// Takes what a task uses of shared things, if the dump wants that. The task has not run since its stack was read, and
    /// neither have the other ones.
    fn put_uses(&mut self, _id: u64, _polls: u32, _uses: TaskUses) {}
}

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
    by_task: BTreeMap<u64, Arc<AwaitStack>>,
    /// Number of tasks whose stacks were not read, because there were too many or because the time was over.
    pub(crate) omitted: usize,
}

/// A task as the dump has it.
pub(crate) struct KnownTask {
    pub(crate) polls: u32,
    pub(crate) stack: Stack,
}

/// Uses in the making, of all suspended tasks.
pub(crate) struct UsesReader<'a> {
    /// Returns the polls of a suspended task of the dump.
    pub(crate) find: &'a dyn Fn(u64) -> Option<u32>,
    /// Returns `true` if the task that spawned a task has ended.
    pub(crate) has_ended_parent: &'a dyn Fn(u64) -> bool,
    pub(crate) end: Instant,
    /// Number of tasks that were read.
    pub(crate) read: usize,
    /// Number of suspended tasks that were not read.
    pub(crate) omitted: usize,
    pub(crate) uses: Uses,
}

impl AwaitReading for UsesReader<'_> {
    fn wants(&mut self, id: u64) -> bool {
        if (self.find)(id).is_none() {
            return false;
        }
        let wants = self.read < MAX_STACKS && Instant::now() < self.end;
        self.read += usize::from(wants);
        self.omitted += usize::from(!wants);
        wants
    }

    fn put(&mut self, _id: u64, _polls: u32, _stack: AwaitStack) {}

    fn wants_uses(&self) -> bool {
        true
    }

    fn has_ended_parent(&self, id: u64) -> bool {
        (self.has_ended_parent)(id)
    }

    fn put_uses(&mut self, id: u64, polls: u32, uses: TaskUses) {
        // A task that has run since is not as the dump shows it.
        if (self.find)(id) == Some(polls) {
            self.uses.insert(id, uses);
        }
    }
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
    /// Returns the reason for which all tasks have no stack, if it is one of the program. A dump then tells it once.
    fn common_reason(&self) -> Option<MissingFrames> {
        let mut reasons = self.by_task.values().map(|stack| {
            let is_known = stack.frames().iter().any(|it| it.debug_info.is_some());
            stack.missing().filter(|_| !is_known)
        });
        let first = reasons.next()??;
        let is_same = |other: Option<&MissingFrames>| {
            other.is_some_and(|it| it.of_program && it.remedy == first.remedy)
        };
        (first.of_program && reasons.all(is_same)).then(|| first.clone())
    }

    pub(crate) fn of(&self, id: u64) -> Option<&Arc<AwaitStack>> {
        self.by_task.get(&id)
    }
}

impl AwaitReader<'_> {
    /// Returns the stacks, or the reason why there are none.
    pub(crate) fn finish(self) -> AwaitScan {
        match self.stacks.common_reason() {
            Some(missing) => AwaitScan::Missing(missing),
            None => AwaitScan::Done(self.stacks),
        }
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
        let has_frames = !stack.frames.is_empty();
        let is_newer = has_frames && known.polls != polls;
        // Frames of another moment are not joined.
        let frames = match has_frames && (is_newer || known.stack.may_be_stale()) {
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
