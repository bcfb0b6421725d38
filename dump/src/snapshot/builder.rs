//! The way from records to rows and nodes.
//!
//! The walk goes over all slots and makes a row of each live task. A row needs the node of its parent. If the walk has
//! not reached the parent, the builder reads the parent at once, because the child's record keeps the parent's record
//! alive. It goes up to the first known node, and adds the nodes on the way down.
//!
//! Most tasks have the parent, the stack and the shape of the task before, no name and no children. Their way is inlined
//! into the walk. All else is out of line.

use std::cell::OnceCell;
use std::sync::Arc;

use super::compact::chunked_vec::ChunkedVec;
use super::compact::compact_index::CompactIndex;
use super::compact::names::NameRef;
use super::compact::shapes::{KnownShapes, ShapeRef, TaskShape};
use super::labels::KnownLabels;
use super::nodes::{EndedTask, Snapshot, SnapshotNode, TaskIndex, LOST, NONE};
use super::row::Row;
use super::stacks::KnownStacks;
use super::threads::Threads;
use crate::redact::redact;
use crate::source::{Above, Node, Source};
use birthmark_core::__reader::record::content::NameText;
use birthmark_core::Kind;

/// A snapshot in the making, with the indices that only the builder needs.
pub(crate) struct SnapshotBuilder<S: Source> {
    pub(crate) snapshot: Snapshot,
    pub(super) source: S,
    /// A moment of the snapshot, which most snapshots do not need. `None` if ages are unknown.
    pub(super) now: OnceCell<Option<u64>>,
    /// `true` if names and labels are redacted.
    pub(crate) redacted: bool,
    shapes: KnownShapes,
    stacks: KnownStacks,
    pub(crate) known_labels: KnownLabels,
    pub(crate) known_task_locals: KnownLabels,
    /// Buffer for the name that was read last.
    text: NameText,
    /// Finds tasks that may be needed again.
    pub(crate) tasks: CompactIndex,
    /// Finds nodes that may be needed again.
    pub(crate) nodes: CompactIndex,
    /// `true` after a task was read before the walk reached it.
    is_ahead: bool,
    /// Slots and ids from a node up to the first known one, while the builder searches for that.
    path: ChunkedVec<(<S::Node as Node>::Slot, u64)>,
    /// Link, id and number of the node that was found last.
    last: (u64, u64, u32),
}

/// A record, and the task that it is or whose name it is.
struct NodeAndTask<N> {
    node: N,
    task: N,
}

impl<S: Source> SnapshotBuilder<S> {
    /// Returns a builder that keeps the original names.
    pub(crate) fn new(source: S) -> Self {
        SnapshotBuilder {
            snapshot: Snapshot::default(),
            source,
            now: OnceCell::new(),
            redacted: false,
            shapes: KnownShapes::default(),
            stacks: KnownStacks::default(),
            known_labels: KnownLabels::default(),
            known_task_locals: KnownLabels::default(),
            text: NameText::default(),
            tasks: CompactIndex::default(),
            nodes: CompactIndex::default(),
            is_ahead: false,
            path: ChunkedVec::default(),
            last: (0, 0, 0),
        }
    }

    /// Returns a builder that redacts names and labels.
    pub(crate) fn redacted(source: S) -> Self {
        SnapshotBuilder {
            redacted: true,
            ..Self::new(source)
        }
    }

    /// Returns the snapshot, with rows in the order of the walk.
    pub(crate) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Reads all live tasks, and the threads that run them.
    pub(crate) fn all(mut self) -> Snapshot {
        let source = self.source;
        self.reserve(source.count());
        source.walk(|task| self.read(task));
        let mut snapshot = self.finish();
        snapshot.threads = Threads::now(source);
        snapshot.threads.note_tasks(&snapshot.shapes);
        snapshot
    }

    /// Reserves memory for this number of tasks.
    fn reserve(&mut self, tasks: usize) {
        self.snapshot.rows.reserve_exact(tasks);
    }

    /// Reads a live task.
    #[inline]
    fn read(&mut self, task: &S::Node) {
        if self.is_ahead && self.known_task(task.id()).is_some() {
            return;
        }
        let parent = self.above(task);
        self.push_row(task, parent);
    }

    /// Returns the row of a task without adding it.
    pub(crate) fn row(&mut self, task: &S::Node) -> Row {
        self.row_under(task, task.own_name().as_ref())
    }

    /// Does the same as [`SnapshotBuilder::row`], with name and labels of `own` instead of the task's.
    pub(crate) fn row_under(&mut self, task: &S::Node, own: Option<&S::Node>) -> Row {
        let parent = self.above(task);
        let mut row = self.bare_row(task, parent);
        self.note_elided(task);
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
        let (text, truncated, by_hook) = (name.as_str(), name.is_truncated(), name.is_by_hook());
        match self.redacted {
            true => names.add(&redact(text), truncated, by_hook),
            false => names.add(text, truncated, by_hook),
        }
    }

    #[inline]
    fn shape_number(&mut self, shape: TaskShape) -> ShapeRef {
        self.shapes.number(&mut self.snapshot.shapes, shape)
    }

