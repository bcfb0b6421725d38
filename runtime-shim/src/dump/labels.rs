//! The labels of the tasks in a dump: each different set once, as far as that is cheap.
//!
//! There is nothing of this where no task has a label.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::chunks::Chunks;
use super::nodes::{IdHash, Nodes};
use super::row::Row;
use crate::label::{LabelSet, Labels};
use crate::redact::redact_labels;
use crate::registry::content::LabelBytes;
use crate::registry::read::Record;

/// Sets that are recognised when they come again. Where there are more, as when each task has labels of
/// its own, one may be kept twice.
const MOST_KNOWN: usize = 16 * 1024;

/// Which labels hold at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LabelsRef(u32);

impl LabelsRef {
    /// No labels, as nobody has set any.
    pub(super) const NONE: LabelsRef = LabelsRef(u32::MAX);
}

#[derive(Debug, Default)]
pub(super) struct LabelSets {
    sets: Chunks<Labels>,
    /// By the hash of a set. Only needed while reading.
    known: HashMap<u64, LabelsRef, IdHash>,
    of_nodes: Column,
    of_extras: Column,
}

/// For each place which labels hold there. It is as long as it has to be.
#[derive(Debug, Default)]
struct Column(Chunks<LabelsRef>);

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

impl LabelSets {
    fn add(&mut self, encoded: &[u8]) -> LabelsRef {
        let hash = hash(encoded);
        if let Some(&known) = self.known.get(&hash) {
            if self.get(known).as_slice() == encoded {
                return known;
            }
        }
        if self.known.len() == MOST_KNOWN {
            self.known.clear();
        }
        let new = LabelsRef(self.sets.push(Labels::new(encoded)));
        self.known.insert(hash, new);
        new
    }

    pub(super) fn get(&self, labels: LabelsRef) -> &Labels {
        self.sets.get(labels.0).unwrap_or(&Labels::NONE)
    }

    /// Forgets what is only needed while reading.
    pub(super) fn finish(&mut self) {
        self.known = HashMap::default();
    }

    /// All sets, each at the place that [`LabelsRef::index`] tells.
    pub(super) fn all(&self) -> impl Iterator<Item = &Labels> {
        self.sets.iter()
    }
}

impl LabelsRef {
    /// The place among all sets, if there are labels.
    pub(super) fn index(self) -> Option<usize> {
        (self != LabelsRef::NONE).then_some(self.0 as usize)
    }
}

fn hash(encoded: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    encoded.hash(&mut hasher);
    hasher.finish()
}

impl Nodes {
    /// Notes which labels those born under a node inherit. `parent` is the node above it.
    #[inline]
    pub(super) fn note_labels_of_node(&mut self, node: u32, record: &Record, parent: u32) {
        let labels = match record.has_labels() {
            true => self.read_labels(record),
            false => self.labels.of_nodes.get(parent),
        };
        if labels != LabelsRef::NONE {
            self.labels.of_nodes.set(node, labels);
        }
    }

    /// Notes the labels that a task has been given itself, if it has.
    pub(super) fn note_labels_of_extra(&mut self, extra: u32, own: &Record) {
        if !own.has_labels() {
            return;
        }
        let labels = match self.known_node(own) {
            Some(node) => self.labels.of_nodes.get(node),
            None => self.read_labels(own),
        };
        self.labels.of_extras.set(extra, labels);
    }

    /// Reads the labels of a name node. If it was replaced meanwhile, there are none.
    fn read_labels(&mut self, record: &Record) -> LabelsRef {
        let read = record.labels();
        let read = read.as_ref().map_or(&[][..], LabelBytes::as_slice);
        if self.names.redacted {
            self.labels.add(LabelSet::as_slice(&redact_labels(read)))
        } else {
            self.labels.add(read)
        }
    }

    /// Which labels a task has.
    pub(super) fn labels_ref(&self, row: &Row) -> LabelsRef {
        let own = row.extra().map(|extra| self.labels.of_extras.get(extra));
        own.filter(|own| *own != LabelsRef::NONE)
            .unwrap_or_else(|| self.labels.of_nodes.get(self.parent(row)))
    }

    /// The labels of a task.
    pub(super) fn labels_of(&self, row: &Row) -> &Labels {
        self.labels.get(self.labels_ref(row))
    }

    /// The labels that those born under a node inherit.
    pub(super) fn labels_of_node(&self, node: u32) -> &Labels {
        self.labels.get(self.labels.of_nodes.get(node))
    }
}
