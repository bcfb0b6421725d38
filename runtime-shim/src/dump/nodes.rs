//! The ancestors of the tasks in a dump, each read once however many descend from it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::chunks::Chunks;
use super::extras::Extras;
use super::labels::LabelSets;
use super::names::{NameRef, Named, Names};
use super::row::Row;
use super::sites::{SiteRef, Sites};
use super::stacks::Stacks;
use super::threads::Threads;
use crate::kind::Kind;
use crate::registry::read::{Above, Record};
use crate::site::Site;
use crate::task::{Ancestor, Name, TaskId};

/// No node: a root.
pub(super) const NONE: u32 = u32::MAX;
/// The line is lost: its task ended while it was read.
pub(super) const LOST: u32 = u32::MAX - 1;

/// Ancestors that a lineage shows before it leaves some out. There is a bound because each task of a
/// dump has its own: of a chain of 100,000 live tasks, whole lineages would be a hundred gigabytes of text.
const SHOWN: usize = 32;

/// What rows refer to. There may be as much of it as there are rows, so it is all small, and nothing in it
/// is copied when it grows.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) threads: Threads,
    pub(super) stacks: Stacks,
    pub(super) sites: Sites,
    pub(super) names: Names,
    pub(super) labels: LabelSets,
    pub(super) extras: Extras,
    nodes: Chunks<Node>,
    /// The names of foreign threads, by their ids.
    foreign: HashMap<u64, Arc<str>, IdHash>,
    /// By the id of the task or name that the node stands for. Only needed while reading.
    known: HashMap<u64, u32, IdHash>,
    /// From a node up to the first that is known. Only in use while that is looked for.
    path: Vec<(Record, Record)>,
    /// The link, the id and the index of the node that was asked for last.
    last: (u64, u64, u32),
}

/// A task under the name that it had when it spawned.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) site: SiteRef,
    pub(super) name: NameRef,
    pub(super) parent: u32,
    /// Ancestors cut between it and its parent.
    pub(super) cut: u32,
    /// The node whose name those born under it inherit.
    effective: u32,
    /// The far end of its line, and how many ancestors there are up to that.
    far: u32,
    distance: u32,
    /// Whether it was alive when it was read.
    pub(super) live: bool,
}

const _: () = assert!(size_of::<Node>() <= 40);

impl Nodes {
    /// With names as the program wants them to be shown.
    pub(super) fn redacted() -> Self {
        let mut nodes = Nodes::default();
        nodes.names.redacted = true;
        nodes
    }

    /// The node under which a task was born.
    #[inline]
    pub(super) fn above(&mut self, record: &Record) -> u32 {
        let (link, id, index) = self.last;
        if record.has_parent(link, id) {
            return index;
        }
        match record.parent() {
            Above::Nothing => NONE,
            Above::Lost => LOST,
            Above::Node(parent) => {
                let index = self.node(parent);
                self.last = (record.parent_link(), parent.id, index);
                index
            }
        }
    }

    /// The node that a record stands for. Goes up to the first that is known, and then down again:
    /// a lineage may be longer than the stack is deep.
    fn node(&mut self, record: Record) -> u32 {
        let mut path = std::mem::take(&mut self.path);
        let mut next = Above::Node(record);
        let mut top = loop {
            match next {
                Above::Nothing => break NONE,
                Above::Lost => break LOST,
                Above::Node(record) => {
                    if let Some(&index) = self.known.get(&record.id) {
                        break index;
                    }
                    let Some(task) = task_of(record) else {
                        break LOST;
                    };
                    next = task.parent();
                    path.push((record, task));
                }
            }
        };
        while let Some((record, task)) = path.pop() {
            top = self.add(&record, &task, top);
        }
        self.path = path;
        top
    }

    /// Adds the node that a record stands for: a task, or the name of one.
    fn add(&mut self, record: &Record, task: &Record, parent: u32) -> u32 {
        let index = self.nodes.len() as u32;
        let name = match record.has_name() {
            true => self.names.add(record),
            false => NameRef::NONE,
        };
        let parent = if name == NameRef::LOST { LOST } else { parent };
        let above = self.get(parent);
        let cut = task.cut_ancestors() as u32;
        let (far, distance) = above.map_or((index, 0), |above| {
            let distance = above.distance.saturating_add(cut).saturating_add(1);
            (above.far, distance)
        });
        let effective = match self.names.get(name) {
            None => above.map_or(NONE, |above| above.effective),
            Some(name) if name.text.is_empty() => NONE,
            Some(_) => index,
        };
        let node = Node {
            id: task.id,
            site: self.sites.number(task.site()),
            name,
            parent,
            cut,
            effective,
            far,
            distance,
            live: task.is_live_task(),
        };
        self.nodes.push(node);
        self.note_labels_of_node(index, record, parent);
        if task.site().kind() == Kind::Foreign {
            let name = thread_name(task).map(|name| (task.id, name));
            self.foreign.extend(name);
        }
        self.known.insert(record.id, index);
        index
    }

