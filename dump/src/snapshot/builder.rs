//! How records become rows and nodes.
//!
//! A task is read when the walk comes to its slot, or before that, when a child of it is read: what links to a
//! node keeps it, so it is read at once, hand over hand.

use std::sync::Arc;

use super::compact::chunked_vec::ChunkedVec;
use super::compact::compact_index::CompactIndex;
use super::compact::names::NameRef;
use super::compact::shapes::{KnownShapes, ShapeRef, TaskShape};
use super::labels::KnownLabels;
use super::nodes::{EndedTask, Snapshot, SnapshotNode, TaskIndex, LOST, NONE};
use super::row::Row;
use super::stacks::{KnownStacks, StackRef};
use super::threads::Threads;
use crate::redact::redact;
use crate::source::{Above, Node, Source};
use birthmark_core::__reader::record::content::NameText;
use birthmark_core::Kind;

/// Takes a snapshot: what is read, and what is only needed while it is read.
pub(crate) struct SnapshotBuilder<S: Source> {
    pub(crate) snapshot: Snapshot,
    source: S,
    /// Names and labels go through the program's functions.
    pub(crate) redacted: bool,
    shapes: KnownShapes,
    stacks: KnownStacks,
    pub(crate) known_labels: KnownLabels,
    /// The name that was read last.
    text: NameText,
    /// Finds the places of tasks that somebody may still ask for.
    pub(crate) tasks: CompactIndex,
    /// Finds their nodes.
    pub(crate) nodes: CompactIndex,
    /// `true` once a task was read before the walk came to it.
    is_ahead: bool,
    /// From a node up to the first that is known, each with its id. Only in use while that is looked for.
    path: ChunkedVec<(<S::Node as Node>::Slot, u64)>,
    /// The link, the id and the number of the node that was asked for last.
    last: (u64, u64, u32),
}

/// A node, and the task that it belongs to if it is a name.
struct NodeAndTask<N> {
    node: N,
    task: N,
}

impl<S: Source> SnapshotBuilder<S> {
    /// With names as the program itself has them.
    pub(crate) fn new(source: S) -> Self {
        SnapshotBuilder {
            snapshot: Snapshot::default(),
            source,
            redacted: false,
            shapes: KnownShapes::default(),
            stacks: KnownStacks::default(),
            known_labels: KnownLabels::default(),
            text: NameText::default(),
            tasks: CompactIndex::default(),
            nodes: CompactIndex::default(),
            is_ahead: false,
            path: ChunkedVec::default(),
            last: (0, 0, 0),
        }
    }

    /// With names as the program wants them to be shown.
    pub(crate) fn redacted(source: S) -> Self {
        SnapshotBuilder {
            redacted: true,
            ..Self::new(source)
        }
    }

    /// Returns all that was read, in the order in which it was read.
    pub(crate) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Reads all tasks that are alive, and the threads that run them.
    pub(crate) fn all(mut self) -> Snapshot {
        let source = self.source;
        self.reserve(source.count());
        source.walk(|task| self.read(task));
        let mut snapshot = self.finish();
        snapshot.threads = Threads::now(source);
        snapshot.threads.note_tasks(&snapshot.shapes);
        snapshot
    }

    /// Makes room for so many tasks.
    fn reserve(&mut self, tasks: usize) {
        self.snapshot.rows.reserve_exact(tasks);
    }

    /// Reads a task that is alive.
    #[inline]
    fn read(&mut self, task: &S::Node) {
        if self.is_ahead && self.known_task(task.id()).is_some() {
            return;
        }
        let parent = self.above(task);
        self.push_row(task, parent);
    }

    /// The row of a task, which is not kept.
    pub(crate) fn row(&mut self, task: &S::Node) -> Row {
        self.row_under(task, task.own_name().as_ref())
    }

    /// As [`SnapshotBuilder::row`], with the name and the labels of `own` in the place of the task's.
    pub(crate) fn row_under(&mut self, task: &S::Node, own: Option<&S::Node>) -> Row {
        let parent = self.above(task);
        let mut row = self.bare_row(task, parent);
        self.note_cut(task);
        if let Some(own) = own {
            self.note_own_labels(row.id, own);
            row.own_name = self.name_in(own);
        }
        row
    }

