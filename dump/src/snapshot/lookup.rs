//! The search for tasks and nodes that were read before.

use super::builder::SnapshotBuilder;
use super::compact::hash::{hash_keyed, mixed};
use super::compact::names::{NameRef, Named};
use super::labels::LabelsRef;
use super::nodes::TaskIndex;
use crate::source::Source;

impl<S: Source> SnapshotBuilder<S> {
    pub(crate) fn known_node(
        &self,
        task: TaskIndex,
        name: NameRef,
        labels: LabelsRef,
    ) -> Option<u32> {
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

    pub(crate) fn known_task(&self, id: u64) -> Option<TaskIndex> {
        let is = |number| self.snapshot.id_at(TaskIndex::from_number(number)) == id;
        let number = self.tasks.find(mixed(id), is)?;
        Some(TaskIndex::from_number(number))
    }

    pub(crate) fn note_task(&mut self, place: TaskIndex) {
        let all = &self.snapshot;
        let id_of = |number| all.id_at(TaskIndex::from_number(number));
        self.tasks
            .add(place.number(), |number| mixed(id_of(number)));
    }
}

fn hash(task: TaskIndex, name: Option<Named<'_>>) -> u64 {
    hash_keyed((task.number(), name))
}
