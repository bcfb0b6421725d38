//! The uses of a thing that keep one kind of wait from its end.

use super::{has_all_senders, Edge, Entry, Reason, Resource, WaitGraph};
use crate::values::uses::{Relation, ResourceKind, ResourceUse};

/// A part of the uses of a thing. Waits of one kind need the same part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// All holders.
    Holders,
    /// Holders of an rwlock that keep writers out.
    OutWriters,
    /// Holders of an rwlock that keep readers out.
    OutReaders,
    /// Writers that wait for an rwlock. They keep readers and other writers waiting.
    Writers,
    /// Tasks that receive from a channel.
    Receivers,
    /// All tasks that send into a channel.
    Senders,
    /// Some of the tasks that send into a channel. Others were not seen.
    SomeSenders,
    /// The task that is awaited. This group is not one of entries, but [`ResourceUse::joined`].
    Joined,
}

/// How many of the tasks of a group have to be stuck so that a wait is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// One is enough.
    Any,
    All,
    /// Others that were not seen can act as well.
    Others,
}

impl Group {
    pub(super) fn needs(self) -> Needs {
        match self {
            Group::OutWriters | Group::OutReaders => Needs::Any,
            Group::SomeSenders => Needs::Others,
            _ => Needs::All,
        }
    }

    /// Returns the group that a wait needs.
    fn of(wait: &ResourceUse, resource: &Resource) -> Self {
        match (wait.resource, wait.relation) {
            (ResourceKind::Task, _) => Group::Joined,
            (ResourceKind::RwLock, _) if is_write(wait) && resource.is_held => Group::OutWriters,
            (ResourceKind::RwLock, _) if resource.excludes_readers => Group::OutReaders,
            (ResourceKind::RwLock, _) => Group::Writers,
            (_, Relation::WaitsToSend) => Group::Receivers,
            (_, Relation::WaitsToReceive) if has_all_senders(wait, resource) => Group::Senders,
            (_, Relation::WaitsToReceive) => Group::SomeSenders,
            _ => Group::Holders,
        }
    }

    /// Returns `true` if a use is in the group.
    pub(super) fn has(self, of: &ResourceUse, resource: &Resource) -> bool {
        match self {
            Group::Holders | Group::OutWriters => resource.is_holder(of),
            Group::OutReaders => resource.is_holder(of) && of.relation != Relation::HoldsShared,
            Group::Writers => is_queued_writer(of),
            Group::Receivers => matches!(
                of.relation,
                Relation::Receives | Relation::Waits | Relation::WaitsToReceive
            ),
            Group::Senders => matches!(
                of.relation,
                Relation::Sends | Relation::Waits | Relation::WaitsToSend
            ),
            Group::SomeSenders => of.relation == Relation::Sends,
            Group::Joined => false,
        }
    }

    /// Returns `true` if the edge to the task of a use is certain. That to a queued writer is if there is no other one, which
    /// the caller knows.
    pub(super) fn is_certain(self, of: &ResourceUse) -> bool {
        match self {
            Group::Receivers | Group::Senders | Group::SomeSenders => false,
            _ => of.is_certain,
        }
    }

    fn reason<'a>(self, of: &'a ResourceUse) -> Reason<'a> {
        match self {
            Group::Holders | Group::OutWriters | Group::OutReaders => Reason::Holds(of),
            Group::Writers => Reason::Queued,
            Group::Receivers => Reason::Receives,
            Group::Senders | Group::SomeSenders => Reason::Sends,
            Group::Joined => Reason::Joined,
        }
    }
}

impl<'a> WaitGraph<'a> {
    /// Returns the group that a wait needs, and the thing. Waits with the same result need the same tasks, except that a
    /// writer does not wait for itself.
    pub(crate) fn group(&self, wait: &ResourceUse) -> Option<(u32, Group)> {
        let resource = self.resource_of(wait)?;
        Some((resource, self.group_in(resource, wait)))
    }

    pub(super) fn group_in(&self, resource: u32, wait: &ResourceUse) -> Group {
        Group::of(wait, &self.resources[resource as usize])
    }

    /// Returns the entries of a group, with their places.
    pub(super) fn entries_of_group(
        &self,
        resource: u32,
        group: Group,
    ) -> impl Iterator<Item = (u32, &Entry<'a>)> + '_ {
        let of = self.resources[resource as usize];
        let entries = (of.first..).zip(self.entries_in(resource));
        entries.filter(move |(_, entry)| group.has(entry.of, &of))
    }

    /// Returns the tasks that have to act before a wait can end.
    ///
    /// The number of edges may be large, and thousands of waits may have the same ones. Callers that look at many waits
    /// look at each [`WaitGraph::group`] once.
    pub(crate) fn edges(&self, task: u64, wait: &ResourceUse) -> Vec<Edge<'a>> {
        let Some((resource, group)) = self.group(wait) else {
            return Vec::new();
        };
        if group == Group::Joined {
            let joined = wait.joined.map(|task| Edge {
                task,
                reason: Reason::Joined,
                is_certain: true,
            });
            return joined.into_iter().collect();
        }
        let mut edges = self.group_edges(resource, group);
        if group == Group::Writers {
            edges.retain(|edge| edge.task != task);
            let is_only = edges.len() == 1 && self.resources[resource as usize].is_held;
            for edge in &mut edges {
                edge.is_certain &= is_only;
            }
        }
        edges
    }

    /// Returns the edges to all tasks of a group.
    pub(crate) fn group_edges(&self, resource: u32, group: Group) -> Vec<Edge<'a>> {
        let edge = |(_, entry): (u32, &Entry<'a>)| self.edge(group, entry);
        self.entries_of_group(resource, group).map(edge).collect()
    }

    pub(super) fn edge(&self, group: Group, entry: &Entry<'a>) -> Edge<'a> {
        Edge {
            task: self.ids[entry.task as usize],
            reason: group.reason(entry.of),
            is_certain: group.is_certain(entry.of),
        }
    }
}

pub(super) fn is_queued_writer(of: &ResourceUse) -> bool {
    of.relation == Relation::Waits && of.resource == ResourceKind::RwLock && is_write(of)
}

/// Returns `true` if a future waits for writing. A reader of tokio's lock takes one permit, and a writer takes all.
pub(crate) fn is_write(wait: &ResourceUse) -> bool {
    wait.permits.is_some_and(|permits| permits > 1)
}
