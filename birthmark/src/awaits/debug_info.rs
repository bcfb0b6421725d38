//! Stacks out of debug information.

mod barrier;

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::walk;
use birthmark_dump::__private::{moved, read_stacks, AwaitReading, ReadTask, StackSources, WORDS};
use birthmark_dump::MissingFrames;
use birthmark_stacks::{DebugInfo, Memory, Root, ThisProcess};

/// The debug information of this process, once it was read.
static DEBUG_INFO: Mutex<Option<DebugInfo>> = Mutex::new(None);

/// Reads the stacks of all suspended tasks that are wanted.
pub(crate) fn read(locals: bool, reading: &mut dyn AwaitReading) -> Result<(), MissingFrames> {
    let sources = StackSources {
        memory: &ThisProcess,
        info: &mut *lock()?,
        open: &open,
        locals,
    };
    let tasks = |f: &mut dyn FnMut(&dyn ReadTask)| {
        walk(|slot| {
            if let Some(task) = Record::read(slot).filter(|task| !task.is_name()) {
                f(&OwnTask(task));
            }
        });
    };
    read_stacks(sources, tasks, reading)
}

fn open() -> Result<DebugInfo, MissingFrames> {
    DebugInfo::of_this_process().map_err(|error| MissingFrames::new(error.to_string(), None))
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
    Err(MissingFrames::new(
        "another dump is reading debug information",
        Some("try again"),
    ))
}

/// A task of this process.
struct OwnTask(Record);

impl ReadTask for OwnTask {
    fn id(&self) -> u64 {
        self.0.id
    }

    fn record(&self) -> u64 {
        std::ptr::from_ref(self.0.slot).addr() as u64
    }

    fn waits(&self) -> bool {
        self.0.waits()
    }

    fn polls(&self) -> u32 {
        self.0.polls()
    }

    fn is_unmoved(&self) -> bool {
        self.0.is_unmoved()
    }

    fn root(&self) -> Result<Option<Root>, MissingFrames> {
        let Some(future) = self.0.root_future() else {
            return Ok(None);
        };
        if word(future.handle_at) != Some(future.handle) {
            return Err(moved());
        }
        let root = Root::by_vtable(future.address, future.vtable)
            .with_size(future.size)
            .with_type_name(future.type_name);
        Ok(Some(root))
    }

    fn version(&self) -> Option<u64> {
        barrier::order_polls();
        self.0.root_version()
    }
}

/// Returns the words before and behind an address, if they can be read.
pub(crate) fn words_around(address: u64) -> Option<[u64; WORDS]> {
    let mut bytes = [0; 8 * WORDS];
    let first = (address & !7).checked_sub(bytes.len() as u64 / 2)?;
    ThisProcess.read(first, &mut bytes).ok()?;
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_ne_bytes(bytes.try_into().ok()?);
    }
    Some(words)
}

fn word(address: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    ThisProcess.read(address, &mut bytes).ok()?;
    Some(u64::from_ne_bytes(bytes))
}
