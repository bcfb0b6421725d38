//! Uses of shared things in the form of dumps.

use std::collections::{BTreeMap, HashMap};

use birthmark_stacks::{JoinedTask, Stack, Use};

use super::ReadTask;
use crate::awaits::AwaitReading;
use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};

/// Bits of a handle that are not of the record's address.
const TAGS: u64 = 63;
/// Bit of a handle that does not refer to a record.
const NO_RECORD: u64 = 1;
/// Bits of a handle whose task takes the slow path, and which refers to a record nevertheless.
const SLOW_PATH: u64 = 5;

/// Uses of all tasks, before it is known which tasks have run meanwhile.
#[derive(Default)]
pub(super) struct Found {
    /// Addresses of the records of awaited tasks, with their ids once these are known.
    awaited: HashMap<u64, Option<u64>>,
    /// Ids of tasks by the addresses of their futures.
    by_future: BTreeMap<u64, u64>,
    tasks: HashMap<u64, Read>,
}

/// The uses of one task.
struct Read {
    polls: u32,
    uses: Vec<Use>,
    leaves: usize,
    is_abandoned: bool,
    /// The task has not run since.
    is_unchanged: bool,
}

impl Found {
    /// Takes the uses of a task out of its stack.
    pub(super) fn add(
        &mut self,
        task: &dyn ReadTask,
        polls: u32,
        stack: &mut Stack,
        is_abandoned: bool,
    ) {
        if let Ok(Some(root)) = task.root() {
            self.by_future.insert(root.address, task.id());
        }
        if stack.missing.is_some() || stack.uses.is_empty() && !is_abandoned {
            return;
        }
        let joined = stack.uses.iter().filter_map(|of| of.joined.as_ref());
        let records = joined.filter_map(|joined| record_of(joined.handle?));
        self.awaited.extend(records.map(|record| (record, None)));
        let read = Read {
            polls,
            uses: std::mem::take(&mut stack.uses),
            leaves: stack.leaves,
            is_abandoned,
            is_unchanged: false,
        };
        self.tasks.insert(task.id(), read);
    }

    /// Looks at each task again, after all were read. All uses that are handed over are true at the moment of the first
    /// call.
    pub(super) fn confirm(&mut self, task: &dyn ReadTask) {
        if let Some(id) = self.awaited.get_mut(&task.record()) {
            *id = Some(task.id());
        }
        if let Some(read) = self.tasks.get_mut(&task.id()) {
            read.is_unchanged = task.version() == Some(read.polls.into());
        }
    }

    /// Hands over the uses of tasks that have not run since they were read.
    pub(super) fn put(mut self, reading: &mut dyn AwaitReading) {
        for (id, read) in std::mem::take(&mut self.tasks) {
            if read.is_unchanged {
                let uses = read.uses.into_iter().map(|of| self.convert(of)).collect();
                let of_task = TaskUses {
                    uses,
                    leaves: read.leaves,
                    is_abandoned: read.is_abandoned,
                };
                reading.put_uses(id, read.polls, of_task);
            }
        }
    }

    fn convert(&self, of: Use) -> ResourceUse {
        ResourceUse {
            relation: relation(of.relation),
            resource: resource(of.resource),
            value: of.value,
            address: of.address,
            permits: of.permits,
            senders: of.senders,
            variable: of.variable,
            function: of.function,
            location: of.location.map(super::frames::location),
            since: of.since.map(super::frames::location),
            is_polled: of.is_polled,
            is_kept: of.is_kept,
            kept_in: of.kept_in,
            is_certain: of.is_certain,
            is_certain_unless_moved: of.is_certain_unless_moved,
            joined: of.joined.and_then(|joined| self.joined(&joined)),
        }
    }

    /// Returns the id of an awaited task, by the record in its future or by the place of its future.
    fn joined(&self, joined: &JoinedTask) -> Option<u64> {
        let record = joined.handle.and_then(record_of);
        let by_record = record.and_then(|record| *self.awaited.get(&record)?);
        let (first, end) = joined.memory;
        let by_future = || self.by_future.range(first..end).next().map(|(_, id)| *id);
        by_record.or_else(by_future)
    }
}

/// Returns the address of the record that a handle refers to.
fn record_of(handle: u64) -> Option<u64> {
    let is_record = handle & NO_RECORD == 0 || handle & TAGS == SLOW_PATH;
    is_record.then_some(handle & !TAGS)
}

fn relation(relation: birthmark_stacks::Relation) -> Relation {
    use birthmark_stacks::Relation as Of;
    match relation {
        Of::Assigned => Relation::Assigned,
        Of::HoldsExclusively => Relation::HoldsExclusively,
        Of::HoldsShared => Relation::HoldsShared,
        Of::Sends => Relation::Sends,
        Of::Receives => Relation::Receives,
        Of::WaitsToSend => Relation::WaitsToSend,
        Of::WaitsToReceive => Relation::WaitsToReceive,
        _ => Relation::Waits,
    }
}

fn resource(resource: birthmark_stacks::Resource) -> ResourceKind {
    use birthmark_stacks::Resource as Of;
    match resource {
        Of::Mutex => ResourceKind::Mutex,
        Of::RwLock => ResourceKind::RwLock,
        Of::OnceCell => ResourceKind::OnceCell,
        Of::Channel => ResourceKind::Channel,
        Of::Oneshot => ResourceKind::Oneshot,
        Of::Watch => ResourceKind::Watch,
        Of::Broadcast => ResourceKind::Broadcast,
        Of::Notify => ResourceKind::Notify,
        Of::Barrier => ResourceKind::Barrier,
        Of::Pool => ResourceKind::Pool,
        Of::StdMutex => ResourceKind::BlockingMutex,
        Of::StdRwLock => ResourceKind::BlockingRwLock,
        Of::Task => ResourceKind::Task,
        _ => ResourceKind::Semaphore,
    }
}