    fn name_in(&mut self, node: &S::Node) -> NameRef {
        if !node.has_name() {
            return NameRef::NONE;
        }
        if node.read_name(&mut self.text).is_none() {
            return NameRef::LOST;
        }
        let (name, names) = (&self.text, &mut self.snapshot.names);
        let (text, cut, by_hook) = (name.as_str(), name.is_truncated(), name.is_by_hook());
        match self.redacted {
            true => names.add(&redact(text), cut, by_hook),
            false => names.add(text, cut, by_hook),
        }
    }

    #[inline]
    fn shape_number(&mut self, shape: TaskShape) -> ShapeRef {
        self.shapes.number(&mut self.snapshot.shapes, shape)
    }

    /// A row without a name.
    #[inline]
    fn bare_row(&mut self, task: &S::Node, parent: u32) -> Row {
        let stack = self.stacks.add(&mut self.snapshot.stacks, task);
        let shape = TaskShape::of(task, stack);
        Row {
            id: task.id(),
            spawned: (task.born() >> 32) as u32,
            since: (task.status() >> 32) as u32,
            polls: shape.polls(task.polls()),
            shape: self.shape_number(shape),
            parent,
            own_name: NameRef::NONE,
        }
    }

    #[inline]
    fn push_row(&mut self, task: &S::Node, parent: u32) -> TaskIndex {
        let row = self.bare_row(task, parent);
        if self.snapshot.rows.len() == self.snapshot.rows.capacity() {
            // Tasks that were born meanwhile: not as many again.
            self.snapshot
                .rows
                .reserve_exact(64 + self.snapshot.rows.len() / 16);
        }
        let place = TaskIndex::of_row(self.snapshot.rows.len() as u32);
        self.snapshot.rows.push(row);
        if !task.is_alone() {
            self.note_more(task, place);
        }
        place
    }

    /// Adds to the last row: its name, the count of ancestors that were cut, and an entry for nodes below.
    fn note_more(&mut self, task: &S::Node, place: TaskIndex) {
        self.note_cut(task);
        let mut below = task.nodes_below();
        if let Some(own) = task.own_name() {
            below += own.nodes_below().saturating_sub(1);
            self.note_own_labels(task.id(), &own);
            let name = self.name_in(&own);
            if let Some(row) = self.snapshot.rows.last_mut() {
                row.own_name = name;
            }
        }
        if below > 0 {
            self.note_task(place);
        }
    }

    /// The node under which a task was born.
    #[inline]
    fn above(&mut self, task: &S::Node) -> u32 {
        let (link, id, number) = self.last;
        if task.has_parent(link, id) {
            return number;
        }
        match task.parent() {
            Above::Nothing => NONE,
            Above::Lost => LOST,
            Above::Node(parent) => {
                let number = self.node(parent);
                self.last = (task.parent_link(), parent.id(), number);
                number
            }
        }
    }

    /// The node that a record stands for.
    fn node(&mut self, record: S::Node) -> u32 {
        // While it is read, its lineage is cut a few times at most.
        let mut tries = (0..4).filter_map(|_| self.try_node(record));
        tries.next().unwrap_or(LOST)
    }

    /// Goes up to the first node that is known, and then down again: a lineage may be longer than the stack is
    /// deep. `None` if what is below was cut from what is above meanwhile, or has ended.
    fn try_node(&mut self, record: S::Node) -> Option<u32> {
        self.path = ChunkedVec::default();
        let mut stands = match self.known(record) {
            Ok(stands) => stands,
            Err(number) => return Some(number),
        };
        let mut top = loop {
            match stands.task.parent() {
                Above::Nothing => break NONE,
                Above::Lost => break LOST,
                Above::Node(above) => match self.known(above) {
                    Err(number) => break number,
                    Ok(above) => {
                        let below = std::mem::replace(&mut stands, above).node;
                        self.path.push((below.slot(), below.id()));
                    }
                },
            }
        };
        loop {
            top = self.add(&stands, top);
            let Some((slot, id)) = self.path.pop() else {
                return Some(top);
            };
            stands = self.again(slot, id, stands.node.id())?;
        }
    }

