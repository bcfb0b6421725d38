//! The way from the futures of suspended tasks to their stacks, for any source of memory.

mod frames;
mod uses;

use std::cell::Cell;
use std::fmt;

use birthmark_stacks::{DebugInfo, Locals, Memory, Missing, Options, Root};

use super::AwaitReading;
use crate::redact;
use crate::values::await_stack::MissingFrames;

/// Attempts to find a task suspended.
const ATTEMPTS: usize = 50;

/// The way to have tasks show their futures. Only those of an older version may not.
const SHOW_FUTURES: &str = "build the program with this version of birthmark";

/// A task of any process, whose future is in the memory that is read.
pub trait ReadTask {
    /// Returns the id.
    fn id(&self) -> u64;
    /// Returns the address of the record, by which the task's handle refers to it.
    fn record(&self) -> u64;
    /// Returns `true` if the task waits for a poll.
    fn waits(&self) -> bool;
    /// Returns the number of polls when the task was found.
    fn polls(&self) -> u32;
    /// Returns `true` if the task has not been polled since it was found.
    fn is_unmoved(&self) -> bool;
    /// Returns the future, or `None` if the task runs now or has not published it.
    ///
    /// # Errors
    ///
    /// The reason for which the published future cannot be read.
    fn root(&self) -> Result<Option<Root>, MissingFrames>;
    /// Returns the number of polls while the task is suspended. Between two calls with the same result, the future has
    /// not changed.
    fn version(&self) -> Option<u64>;
}

/// The sources of stacks.
pub struct StackSources<'a> {
    /// The memory of the tasks.
    pub memory: &'a dyn Memory,
    /// The debug information, once it was read.
    pub info: &'a mut Option<DebugInfo>,
    /// Opens the debug information.
    pub open: &'a dyn Fn() -> Result<DebugInfo, MissingFrames>,
    /// `true` if local variables are read.
    pub locals: bool,
}

impl fmt::Debug for StackSources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackSources")
            .field("info", &self.info)
            .field("locals", &self.locals)
            .finish_non_exhaustive()
    }
}

/// Reads the stacks of all tasks that `reading` wants. `walk` calls its argument with each task. If uses of shared things are
/// wanted, a second walk finds out which tasks have not run meanwhile.
///
/// # Errors
///
/// The reason for which there are no stacks at all.
pub fn read_stacks(
    sources: StackSources<'_>,
    walk: impl Fn(&mut dyn FnMut(&dyn ReadTask)),
    reading: &mut dyn AwaitReading,
) -> Result<(), MissingFrames> {
    let StackSources {
        memory,
        info: kept,
        open,
        locals,
    } = sources;
    let info = match kept {
        Some(info) => info,
        None => kept.insert(open()?),
    };
    let wants_uses = reading.wants_uses();
    let options = options(locals, wants_uses);
    let mut is_reopened = false;
    let mut result = Ok(());
    let mut uses = uses::Found::default();
    walk(&mut |task| {
        if result.is_err() || !task.waits() || !reading.wants(task.id()) {
            return;
        }
        let (mut polls, mut stack) = stack_of(info, memory, task, &options);
        // A library may have been loaded since.
        if is_of_new_file(&stack) && !is_reopened {
            is_reopened = true;
            match open() {
                Ok(new) => *info = new,
                Err(missing) => result = Err(missing),
            }
            (polls, stack) = stack_of(info, memory, task, &options);
        }
        if let (true, Ok(stack)) = (wants_uses, &mut stack) {
            let is_abandoned =
                reading.has_ended_parent(task.id()) && has_no_handle(info, memory, task);
            uses.add(task, polls, stack, is_abandoned);
        }
        reading.put(task.id(), polls, frames::stack(stack));
    });
    if wants_uses {
        walk(&mut |task| uses.confirm(task));
        uses.put(reading);
    }
    result
}

/// Returns `true` if the task is one of tokio, and its `JoinHandle` was dropped.
fn has_no_handle(info: &mut DebugInfo, memory: &dyn Memory, task: &dyn ReadTask) -> bool {
    let root = published(task).ok().flatten();
    root.is_some_and(|root| info.has_join_handle(memory, &root) == Some(false))
}

/// The result of a reading.
type Read = Result<birthmark_stacks::Stack, MissingFrames>;

fn is_of_new_file(stack: &Read) -> bool {
    let missing = stack.as_ref().ok().and_then(|stack| stack.missing.as_ref());
    matches!(missing, Some(Missing::UnknownAddress { .. }))
}

fn options(locals: bool, uses: bool) -> Options {
    let mut options = Options::new();
    if uses {
        options = options.uses();
    }
    match locals {
        true => options.locals(Locals::new().redact(|variable| {
            redact::hides_local(variable.function, variable.name, variable.type_name)
        })),
        false => options,
    }
}

/// Reads the stack of a task. Returns the number of polls that the task had then.
fn stack_of(
    info: &mut DebugInfo,
    memory: &dyn Memory,
    task: &dyn ReadTask,
    options: &Options,
) -> (u32, Read) {
    let polls = Cell::new(task.polls());
    let root = match published(task) {
        Ok(Some(root)) => root,
        Ok(None) => return (polls.get(), Err(unpublished(task))),
        Err(missing) => return (polls.get(), Err(missing)),
    };
    // The count of a guard is odd while the task is polled.
    let guard = || {
        let version = task.version()?;
        polls.set(version as u32);
        Some(2 * version)
    };
    let stack = info.stack(memory, &root, &guard, options);
    (polls.get(), Ok(stack))
}

/// Returns the future of a task, which may be running now and then.
fn published(task: &dyn ReadTask) -> Result<Option<Root>, MissingFrames> {
    for _ in 0..ATTEMPTS {
        if let Some(root) = task.root()? {
            return Ok(Some(root));
        }
        std::hint::spin_loop();
    }
    Ok(None)
}

/// Returns the reason for which a task shows no future.
fn unpublished(task: &dyn ReadTask) -> MissingFrames {
    match task.is_unmoved() {
        true => MissingFrames {
            of_program: true,
            ..MissingFrames::new(
                "the task does not show where its future is",
                Some(SHOW_FUTURES),
            )
        },
        false => frames::missing(&Missing::Running),
    }
}

/// Returns the reason for which a future that was moved is not read.
pub fn moved() -> MissingFrames {
    MissingFrames::new("the future was moved after its first poll", None)
}
