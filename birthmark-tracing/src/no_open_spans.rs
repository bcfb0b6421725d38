//! Without the layer, dumps show no spans.

use birthmark::Spawn;

/// The entry of no task.
#[derive(Debug)]
pub(crate) enum TaskEntry {}

impl TaskEntry {
    pub(crate) fn enter(&mut self) {
        match *self {}
    }

    pub(crate) fn exit(&mut self) {
        match *self {}
    }
}

pub(crate) fn entry_of(_spawn: &Spawn<'_>) -> Option<TaskEntry> {
    None
}
