//! The graph of tasks that wait for each other.
//!
//! A task that waits needs a thing, and a thing has other tasks that have to act first. Such a task holds the lock, was
//! queued before, has the only receiver of a full channel, or is awaited itself. The graph has a node for
//! each task and each thing. So thousands of tasks that wait for thousands of holders need memory for each of them, and not
//! for each pair.
//!
//! # Structure
//!
//! [`WaitGraph`] has an [`Entry`] for each use of a thing. Entries of one thing are neighbours, holders before waiters. A
//! [`Group`] is the part of a thing's entries that one kind of wait needs, such as all holders. Waiters of the same kind
//! share a group.
//!
//! # When an edge is certain
//!
//! Each task is read at a moment of its own. A task is in the graph only if it was not polled between that moment and
//! the end of the whole reading. So all edges existed at the same time. An edge is *certain* if nothing about it is
//! guessed. It is *probable* if a guard is in a variable that may have been moved, or if a thing may have other users
//! that the reading did not see.

mod checked;
mod deadlock;
mod group;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};

pub(crate) use checked::checked;
pub(crate) use deadlock::{deadlocks, Deadlock, Deadlocks, Step};
use group::is_queued_writer;
pub(crate) use group::{is_write, Group, Needs};

/// Uses by the id of the task.
pub(crate) type Uses = BTreeMap<u64, TaskUses>;

/// A task that has to act before another one can go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge<'a> {
    pub(crate) task: u64,
    pub(crate) reason: Reason<'a>,
    pub(crate) is_certain: bool,
}

/// The reason why a task waits for another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason<'a> {
    /// The other one holds the thing, or was given it.
    Holds(&'a ResourceUse),
    /// The other one waits for it, too, and comes first.
    Queued,
    /// The other one receives from the full channel.
    Receives,
    /// The other one has a sender of the channel.
    Sends,
    /// The other one is awaited.
    Joined,
}

/// A use of a thing. Small, because there may be millions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) of: &'a ResourceUse,
    /// Number of the task.
    task: u32,
    /// Number of the thing.
    resource: u32,
}

/// A thing that tasks share. Its entries end where those of the next one begin.
#[derive(Clone, Copy, Debug)]
struct Resource {
    first: u32,
    /// Number of senders that were seen.
    senders: u32,
    /// Number of futures that are polled and wait for the thing.
    waiters: u32,
    /// Several tasks seem to exclude each other, so variables may have been moved.
    is_ambiguous: bool,
    /// A holder keeps all others out.
    excludes_readers: bool,
    /// There is a holder.
    is_held: bool,
}

/// Waits, and what they wait for.
#[derive(Debug)]
pub(crate) struct WaitGraph<'a> {
    /// Ids in ascending order. The number of a task is its place.
    ids: Vec<u64>,
    of_tasks: Vec<&'a TaskUses>,
    /// Number of uses of all tasks before a task.
    first_use: Vec<u32>,
    /// Entries by thing, then by [`Class`], then by task.
    entries: Vec<Entry<'a>>,
    /// Places of the entries of the uses of each task.
    places: Vec<u32>,
    resources: Vec<Resource>,
}

/// The order of the entries of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Holder,
    Sender,
    Receiver,
    Waiter,
}

impl Class {
    fn of(relation: Relation) -> Self {
        match relation {
            Relation::HoldsExclusively | Relation::HoldsShared | Relation::Assigned => {
                Class::Holder
            }
            Relation::Sends => Class::Sender,
            Relation::Receives => Class::Receiver,
            Relation::Waits | Relation::WaitsToSend | Relation::WaitsToReceive => Class::Waiter,
        }
    }
}

/// Bits of a number of a task, and of a use among those of its task, in a sort key.
const NUMBER: u32 = 31;

/// A sort key of an entry: class, number of the task, number of the use among those of the task.
fn sort_key(class: Class, task: u32, index: u32) -> u64 {
    (class as u64) << (2 * NUMBER) | u64::from(task) << NUMBER | u64::from(index)
}

/// Returns the number of the task, and that of the use.
fn of_sort_key(key: u64) -> (u32, u32) {
    let number = |shift: u32| (key >> shift) as u32 & ((1 << NUMBER) - 1);
    (number(NUMBER), number(0))
}

