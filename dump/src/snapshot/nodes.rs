//! The tasks of a dump and their ancestors, each kept once however many descend from it.
//!
//! A *node* is a task with the name that it had when it spawned. The node of a live task refers to its row. There may
//! be as many nodes as tasks, so they refer to each other by number, and shared values are kept elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use super::compact::chunked_vec::ChunkedVec;
use super::compact::hash::IdHash;
use super::compact::names::{NameRef, Names};
use super::compact::shapes::{ShapeRef, TaskShapes};
use super::compact::wakers::Wakers;
use super::labels::LabelSets;
use super::lineage::SkipLink;
use super::row::Row;
use super::spans::Spans;
use super::stacks::Stacks;
use super::threads::Threads;
use birthmark_core::__reader::name::Name;
use birthmark_core::Kind;
use birthmark_core::Site;

/// No node: a root.
pub(crate) const NONE: u32 = u32::MAX;
/// The lineage is lost, because a task ended while it was read.
pub(crate) const LOST: u32 = u32::MAX - 1;

/// All data of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) threads: Threads,
    pub(crate) stacks: Stacks,
    pub(crate) shapes: TaskShapes,
    pub(crate) wakers: Wakers,
    pub(crate) names: Names,
    pub(crate) labels: LabelSets,
    /// Locals of tasks, by the ids of the tasks. Nothing is inherited through nodes.
    pub(crate) task_locals: LabelSets,
    pub(crate) spans: Spans,
    /// The live tasks, by id after the snapshot is complete.
    pub(crate) rows: Vec<Row>,
    /// Their ancestors that had ended.
    pub(crate) ended: ChunkedVec<EndedTask>,
    /// A parent comes before its children.
    pub(crate) nodes: ChunkedVec<SnapshotNode>,
    /// The number of ancestors left out above a task, by its id. Few tasks have any.
    pub(crate) elided: HashMap<u64, u32, IdHash>,
    /// The names of external threads, by their ids.
    pub(crate) external: HashMap<u64, Arc<str>, IdHash>,
    pub(crate) skip_links: HashMap<u32, SkipLink, IdHash>,
}

/// A node, as it is stored.
#[derive(Debug)]
pub(crate) struct SnapshotNode {
    pub(crate) task: TaskIndex,
    pub(crate) name: NameRef,
}

/// A task that has ended and has live descendants.
#[derive(Debug)]
pub(crate) struct EndedTask {
    pub(crate) id: u64,
    pub(crate) shape: ShapeRef,
    pub(crate) parent: u32,
}

const _: () = assert!(size_of::<SnapshotNode>() <= 8 && size_of::<EndedTask>() <= 16);

/// The index of a task: of its row, or among the ended tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskIndex(u32);

impl TaskIndex {
    const ENDED: u32 = 1 << 31;

    pub(crate) fn of_row(row: u32) -> Self {
        TaskIndex(row)
    }

    pub(crate) fn of_ended(ended: u32) -> Self {
        TaskIndex(ended | Self::ENDED)
    }

    /// Returns the row, or the index among the ended tasks as the error.
    pub(crate) fn row(self) -> Result<usize, u32> {
        match self.0 & Self::ENDED {
            0 => Ok(self.0 as usize),
            _ => Err(self.0 & !Self::ENDED),
        }
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn from_number(number: u32) -> Self {
        TaskIndex(number)
    }
}

/// A task with the name that it had when it spawned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Its own number.
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) site: &'static Site,
    pub(crate) name: NameRef,
    pub(crate) parent: u32,
    /// Ancestors left out between the node and its parent.
    pub(crate) elided: u32,
    pub(crate) task: TaskIndex,
}

impl Snapshot {
    pub(crate) fn get(&self, number: u32) -> Option<Node> {
        let &SnapshotNode { task, name } = self.nodes.get(number)?;
        let node = self.nameless(task);
        Some(Node {
            number,
            name,
            // The task of a lost name is unknown, too.
            parent: if name == NameRef::LOST {
                LOST
            } else {
                node.parent
            },
            ..node
        })
    }

    /// Returns a task as a node without a name.
    pub(crate) fn nameless(&self, task: TaskIndex) -> Node {
        let (id, shape, parent) = self.ancestor_at(task);
        Node {
            number: NONE,
            id,
            site: self.shapes.get(shape).site,
            name: NameRef::NONE,
            parent,
            elided: self.elided_above(id),
            task,
        }
    }

    fn ancestor_at(&self, task: TaskIndex) -> (u64, ShapeRef, u32) {
        match task.row() {
            Ok(row) => {
                let Row {
                    id, shape, parent, ..
                } = self.rows[row];
                (id, shape, parent)
            }
            Err(ended) => {
                let ended = self.ended.get(ended).expect("places are of what is kept");
                (ended.id, ended.shape, ended.parent)
            }
        }
    }

    pub(crate) fn id_at(&self, task: TaskIndex) -> u64 {
        self.ancestor_at(task).0
    }

    /// Returns `true` if the number is that of a node.
    pub(crate) fn is_node(&self, number: u32) -> bool {
        (number as usize) < self.count()
    }

    /// Returns `true` if the task that spawned another one is known, and has ended.
    pub(crate) fn has_ended_parent(&self, row: &Row) -> bool {
        let parent = self.get(row.parent);
        parent.is_some_and(|parent| parent.task.row().is_err())
    }

    /// Returns the number of ancestors left out above a task.
    pub(crate) fn elided_above(&self, id: u64) -> u32 {
        if self.elided.is_empty() {
            return 0;
        }
        self.elided.get(&id).copied().unwrap_or(0)
    }

    /// Returns the node above another one.
    pub(crate) fn parent_of(&self, number: u32) -> u32 {
        self.get(number).map_or(NONE, |node| node.parent)
    }

    /// Returns the id of the task that spawned a task.
    pub(crate) fn parent_id(&self, row: &Row) -> Option<u64> {
        self.get(row.parent).map(|node| node.id)
    }

    /// Returns all nodes. A parent comes before its children.
    pub(crate) fn all(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.count() as u32).filter_map(|number| self.get(number))
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the name that was set on a node.
    pub(crate) fn name_of_node(&self, node: &Node) -> Option<Name> {
        self.names.get(node.name)?.to_name(None)
    }

    /// Returns the role of a node, which is the thread's name for an external thread.
    pub(crate) fn role_of_node<'a>(&'a self, node: &Node) -> &'a str {
        let external = || self.external.get(&node.id).map(|name| &**name);
        let named = node.is_external().then(external).flatten();
        named.unwrap_or_else(|| node.site.role())
    }
}

impl Node {
    pub(crate) fn is_external(&self) -> bool {
        self.site.kind() == Kind::External
    }

    /// Returns `true` if the task was alive when it was read.
    pub(crate) fn is_live(&self) -> bool {
        self.task.row().is_ok()
    }
}
