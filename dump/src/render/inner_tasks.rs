//! The tasks that threads run beside their own.

use std::collections::HashMap;

use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::row::Row;
use crate::Dump;

/// The innermost task of each thread that runs one beside its own, by the thread's number.
#[derive(Default)]
pub(super) struct InnerTasks(HashMap<u32, (u32, u64), IdHash>);

impl InnerTasks {
    pub(super) fn new(dump: &Dump) -> Self {
        let mut inner = InnerTasks::default();
        for row in dump.rows() {
            let shape = dump.snapshot.shape(row);
            let is_on_thread = dump.snapshot.bare_state(row).is_on_thread();
            let Some(number) = shape.status.thread_index().filter(|_| is_on_thread) else {
                continue;
            };
            if !shape.kind().is_thread() {
                let latest = inner.0.entry(number).or_default();
                *latest = (*latest).max((row.since, row.id));
            }
        }
        inner
    }

    /// Returns the task that a thread runs, if `row` is the thread.
    pub(super) fn of(&self, dump: &Dump, row: &Row) -> Option<u64> {
        let shape = dump.snapshot.shape(row);
        let number = shape.status.thread_index()?;
        let (_, id) = self.0.get(&number).filter(|_| shape.kind().is_thread())?;
        Some(*id)
    }
}