    /// The number of a node whose task is known; or what it stands for.
    fn known(&mut self, node: S::Node) -> Result<NodeAndTask<S::Node>, u32> {
        let task = node.task().ok_or(LOST)?;
        match self.known_task(task.id()) {
            Some(place) => Err(self.node_at(place, &NodeAndTask { node, task })),
            None => Ok(NodeAndTask { node, task }),
        }
    }

    /// Adds a node whose task is not known.
    fn add(&mut self, stands: &NodeAndTask<S::Node>, parent: u32) -> u32 {
        let place = self.keep(stands, parent);
        self.node_at(place, stands)
    }

    /// Keeps a task that has not been read before.
    fn keep(
        &mut self,
        NodeAndTask { node, task }: &NodeAndTask<S::Node>,
        parent: u32,
    ) -> TaskIndex {
        if task.is_live_task() {
            self.is_ahead = true;
            let place = self.push_row(task, parent);
            if self.known_task(task.id()).is_none() {
                self.note_task(place);
            }
            return place;
        }
        self.note_cut(task);
        let ended = EndedTask {
            id: task.id(),
            shape: self.shape_number(TaskShape::of(task, StackRef::NONE)),
            parent,
        };
        let place = TaskIndex::of_ended(self.snapshot.ended.push(ended));
        // The one that is read now is one of those below.
        if task.nodes_below() > 1 || node.nodes_below() > 1 {
            self.note_task(place);
        }
        place
    }

    /// The node of a task with a name, or none, and labels: nodes are the same if these are.
    fn node_at(
        &mut self,
        place: TaskIndex,
        NodeAndTask { node, task }: &NodeAndTask<S::Node>,
    ) -> u32 {
        let mut name = self.name_in(node);
        let parent = self.snapshot.nameless(place).parent;
        let labels = self.labels_for_node(node, parent, task.id());
        if let Some(known) = self.known_node(place, name, labels) {
            self.snapshot.names.forget(name);
            return known;
        }
        let own = place
            .row()
            .map_or(NameRef::NONE, |row| self.snapshot.rows[row].own_name);
        if name != own && self.snapshot.names.get(name) == self.snapshot.names.get(own) {
            self.snapshot
                .names
                .forget(std::mem::replace(&mut name, own));
        }
        let number = self.snapshot.nodes.push(SnapshotNode { task: place, name });
        self.note_labels_of_node(number, labels);
        self.note_external(task);
        if node.nodes_below() > 1 {
            self.note_node(number);
        }
        self.snapshot.add_skip_link(number);
        number
    }

    fn note_cut(&mut self, task: &S::Node) {
        let cut = task.cut_ancestors() as u32;
        if cut > 0 {
            self.snapshot.cuts.insert(task.id(), cut);
        }
    }

    /// An ancestor is called what its thread is called, if that is not one of ours.
    fn note_external(&mut self, task: &S::Node) {
        if task.site().kind() == Kind::External {
            let name = self.thread_name(task);
            let name = name.map(|name| (task.id(), name));
            self.snapshot.external.extend(name);
        }
    }

    /// Reads a slot again on the way down, if it is still the node `id`, below the node `above`. With another id,
    /// it might be a part of a text by now, whose words are no links.
    fn again(
        &self,
        slot: <S::Node as Node>::Slot,
        id: u64,
        above: u64,
    ) -> Option<NodeAndTask<S::Node>> {
        let node = self.source.read(slot).filter(|node| node.id() == id)?;
        let task = node.task()?;
        match task.parent() {
            Above::Node(found) if found.id() == above => Some(NodeAndTask { node, task }),
            _ => None,
        }
    }

    fn thread_name(&self, task: &S::Node) -> Option<Arc<str>> {
        let name = self.source.thread(task.thread()?)?.name;
        (!name.is_empty()).then_some(name)
    }
}