    /// Returns a row without a name.
    #[inline(always)]
    fn bare_row(&mut self, task: &S::Node, parent: u32) -> Row {
        let stack = self.stacks.add(&mut self.snapshot.stacks, task);
        let woken = self.woken(task);
        let shape = TaskShape::new(task.site(), stack, woken.status, woken.flags);
        Row {
            id: task.id(),
            spawned: (task.spawned() >> 32) as u32,
            since: woken.status.tick(),
            polls: task.polls(),
            shape: self.shape_number(shape),
            parent,
            own_name: NameRef::NONE,
            woken_by: woken.by,
        }
    }

    #[inline(always)]
    fn push_row(&mut self, task: &S::Node, parent: u32) -> TaskIndex {
        let row = self.bare_row(task, parent);
        if self.snapshot.rows.len() == self.snapshot.rows.capacity() {
            self.reserve_more();
        }
        let place = TaskIndex::of_row(self.snapshot.rows.len() as u32);
        self.snapshot.rows.push(row);
        if !task.is_alone() {
            self.note_more(task, place);
        }
        place
    }

    /// Reserves memory for tasks that were spawned meanwhile. A sixteenth is enough room for them.
    #[cold]
    fn reserve_more(&mut self) {
        let rows = &mut self.snapshot.rows;
        rows.reserve_exact(64 + rows.len() / 16);
    }

    /// Completes the last row: its name, its elided ancestors, and an entry in the index if it has nodes below.
    #[inline(never)]
    fn note_more(&mut self, task: &S::Node, place: TaskIndex) {
        self.note_elided(task);
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

    /// Returns the node under which a task was spawned.
    #[inline(always)]
    fn above(&mut self, task: &S::Node) -> u32 {
        let (link, id, number) = self.last;
        match task.has_parent(link, id) {
            true => number,
            false => self.find_above(task),
        }
    }

    /// Finds the node under which a task was spawned. It is not that of the task before.
    #[inline(never)]
    fn find_above(&mut self, task: &S::Node) -> u32 {
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

    /// Returns the node of a record.
    fn node(&mut self, record: S::Node) -> u32 {
        // While it is read, its lineage loses ancestors a few times at most.
        let mut tries = (0..4).filter_map(|_| self.try_node(record));
        tries.next().unwrap_or(LOST)
    }

    /// Goes up to the first known node and down again, without recursion, because a lineage may be longer than the
    /// stack is deep. Returns `None` if a task on the way has ended, or was separated from its ancestors meanwhile.
    fn try_node(&mut self, record: S::Node) -> Option<u32> {
        self.path = ChunkedVec::default();
        let mut current = match self.known(record) {
            Ok(current) => current,
            Err(number) => return Some(number),
        };
        let mut top = loop {
            match current.task.parent() {
                Above::Nothing => break NONE,
                Above::Lost => break LOST,
                Above::Node(above) => match self.known(above) {
                    Err(number) => break number,
                    Ok(above) => {
                        let below = std::mem::replace(&mut current, above).node;
                        self.path.push((below.slot(), below.id()));
                    }
                },
            }
        };
        loop {
            top = self.add(&current, top);
            let Some((slot, id)) = self.path.pop() else {
                return Some(top);
            };
            current = self.again(slot, id, current.node.id())?;
        }
    }

    /// Returns the number of the node as the error if its task is known, and otherwise the record with its task.
    fn known(&mut self, node: S::Node) -> Result<NodeAndTask<S::Node>, u32> {
        let task = node.task().ok_or(LOST)?;
        match self.known_task(task.id()) {
            Some(place) => Err(self.node_at(place, &NodeAndTask { node, task })),
            None => Ok(NodeAndTask { node, task }),
        }
    }

    /// Adds a node whose task is unknown.
    fn add(&mut self, node: &NodeAndTask<S::Node>, parent: u32) -> u32 {
        let place = self.keep(node, parent);
        self.node_at(place, node)
    }

    /// Adds a task that was not read before.
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
        self.note_elided(task);
        let ended = EndedTask {
            id: task.id(),
            shape: self.shape_number(TaskShape::of_ended(task)),
            parent,
        };
        let place = TaskIndex::of_ended(self.snapshot.ended.push(ended));
        // The one that is read now is one of those below.
        if task.nodes_below() > 1 || node.nodes_below() > 1 {
            self.note_task(place);
        }
        place
    }

    /// Returns the node of a task with a name and labels. Nodes with equal task, name and labels are one node.
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

    fn note_elided(&mut self, task: &S::Node) {
        let elided = task.cut_ancestors() as u32;
        if elided > 0 {
            self.snapshot.elided.insert(task.id(), elided);
        }
    }

    /// Notes the name of an external thread, which is the role of its task.
    fn note_external(&mut self, task: &S::Node) {
        if task.site().kind() == Kind::External {
            let name = self.thread_name(task);
            let name = name.map(|name| (task.id(), name));
            self.snapshot.external.extend(name);
        }
    }

    /// Reads a slot again on the way down. Returns `None` unless it is still the node `id` below the node `above`. A
    /// slot with another id may be part of a text, whose words are no links.
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