    /// Forgets what is only needed while reading.
    pub(super) fn finish(&mut self) {
        self.known = HashMap::default();
        self.path = Vec::new();
        self.labels.finish();
    }

    /// The name that a name node holds.
    pub(super) fn name(&mut self, record: &Record) -> NameRef {
        match self.known_node(record).and_then(|node| self.get(node)) {
            Some(node) => node.name,
            None if record.has_name() => self.names.add(record),
            None => NameRef::NONE,
        }
    }

    /// The node that a record stands for, if others descend from it that have been read.
    pub(super) fn known_node(&self, record: &Record) -> Option<u32> {
        self.known.get(&record.id).copied()
    }

    /// The name that those born under a node inherit, and whose it is.
    pub(super) fn effective(&self, node: u32) -> Option<(Named<'_>, TaskId)> {
        let named = self.get(self.get(node)?.effective)?;
        Some((self.names.get(named.name)?, TaskId(named.id)))
    }

    /// The name that a node was given.
    pub(super) fn name_of_node(&self, node: &Node) -> Option<Name> {
        self.names.get(node.name)?.to_name(None)
    }

    /// The role of a node, which for foreign threads is the name of the thread.
    pub(super) fn role_of_node<'a>(&'a self, node: &Node) -> &'a str {
        let foreign = || self.foreign.get(&node.id).map(|name| &**name);
        let named = self.is_foreign_node(node).then(foreign).flatten();
        named.unwrap_or_else(|| self.site_of_node(node).role())
    }

    pub(super) fn is_foreign_node(&self, node: &Node) -> bool {
        self.site_of_node(node).kind() == Kind::Foreign
    }

    pub(super) fn site_of_node(&self, node: &Node) -> &'static Site {
        self.sites.get(node.site)
    }

    /// All nodes. Each comes after the one above it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node)
    }

    /// The nodes above a task, nearest first, each with the number of ancestors cut before it.
    pub(super) fn line<'a>(&'a self, row: &Row) -> impl Iterator<Item = (&'a Node, u32)> {
        let mut next = (self.parent(row), self.cut(row));
        std::iter::from_fn(move || {
            let node = self.get(next.0)?;
            let cut = std::mem::replace(&mut next, (node.parent, node.cut)).1;
            Some((node, cut))
        })
    }

    /// The line as far as it is shown, with the number of ancestors left out before each: its near
    /// part whole, of a long one besides that only its far end.
    pub(super) fn shown_line<'a>(&'a self, row: &Row) -> impl Iterator<Item = (&'a Node, u64)> {
        let mut line = self.line(row);
        let (mut shown, mut last) = (0, None::<&Node>);
        std::iter::from_fn(move || {
            if shown == SHOWN {
                let last = last.take().filter(|last| last.distance > 0)?;
                return Some((self.get(last.far)?, u64::from(last.distance) - 1));
            }
            shown += 1;
            let (node, cut) = line.next()?;
            last = Some(node);
            Some((node, cut.into()))
        })
    }

    pub(super) fn lineage(&self, row: &Row) -> Vec<Ancestor> {
        self.shown_line(row)
            .map(|(node, cut)| self.ancestor(node, cut))
            .collect()
    }

    fn ancestor(&self, node: &Node, cut: u64) -> Ancestor {
        Ancestor {
            id: TaskId(node.id),
            site: self.site_of_node(node),
            role: self.role_of_node(node).into(),
            name: self.name_of_node(node),
            cut_below: cut,
        }
    }

    /// Whether the line of a task goes back to a root.
    pub(super) fn is_complete(&self, row: &Row) -> bool {
        let parent = self.parent(row);
        let far = self.get(parent).and_then(|above| self.get(above.far));
        far.map_or(parent, |far| far.parent) != LOST
    }
}

/// The task that a node belongs to.
fn task_of(record: Record) -> Option<Record> {
    if !record.is_name() {
        return Some(record);
    }
    match record.parent() {
        Above::Node(task) if !task.is_name() => Some(task),
        _ => None,
    }
}

fn thread_name(task: &Record) -> Option<Arc<str>> {
    let name = Record::thread_of(task.status)?.name();
    (!name.is_empty()).then(|| name.into())
}

/// Ids are numbers in sequence, and addresses of statics are not chosen by anybody: spreading them
/// is enough.
pub(super) type IdHash = BuildHasherDefault<IdHasher>;

#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u32(&mut self, index: u32) {
        self.write_u64(u64::from(index));
    }

    fn write_usize(&mut self, address: usize) {
        self.write_u64(address as u64);
    }

    fn write_u64(&mut self, id: u64) {
        // Fibonacci hashing: 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4).
        self.0 = (self.0 ^ id)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}
