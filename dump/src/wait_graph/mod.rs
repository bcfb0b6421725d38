//! The graph of tasks that wait for each other.
//!
//! A node is a task. An edge leads from a task that waits to one that has to act first. That task holds the lock, was
//! queued before, has the only receiver of a full channel, or is awaited itself.
//!
//! # When an edge is certain
//!
//! Each task is read at a moment of its own. A task is in the graph only if it was not polled between that moment and
//! the end of the whole reading. So all edges existed at the same time. An edge is *certain* if nothing about it is
//! guessed. It is *probable* if a guard is in a variable that may have been moved, or if a thing may have other users
//! that the reading did not see.

mod checked;
mod deadlock;

use std::collections::{BTreeMap, HashMap};

use crate::values::uses::{Relation, ResourceKind, ResourceUse, TaskUses};

pub(crate) use checked::checked;
pub(crate) use deadlock::{deadlocks, Deadlock, Step};

/// Uses by the id of the task.
pub(crate) type Uses = BTreeMap<u64, TaskUses>;

/// A use and the task that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfTask<'a> {
    pub(crate) task: u64,
    pub(crate) of: &'a ResourceUse,
}

/// All uses of one thing.
#[derive(Debug, Default)]
pub(crate) struct Resource<'a> {
    pub(crate) waiters: Vec<OfTask<'a>>,
    /// Tasks that hold it, or were given it.
    pub(crate) holders: Vec<OfTask<'a>>,
    pub(crate) senders: Vec<OfTask<'a>>,
    pub(crate) receivers: Vec<OfTask<'a>>,
}

/// Waits, and what they wait for.
#[derive(Debug)]
pub(crate) struct WaitGraph<'a> {
    uses: &'a Uses,
    resources: HashMap<u64, Resource<'a>>,
}

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

/// How many of the tasks at the ends of edges have to be stuck so that a wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// One is enough.
    Any,
    All,
    /// Others that were not seen can act as well.
    Others,
}

impl<'a> WaitGraph<'a> {
    pub(crate) fn new(uses: &'a Uses) -> Self {
        let mut resources: HashMap<u64, Resource<'a>> = HashMap::new();
        for (&task, of_task) in uses {
            for of in &of_task.uses {
                let resource = resources.entry(of.address).or_default();
                let of_task = OfTask { task, of };
                match of.relation {
                    Relation::Waits | Relation::WaitsToSend | Relation::WaitsToReceive => {
                        resource.waiters.push(of_task);
                    }
                    Relation::HoldsExclusively | Relation::HoldsShared | Relation::Assigned => {
                        resource.holders.push(of_task);
                    }
                    Relation::Sends => resource.senders.push(of_task),
                    Relation::Receives => resource.receivers.push(of_task),
                }
            }
        }
        WaitGraph { uses, resources }
    }

    pub(crate) fn uses(&self) -> &'a Uses {
        self.uses
    }

    /// Returns the futures that a task waits for, if all of them are known.
    pub(crate) fn all_waits(&self, task: u64) -> Option<Vec<&'a ResourceUse>> {
        let of_task = self.uses.get(&task)?;
        let waits: Vec<_> = polled_waits(of_task).collect();
        let is_complete = !waits.is_empty() && waits.len() == of_task.leaves;
        is_complete.then_some(waits)
    }

    pub(crate) fn resource(&self, of: &ResourceUse) -> Option<&Resource<'a>> {
        self.resources.get(&of.address)
    }

    /// Returns the tasks that have to act before a wait can end.
    pub(crate) fn edges(&self, task: u64, wait: &'a ResourceUse) -> (Needs, Vec<Edge<'a>>) {
        let Some(resource) = self.resource(wait) else {
            return (Needs::All, Vec::new());
        };
        match (wait.resource, wait.relation) {
            (ResourceKind::Task, _) => {
                let edge = |task| Edge {
                    task,
                    reason: Reason::Joined,
                    is_certain: true,
                };
                (Needs::All, wait.joined.map(edge).into_iter().collect())
            }
            (ResourceKind::RwLock, _) => (Needs::Any, lock_edges(task, wait, resource)),
            (_, Relation::WaitsToSend) => {
                let receives = resource.receivers.iter().chain(&resource.waiters);
                let receives = receives.filter(|it| it.of.relation != Relation::WaitsToSend);
                (Needs::All, edges_to(receives, Reason::Receives))
            }
            (_, Relation::WaitsToReceive) if !has_all_senders(wait, resource) => (
                Needs::Others,
                edges_to(resource.senders.iter(), Reason::Sends),
            ),
            (_, Relation::WaitsToReceive) => {
                let sends = resource.senders.iter().chain(&resource.waiters);
                let sends = sends.filter(|it| it.of.relation != Relation::WaitsToReceive);
                (Needs::All, edges_to(sends, Reason::Sends))
            }
            _ => (Needs::All, holders(resource).map(hold_edge).collect()),
        }
    }
}

