//! The tasks and nodes that have been read and that somebody may still ask for.

use super::builder::SnapshotBuilder;
use super::hash::{hash_keyed, mixed};
use super::labels::LabelsRef;
use super::names::{NameRef, Named};
use super::nodes::Place;
use crate::source::Source;

impl<S: Source> SnapshotBuilder<S> {
    pub(crate) fn known_node(&self, task: Place, name: NameRef, labels: LabelsRef) -> Option<u32> {
        let all = &self.snapshot;
        let (name, labels) = (all.names.get(name), all.labels.get(labels));
        let is = |number: u32| {
            let known = all.nodes.get(number).filter(|known| known.task == task);
            known.is_some_and(|known| all.names.get(known.name) == name)
                && all.labels_of_node(number) == labels
        };
        self.nodes.find(hash(task, name), is)
    }

    pub(crate) fn note_node(&mut self, number: u32) {
        let all = &self.snapshot;
        self.nodes.add(number, |number| {
            let node = all.nodes.get(number).expect("nodes are kept");
            hash(node.task, all.names.get(node.name))
        });
    }

    pub(crate) fn known_task(&self, id: u64) -> Option<Place> {
        let is = |number| self.snapshot.id_at(Place::from_number(number)) == id;
        let number = self.tasks.find(mixed(id), is)?;
        Some(Place::from_number(number))
    }

    pub(crate) fn note_task(&mut self, place: Place) {
        let all = &self.snapshot;
        let id_of = |number| all.id_at(Place::from_number(number));
        self.tasks
            .add(place.number(), |number| mixed(id_of(number)));
    }
}

fn hash(task: Place, name: Option<Named<'_>>) -> u64 {
    hash_keyed((task.number(), name))
}
