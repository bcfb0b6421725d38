//! The labels of the tasks in a dump. Most different sets are kept once.
//!
//! Without labels in the program, nothing is kept.

use std::collections::HashMap;

use super::builder::SnapshotBuilder;
use super::compact::chunked_vec::ChunkedVec;
use super::compact::hash::{hash_keyed, IdHash};
use super::nodes::Snapshot;
use super::row::Row;
use crate::redact::redact_labels;
use crate::source::{Node as _, Source};
use birthmark_core::__reader::label::{LabelSet, Labels};
use birthmark_core::__reader::record::content::LabelBytes;

/// Maximum number of sets that are recognised when they occur again. After that, for example if each task has its own
/// labels, a set may be kept twice.
const MAX_KNOWN: usize = 16 * 1024;

/// The number of a set of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LabelsRef(u32);

impl LabelsRef {
    /// No labels.
    pub(crate) const NONE: LabelsRef = LabelsRef(u32::MAX);

    /// Returns the index among all sets, if there are labels.
    pub(crate) fn index(self) -> Option<usize> {
        (self != LabelsRef::NONE).then_some(self.0 as usize)
    }
}

#[derive(Debug, Default)]
pub(crate) struct LabelSets {
    sets: ChunkedVec<Labels>,
    of_nodes: Column,
    /// Labels that were set on a task itself, by its id.
    own: HashMap<u64, LabelsRef, IdHash>,
}

/// The labels of each node. The list ends after the last node with labels.
#[derive(Debug, Default)]
struct Column(ChunkedVec<LabelsRef>);

impl Column {
    fn set(&mut self, place: u32, labels: LabelsRef) {
        while self.0.len() < place as usize {
            self.0.push(LabelsRef::NONE);
        }
        self.0.push(labels);
    }

    fn get(&self, place: u32) -> LabelsRef {
        self.0.get(place).copied().unwrap_or(LabelsRef::NONE)
    }
}

/// Sets by their hash, while a snapshot is taken.
#[derive(Debug, Default)]
pub(crate) struct KnownLabels(HashMap<u64, LabelsRef, IdHash>);

impl LabelSets {
    /// Adds a set, unless the task has the same one itself or it is known.
    fn add(&mut self, known: &mut KnownLabels, encoded: &[u8], task: u64) -> LabelsRef {
        let own = self.own_of(task);
        if let Some(own) = own.filter(|own| self.get(*own).as_slice() == encoded) {
            return own;
        }
        let hash = hash_keyed(encoded);
        if let Some(&known) = known.0.get(&hash) {
            if self.get(known).as_slice() == encoded {
                return known;
            }
        }
        if known.0.len() == MAX_KNOWN {
            known.0.clear();
        }
        let new = LabelsRef(self.sets.push(Labels::new(encoded)));
        known.0.insert(hash, new);
        new
    }

    pub(crate) fn get(&self, labels: LabelsRef) -> &Labels {
        self.sets.get(labels.0).unwrap_or(&Labels::NONE)
    }

    fn own_of(&self, task: u64) -> Option<LabelsRef> {
        if self.own.is_empty() {
            return None;
        }
        self.own.get(&task).copied()
    }

    /// Returns all sets, in the order of [`LabelsRef::index`].
    pub(crate) fn all(&self) -> impl Iterator<Item = &Labels> {
        self.sets.iter()
    }
}

impl Snapshot {
    /// Returns the number of the labels of a task.
    pub(crate) fn labels_ref(&self, row: &Row) -> LabelsRef {
        let own = self.labels.own_of(row.id);
        own.unwrap_or_else(|| self.labels.of_nodes.get(row.parent))
    }

    /// Returns `true` if a name or labels were set on the task itself.
    pub(crate) fn has_own(&self, row: &Row) -> bool {
        row.has_own_name() || self.labels.own_of(row.id).is_some()
    }

    /// Returns the labels of a task.
    pub(crate) fn labels_of(&self, row: &Row) -> &Labels {
        self.labels.get(self.labels_ref(row))
    }

    /// Returns the names and shown values of the locals of a task.
    pub(crate) fn task_locals_of(&self, row: &Row) -> &Labels {
        self.task_locals.get(self.task_locals_ref(row))
    }

    /// Returns the number of the locals of a task.
    pub(crate) fn task_locals_ref(&self, row: &Row) -> LabelsRef {
        self.task_locals.own_of(row.id).unwrap_or(LabelsRef::NONE)
    }

    /// Returns the labels that tasks below a node inherit.
    pub(crate) fn labels_of_node(&self, node: u32) -> &Labels {
        self.labels.get(self.labels.of_nodes.get(node))
    }
}

impl<S: Source> SnapshotBuilder<S> {
    /// Returns the labels that tasks below a node inherit. `record` is the record of the node, `parent` the node above
    /// it, and `own` the id of its task, which may have the same labels itself.
    pub(crate) fn labels_for_node(&mut self, record: &S::Node, parent: u32, own: u64) -> LabelsRef {
        match record.has_labels() {
            true => self.read_labels(record, own),
            false => self.snapshot.labels.of_nodes.get(parent),
        }
    }

    pub(crate) fn note_labels_of_node(&mut self, node: u32, labels: LabelsRef) {
        if labels != LabelsRef::NONE {
            self.snapshot.labels.of_nodes.set(node, labels);
        }
    }

    /// Notes the labels that were set on a task itself, and its locals.
    pub(crate) fn note_own_labels(&mut self, task: u64, own: &S::Node) {
        if own.has_labels() {
            let labels = self.read_labels(own, task);
            self.snapshot.labels.own.insert(task, labels);
        }
        if own.has_locals() {
            self.note_task_locals(task, own);
        }
    }

    /// Reads the labels of a name node of a task. If the node was replaced meanwhile, the result is empty.
    fn read_labels(&mut self, record: &S::Node, task: u64) -> LabelsRef {
        let read = record.labels();
        let read = read.as_ref().map_or(&[][..], LabelBytes::as_slice);
        let read = Encoded::new(read, self.redacted);
        let (sets, known) = (&mut self.snapshot.labels, &mut self.known_labels);
        sets.add(known, read.as_slice(), task)
    }

    fn note_task_locals(&mut self, task: u64, own: &S::Node) {
        let Some(read) = own.locals() else {
            return;
        };
        let read = Encoded::new(read.as_slice(), self.redacted);
        let (sets, known) = (&mut self.snapshot.task_locals, &mut self.known_task_locals);
        let locals = sets.add(known, read.as_slice(), task);
        sets.own.insert(task, locals);
    }
}

/// Labels or locals, as a dump shows them.
enum Encoded<'a> {
    Original(&'a [u8]),
    Redacted(Box<LabelSet>),
}

impl<'a> Encoded<'a> {
    fn new(read: &'a [u8], redacted: bool) -> Self {
        match redacted {
            true => Encoded::Redacted(Box::new(redact_labels(read))),
            false => Encoded::Original(read),
        }
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Encoded::Original(read) => read,
            Encoded::Redacted(set) => LabelSet::as_slice(set),
        }
    }
}