/// Returns the futures that a task waits for and that are known.
pub(crate) fn polled_waits(uses: &TaskUses) -> impl Iterator<Item = &ResourceUse> {
    let waits = uses.uses.iter();
    waits.filter(|of| of.is_polled && of.is_certain && of.relation.is_wait())
}

/// Returns the holders of a thing. Of several that exclude each other, those are left out whose variables may have been
/// moved.
fn holders<'a, 'r>(resource: &'r Resource<'a>) -> impl Iterator<Item = OfTask<'a>> + 'r {
    let exclusive = resource.holders.iter();
    let exclusive = exclusive.filter(|it| it.of.relation == Relation::HoldsExclusively);
    let is_ambiguous = exclusive.count() > 1;
    let holders = resource.holders.iter().copied();
    holders.filter(move |it| it.of.is_certain || !is_ambiguous)
}

fn hold_edge(holder: OfTask<'_>) -> Edge<'_> {
    Edge {
        task: holder.task,
        reason: Reason::Holds(holder.of),
        is_certain: holder.of.is_certain,
    }
}

/// Returns `true` if all senders of a channel are in tasks that were read. A oneshot channel has one sender.
fn has_all_senders(wait: &ResourceUse, resource: &Resource<'_>) -> bool {
    let exist = match wait.resource {
        ResourceKind::Oneshot => Some(1),
        _ => wait.senders,
    };
    let waiting = resource.waiters.iter();
    let waiting = waiting.filter(|it| it.of.relation == Relation::WaitsToSend);
    let seen = resource.senders.len() + waiting.count();
    exist.is_some_and(|exist| seen as u64 >= exist)
}

/// Returns edges of which none is certain, because another end of the channel may be elsewhere.
fn edges_to<'a, 'b>(ends: impl Iterator<Item = &'b OfTask<'a>>, reason: Reason<'a>) -> Vec<Edge<'a>>
where
    'a: 'b,
{
    let edge = |end: &OfTask<'a>| Edge {
        task: end.task,
        reason,
        is_certain: false,
    };
    ends.map(edge).collect()
}

/// Returns the tasks that keep a reader or a writer waiting. Readers wait behind writers that came before them.
fn lock_edges<'a>(task: u64, wait: &ResourceUse, resource: &Resource<'a>) -> Vec<Edge<'a>> {
    let is_write = is_write(wait);
    let excludes = |of: &ResourceUse| is_write || of.relation != Relation::HoldsShared;
    let holders = holders(resource).filter(|it| excludes(it.of));
    let mut edges: Vec<Edge<'a>> = holders.map(hold_edge).collect();
    if edges.is_empty() {
        let writers = resource.waiters.iter();
        let mut writers: Vec<_> = writers
            .filter(|it| it.task != task && is_write_of(it.of))
            .collect();
        // A lock that no writer holds keeps readers waiting for a writer alone.
        let is_only = writers.len() == 1 && !resource.holders.is_empty();
        edges.extend(writers.drain(..).map(|writer| Edge {
            task: writer.task,
            reason: Reason::Queued,
            is_certain: is_only && writer.of.is_certain,
        }));
    }
    edges
}

fn is_write_of(of: &ResourceUse) -> bool {
    of.relation == Relation::Waits && is_write(of)
}

/// Returns `true` if a future waits for writing. A reader of tokio's lock takes one permit, and a writer takes all.
pub(crate) fn is_write(wait: &ResourceUse) -> bool {
    wait.permits.is_some_and(|permits| permits > 1)
}
