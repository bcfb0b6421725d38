//! The tasks and nodes that have been read and that somebody may still ask for.

use super::hash::{hash_keyed, mixed};
use super::labels::LabelsRef;
use super::names::{NameRef, Named};
use super::nodes::{Nodes, Place};

impl Nodes {
    pub(super) fn known_node(&self, task: Place, name: NameRef, labels: LabelsRef) -> Option<u32> {
        let (name, labels) = (self.names.get(name), self.labels.get(labels));
        let is = |number: u32| {
            let known = self.nodes.get(number).filter(|known| known.task == task);
            known.is_some_and(|known| self.names.get(known.name) == name)
                && self.labels_of_node(number) == labels
        };
        self.reading.nodes.find(hash(task, name), is)
    }

    pub(super) fn note_node(&mut self, number: u32) {
        let Nodes {
            reading,
            nodes,
            names,
            ..
        } = self;
        reading.nodes.add(number, |number| {
            let node = nodes.get(number).expect("nodes are kept");
            hash(node.task, names.get(node.name))
        });
    }

    pub(super) fn known_task(&self, id: u64) -> Option<Place> {
        let is = |number| self.id_at(Place::from_number(number)) == id;
        let number = self.reading.tasks.find(mixed(id), is)?;
        Some(Place::from_number(number))
    }

    pub(super) fn note_task(&mut self, place: Place) {
        let mut tasks = std::mem::take(&mut self.reading.tasks);
        let id_of = |number| self.id_at(Place::from_number(number));
        tasks.add(place.number(), |number| mixed(id_of(number)));
        self.reading.tasks = tasks;
    }
}

fn hash(task: Place, name: Option<Named<'_>>) -> u64 {
    hash_keyed((task.number(), name))
}
