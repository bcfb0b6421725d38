//! The end of a snapshot, which sorts rows by id.

use super::builder::SnapshotBuilder;
use super::compact::chunked_vec::ChunkedVec;
use super::nodes::{Snapshot, TaskIndex};
use super::row::Row;
use crate::source::Source;

impl<S: Source> SnapshotBuilder<S> {
    /// Sorts the rows, and drops the indices that only the builder needs.
    pub(crate) fn finish(self) -> Snapshot {
        let mut snapshot = self.into_snapshot();
        if !snapshot.rows.is_sorted_by(|a, b| a.id < b.id) {
            snapshot.sort();
        }
        snapshot
    }
}

impl Snapshot {
    fn sort(&mut self) {
        let rows = self.nodes.iter().filter_map(|node| node.task.row().ok());
        let mut ids = ChunkedVec::default();
        for row in rows {
            ids.push(self.rows[row].id);
        }
        // A task that has spawned for the first time after the walk had come by was read again. Its nodes are
        // above none of what the first reading has seen.
        self.rows.sort_unstable_by_key(|row| (row.id, row.parent));
        self.rows.dedup_by_key(|row| row.id);
        let mut nodes = self.nodes.iter_mut();
        let mut last = 0;
        for &id in ids.iter() {
            let Some(node) = nodes.find(|node| node.task.row().is_ok()) else {
                return;
            };
            last = place_of(&self.rows, id, last);
            node.task = TaskIndex::of_row(last as u32);
        }
    }
}

/// Returns the index of the row with this id, which often follows the index that was found last.
fn place_of(rows: &[Row], id: u64, last: usize) -> usize {
    let near = (last..rows.len().min(last + 2)).find(|&place| rows[place].id == id);
    let search = || rows.binary_search_by_key(&id, |row| row.id);
    near.unwrap_or_else(|| search().expect("the rows of nodes are kept"))
}