impl<'a> WaitGraph<'a> {
    pub(crate) fn new(uses: &'a Uses) -> Self {
        let of_tasks: Vec<&TaskUses> = uses.values().collect();
        let count = of_tasks.iter().map(|of| of.uses.len()).sum();
        let mut first_use: Vec<u32> = Vec::with_capacity(of_tasks.len() + 1);
        let mut order: Vec<(u64, u64)> = Vec::with_capacity(count);
        for (task, of_task) in (0..).zip(&of_tasks) {
            first_use.push(order.len() as u32);
            for (index, of) in (0..).zip(&of_task.uses) {
                order.push((of.address, sort_key(Class::of(of.relation), task, index)));
            }
        }
        first_use.push(count as u32);
        order.sort_unstable();
        let mut places = vec![0; count];
        for (place, &(_, key)) in (0..).zip(&order) {
            let (task, index) = of_sort_key(key);
            places[(first_use[task as usize] + index) as usize] = place;
        }
        // An entry is as large as what it comes from, so the memory is used again.
        let entry = |(_, key)| {
            let (task, index) = of_sort_key(key);
            Entry {
                of: &of_tasks[task as usize].uses[index as usize],
                task,
                resource: 0,
            }
        };
        let mut entries: Vec<Entry<'a>> = order.into_iter().map(entry).collect();
        let resources = resources(&mut entries);
        WaitGraph {
            ids: uses.keys().copied().collect(),
            of_tasks,
            first_use,
            entries,
            places,
            resources,
        }
    }

    /// Returns the ids of all tasks, in ascending order.
    pub(crate) fn tasks(&self) -> &[u64] {
        &self.ids
    }

    /// Returns the uses of a task.
    pub(crate) fn uses_of(&self, task: u64) -> Option<&'a TaskUses> {
        Some(self.of_tasks[self.number(task)? as usize])
    }

    /// Returns the uses of all tasks.
    pub(crate) fn all_uses(&self) -> impl Iterator<Item = &'a TaskUses> + '_ {
        self.of_tasks.iter().copied()
    }

    fn number(&self, task: u64) -> Option<u32> {
        let place = self.ids.binary_search(&task).ok()?;
        Some(place as u32)
    }

    /// Returns the entries of a task, in the order of its uses.
    fn entries_of(&self, number: u32) -> impl Iterator<Item = (u32, &Entry<'a>)> + '_ {
        let first = self.first_use[number as usize] as usize;
        let end = self.first_use[number as usize + 1] as usize;
        let places = self.places[first..end].iter();
        places.map(|&place| (place, &self.entries[place as usize]))
    }

    /// Returns the futures that a task waits for, if all of them are known.
    fn all_waits(&self, number: u32) -> Option<impl Iterator<Item = &Entry<'a>> + '_> {
        let waits = || {
            self.entries_of(number)
                .map(|(_, it)| it)
                .filter(|it| is_polled_wait(it.of))
        };
        let count = waits().count();
        let is_complete = count > 0 && count == self.of_tasks[number as usize].leaves;
        is_complete.then(waits)
    }

    /// Returns the number of a thing.
    fn resource_of(&self, of: &ResourceUse) -> Option<u32> {
        let address = |resource: &Resource| self.entries[resource.first as usize].of.address;
        let found = self.resources.binary_search_by_key(&of.address, address);
        found.ok().map(|number| number as u32)
    }

    /// Returns the number of futures of other tasks that are polled and wait for what a task has.
    pub(crate) fn count_other_waiters(&self, task: u64, of: &ResourceUse) -> usize {
        let (Some(number), Some(resource)) = (self.number(task), self.resource_of(of)) else {
            return 0;
        };
        let own = self.entries_of(number).filter(|(_, entry)| {
            entry.resource == resource && entry.of.is_polled && entry.of.relation.is_wait()
        });
        let all = self.resources[resource as usize].waiters as usize;
        all.saturating_sub(own.count())
    }

    /// Returns `true` if a thing has a holder.
    pub(crate) fn is_held(&self, resource: u32) -> bool {
        self.resources[resource as usize].is_held
    }

    /// Returns the entries of a thing.
    fn entries_in(&self, resource: u32) -> &[Entry<'a>] {
        let first = self.resources[resource as usize].first as usize;
        let next = self.resources.get(resource as usize + 1);
        let end = next.map_or(self.entries.len(), |next| next.first as usize);
        &self.entries[first..end]
    }

    /// Returns all things, each with its uses. Holders come before waiters.
    pub(crate) fn things(&self) -> impl Iterator<Item = Thing<'_, 'a>> + '_ {
        (0..self.resources.len() as u32).map(|number| Thing {
            graph: self,
            number,
        })
    }
}

