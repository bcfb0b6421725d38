//! The tasks of a dump and their ancestors, each kept once however many descend from it.
//!
//! A *node* is a task under the name that it had when it spawned. Of a task that is alive, the dump has a row
//! anyway, and a node only says which. There may be as many of all these as there are tasks: so they refer to
//! each other by number, and what many have in common is elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use super::compact::chunked_vec::ChunkedVec;
use super::compact::hash::IdHash;
use super::compact::names::{NameRef, Names};
use super::compact::shapes::{ShapeRef, TaskShapes};
use super::labels::LabelSets;
use super::lineage::SkipLink;
use super::row::Row;
use super::stacks::Stacks;
use super::threads::Threads;
use birthmark_core::__reader::name::Name;
use birthmark_core::Kind;
use birthmark_core::Site;

/// No node: a root.
pub(crate) const NONE: u32 = u32::MAX;
/// The line is lost: its task ended while it was read.
pub(crate) const LOST: u32 = u32::MAX - 1;

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) threads: Threads,
    pub(crate) stacks: Stacks,
    pub(crate) shapes: TaskShapes,
    pub(crate) names: Names,
    pub(crate) labels: LabelSets,
    /// The tasks that were alive, by id as soon as all is read.
    pub(crate) rows: Vec<Row>,
    /// Their ancestors that were not.
    pub(crate) ended: ChunkedVec<EndedTask>,
    /// Each comes after the one above it.
    pub(crate) nodes: ChunkedVec<SnapshotNode>,
    /// How many ancestors were cut above a task, by its id: few are that deep.
    pub(crate) cuts: HashMap<u64, u32, IdHash>,
    /// The names of external threads, by their ids.
    pub(crate) external: HashMap<u64, Arc<str>, IdHash>,
    pub(crate) skip_links: HashMap<u32, SkipLink, IdHash>,
}

/// A node as it is kept.
#[derive(Debug)]
pub(crate) struct SnapshotNode {
    pub(crate) task: TaskIndex,
    pub(crate) name: NameRef,
}

/// A task that has ended, and from which others descend.
#[derive(Debug)]
pub(crate) struct EndedTask {
    pub(crate) id: u64,
    pub(crate) shape: ShapeRef,
    pub(crate) parent: u32,
}

const _: () = assert!(size_of::<SnapshotNode>() <= 8 && size_of::<EndedTask>() <= 16);

/// Where a task is: in a row, or among the ended.
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

    /// The row, or else the place among the ended.
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

/// A task under the name that it had when it spawned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Its own number.
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) site: &'static Site,
    pub(crate) name: NameRef,
    pub(crate) parent: u32,
    /// Ancestors cut between it and its parent.
    pub(crate) cut: u32,
    pub(crate) task: TaskIndex,
}

impl Snapshot {
    pub(crate) fn get(&self, number: u32) -> Option<Node> {
        let &SnapshotNode { task, name } = self.nodes.get(number)?;
        let node = self.nameless(task);
        Some(Node {
            number,
            name,
            // What the name belonged to has been lost with it.
            parent: if name == NameRef::LOST {
                LOST
            } else {
                node.parent
            },
            ..node
        })
    }

    /// A task, as the node that it would be without a name.
    pub(crate) fn nameless(&self, task: TaskIndex) -> Node {
        let (id, shape, parent) = self.ancestor_at(task);
        Node {
            number: NONE,
            id,
            site: self.shapes.get(shape).site,
            name: NameRef::NONE,
            parent,
            cut: self.cut_above(id),
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

    /// Whether a number is that of a node.
    pub(crate) fn is_node(&self, number: u32) -> bool {
        (number as usize) < self.count()
    }

    /// How many ancestors were left out above a task.
    pub(crate) fn cut_above(&self, id: u64) -> u32 {
        if self.cuts.is_empty() {
            return 0;
        }
        self.cuts.get(&id).copied().unwrap_or(0)
    }

    /// The node above another one.
    pub(crate) fn parent_of(&self, number: u32) -> u32 {
        self.get(number).map_or(NONE, |node| node.parent)
    }

    /// All nodes. Each comes after the one above it.
    pub(crate) fn all(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.count() as u32).filter_map(|number| self.get(number))
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The name that a node was given.
    pub(crate) fn name_of_node(&self, node: &Node) -> Option<Name> {
        self.names.get(node.name)?.to_name(None)
    }

    /// The role of a node, which for external threads is the name of the thread.
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

    /// Whether it was alive when it was read.
    pub(crate) fn is_live(&self) -> bool {
        self.task.row().is_ok()
    }
}
