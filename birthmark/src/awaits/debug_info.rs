//! Stacks out of debug information.

mod barrier;
mod frames;

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::root_future::PublishedFuture;
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::record::words::state;
use birthmark_dump::__private::redact;
use birthmark_dump::__private::AwaitReading;
use birthmark_dump::MissingFrames;
use birthmark_stacks::{DebugInfo, Locals, Memory, Missing, Options, Root, ThisProcess};

/// `true` if stacks can be read.
pub(super) const IS_SUPPORTED: bool = true;

/// The debug information of this process, once it was read.
static DEBUG_INFO: Mutex<Option<DebugInfo>> = Mutex::new(None);

/// Attempts to find a task suspended.
const ATTEMPTS: usize = 50;

/// Reads the stacks of all suspended tasks that are wanted.
pub(crate) fn read(locals: bool, reading: &mut dyn AwaitReading) -> Result<(), MissingFrames> {
    let mut kept = lock()?;
    let info = match &mut *kept {
        Some(info) => info,
        None => kept.insert(open()?),
    };
    let options = options(locals);
    let mut is_reopened = false;
    let mut result = Ok(());
    walk(|slot| {
        let task = Record::read(slot).filter(|task| !task.is_name());
        let Some(task) = task.filter(|task| task.state() == state::SUSPENDED) else {
            return;
        };
        if result.is_err() || !reading.wants(task.id) {
            return;
        }
        let (mut polls, mut stack) = stack_of(info, &task, &options);
        // A library may have been loaded since.
        if is_of_new_file(&stack) && !is_reopened {
            is_reopened = true;
            match open() {
                Ok(new) => *info = new,
                Err(missing) => result = Err(missing),
            }
            (polls, stack) = stack_of(info, &task, &options);
        }
        reading.put(task.id, polls, frames::stack(stack));
    });
    result
}

/// The result of a reading.
type Read = Result<birthmark_stacks::Stack, MissingFrames>;

fn is_of_new_file(stack: &Read) -> bool {
    let missing = stack.as_ref().ok().and_then(|stack| stack.missing.as_ref());
    matches!(missing, Some(Missing::UnknownAddress { .. }))
}

fn open() -> Result<DebugInfo, MissingFrames> {
    DebugInfo::of_this_process().map_err(|error| MissingFrames {
        cause: error.to_string().into(),
        remedy: None,
    })
}

/// Waits for other readers, but not for ever. In the child of a fork, a reader may be one that does not exist there.
fn lock() -> Result<MutexGuard<'static, Option<DebugInfo>>, MissingFrames> {
    for _ in 0..500 {
        match DEBUG_INFO.try_lock() {
            Ok(kept) => return Ok(kept),
            Err(TryLockError::Poisoned(poisoned)) => {
                let mut kept = poisoned.into_inner();
                *kept = None;
                return Ok(kept);
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    Err(MissingFrames {
        cause: "another dump is reading debug information".into(),
        remedy: Some("try again"),
    })
}

fn options(locals: bool) -> Options {
    match locals {
        true => Options::new().locals(Locals::new().redact(|variable| {
            redact::hides_local(variable.function, variable.name, variable.type_name)
        })),
        false => Options::new(),
    }
}

/// Reads the stack of a task. Returns the number of polls that the task had then.
fn stack_of(info: &mut DebugInfo, task: &Record, options: &Options) -> (u32, Read) {
    let polls = Cell::new(task.polls());
    let Some(future) = published(task) else {
        return (polls.get(), Err(unpublished(task)));
    };
    // The count of a guard is odd while the task is polled.
    let guard = || {
        barrier::order_polls();
        let version = task.root_version()?;
        polls.set(version as u32);
        Some(2 * version)
    };
    let stack = match root(&future) {
        Ok(root) => Ok(info.stack(&ThisProcess, &root, &guard, options)),
        Err(missing) => Err(missing),
    };
    (polls.get(), stack)
}

/// Returns the future of a task, which may be running now and then.
fn published(task: &Record) -> Option<PublishedFuture> {
    (0..ATTEMPTS).find_map(|_| {
        let future = task.root_future();
        if future.is_none() {
            std::hint::spin_loop();
        }
        future
    })
}

/// Returns the reason for which a task shows no future.
fn unpublished(task: &Record) -> MissingFrames {
    match task.is_unmoved() {
        true => MissingFrames {
            cause: "the task does not show where its future is".into(),
            remedy: Some(
                "start the program with `BIRTHMARK=stacks=debug-info`, or call `Builder::dump_awaits` before the task is \
                 spawned",
            ),
        },
        false => frames::missing(&Missing::Running),
    }
}

/// Describes the future of a task, unless the future was moved.
fn root(future: &PublishedFuture) -> Result<Root, MissingFrames> {
    if word(future.handle_at) != Some(future.handle) {
        return Err(MissingFrames {
            cause: "the future was moved after its first poll".into(),
            remedy: None,
        });
    }
    Ok(Root::by_vtable(future.address, future.vtable)
        .with_size(future.size)
        .with_type_name(future.type_name))
}

fn word(address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    ThisProcess.read(address, &mut bytes).ok()?;
    Some(u64::from_ne_bytes(bytes))
}