/// A thing and its uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thing<'g, 'a> {
    graph: &'g WaitGraph<'a>,
    number: u32,
}

impl<'g, 'a> Thing<'g, 'a> {
    /// Returns the uses, each with the id of its task. Holders come before waiters.
    pub(crate) fn uses(self) -> impl Iterator<Item = (u64, &'a ResourceUse)> + 'g {
        let entries = self.graph.entries_in(self.number).iter();
        entries.map(|entry| (self.graph.ids[entry.task as usize], entry.of))
    }

    /// Returns the first use.
    pub(crate) fn first(self) -> &'a ResourceUse {
        let first = self.graph.resources[self.number as usize].first;
        self.graph.entries[first as usize].of
    }

    /// Returns the number of futures that are polled and wait for the thing.
    pub(crate) fn count_waiters(self) -> usize {
        self.graph.resources[self.number as usize].waiters as usize
    }
}

/// Numbers the things of entries that are sorted, and notes what waits for them depend on.
fn resources(entries: &mut [Entry<'_>]) -> Vec<Resource> {
    let address = |of: &[Entry<'_>], place: usize| of[place].of.address;
    let is_first =
        |of: &[Entry<'_>], place| place == 0 || address(of, place) != address(of, place - 1);
    let count = (0..entries.len())
        .filter(|&place| is_first(entries, place))
        .count();
    let mut resources = Vec::with_capacity(count);
    let mut first = 0;
    while first < entries.len() {
        let mut end = first + 1;
        while end < entries.len() && !is_first(entries, end) {
            end += 1;
        }
        for entry in &mut entries[first..end] {
            entry.resource = resources.len() as u32;
        }
        resources.push(Resource::of(first as u32, &entries[first..end]));
        first = end;
    }
    resources
}

impl Resource {
    fn of(first: u32, entries: &[Entry<'_>]) -> Self {
        let mut resource = Resource {
            first,
            senders: 0,
            waiters: 0,
            is_ambiguous: false,
            excludes_readers: false,
            is_held: false,
        };
        let count =
            |is: &dyn Fn(&ResourceUse) -> bool| entries.iter().filter(|it| is(it.of)).count();
        let sends =
            |of: &ResourceUse| matches!(of.relation, Relation::Sends | Relation::WaitsToSend);
        resource.senders = count(&sends) as u32;
        resource.waiters = count(&|of| of.is_polled && of.relation.is_wait()) as u32;
        resource.is_ambiguous = count(&|of| of.relation == Relation::HoldsExclusively) > 1;
        let has_holder = |is: &dyn Fn(&ResourceUse) -> bool| {
            let mut holders = entries.iter().filter(|it| resource.is_holder(it.of));
            holders.any(|it| is(it.of))
        };
        let (excludes_readers, is_held) = (
            has_holder(&|of| of.relation != Relation::HoldsShared),
            has_holder(&|_| true),
        );
        Resource {
            excludes_readers,
            is_held,
            ..resource
        }
    }

    /// Returns `true` if a use holds the thing. Of several that exclude each other, those are left out whose variables may
    /// have been moved.
    fn is_holder(&self, of: &ResourceUse) -> bool {
        of.relation.is_hold() && (of.is_certain || !self.is_ambiguous)
    }
}

/// Returns the futures that a task waits for and that are known.
pub(crate) fn polled_waits(uses: &TaskUses) -> impl Iterator<Item = &ResourceUse> {
    uses.uses.iter().filter(|of| is_polled_wait(of))
}

fn is_polled_wait(of: &ResourceUse) -> bool {
    of.is_polled && of.is_certain && of.relation.is_wait()
}

/// Returns `true` if all senders of a channel are in tasks that were read. A oneshot channel has one sender.
fn has_all_senders(wait: &ResourceUse, resource: &Resource) -> bool {
    let exist = match wait.resource {
        ResourceKind::Oneshot => Some(1),
        _ => wait.senders,
    };
    exist.is_some_and(|exist| u64::from(resource.senders) >= exist)
}
