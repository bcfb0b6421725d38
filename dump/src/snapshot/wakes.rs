//! Wakes of tasks that wait for a poll.

use std::fmt::Write as _;
use std::sync::Arc;

use super::builder::SnapshotBuilder;
use super::compact::wakers::WakerRef;
use super::nodes::Snapshot;
use super::row::Row;
use crate::source::{Node, Source};
use crate::values::wake::WokenBy;
use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::record::words::{flag, Status};
use birthmark_core::__reader::record::{self, WakeSnapshot};
use birthmark_core::TaskId;

/// The state of a task, and its last wake.
pub(super) struct Woken {
    pub(super) status: Status,
    pub(super) flags: u64,
    pub(super) by: WakerRef,
}

impl<S: Source> SnapshotBuilder<S> {
    /// Reads the state of a task, and its wakes if it waits for a poll.
    #[inline(always)]
    pub(super) fn woken(&mut self, task: &S::Node) -> Woken {
        match task.wakes() {
            Some(wakes) => self.state_by_wakes(task, &wakes),
            None => Woken {
                status: task.status(),
                flags: task.flags(),
                by: WakerRef::NONE,
            },
        }
    }

    #[inline]
    fn state_by_wakes(&mut self, task: &S::Node, wakes: &WakeSnapshot) -> Woken {
        let status = task.status();
        let by = wakes.last_by;
        // A task that has woken itself can run since the end of its poll.
        let woken_at = match by {
            Some(record::WokenBy::Itself) => status.tick(),
            _ => wakes.last_tick.max(status.tick()),
        };
        let is_lost = !wakes.is_woken && !wakes.has_wakers && self.is_past(status.tick());
        Woken {
            status: status.woken(wakes.is_woken.then_some(woken_at)),
            flags: task.flags() | if is_lost { flag::NO_WAKER } else { 0 },
            by: by.map_or(WakerRef::NONE, |by| self.snapshot.wakers.add(by)),
        }
    }

    /// Returns `true` if a tick is over. What has not changed since then, and needs a poll to change, is certain.
    fn is_past(&self, tick: u32) -> bool {
        let now = *self.now.get_or_init(|| self.source.now());
        let now = now.map_or(0, |now| (now >> 32) as u32);
        now > tick + 1
    }
}

impl Snapshot {
    /// Returns the origin of the last wake of a task.
    pub(crate) fn woken_by(&self, row: &Row) -> Option<WokenBy> {
        Some(match self.wakers.get(row.woken_by)? {
            record::WokenBy::Itself => WokenBy::Itself,
            record::WokenBy::Task(id) => WokenBy::Task {
                id: TaskId::from(id),
                label: self.label_of(id),
            },
            record::WokenBy::Thread(number) => {
                let thread = number.and_then(|number| self.threads.numbered(number));
                WokenBy::Thread {
                    id: thread.and_then(|thread| thread.os_id),
                    name: thread.map_or_else(|| "".into(), |thread| thread.name.clone()),
                }
            }
        })
    }

    /// Returns the id of the other task that woke a task last.
    pub(crate) fn waking_task(&self, row: &Row) -> Option<u64> {
        match self.wakers.get(row.woken_by)? {
            record::WokenBy::Task(id) => Some(id),
            _ => None,
        }
    }

    /// Returns the id of the task that woke a task last, which may be the same.
    pub(crate) fn waking_task_or_itself(&self, row: &Row) -> Option<u64> {
        match self.wakers.get(row.woken_by)? {
            record::WokenBy::Itself => Some(row.id),
            record::WokenBy::Task(id) => Some(id),
            record::WokenBy::Thread(_) => None,
        }
    }

    /// Returns the index of a live task.
    pub(crate) fn place_of(&self, id: u64) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |row| row.id).ok()
    }

    /// Returns name and role of a live task.
    fn label_of(&self, id: u64) -> Option<Arc<str>> {
        let row = &self.rows[self.place_of(id)?];
        let mut label = String::new();
        if let Some(name) = self.name_of(row) {
            // Writing to a string does not fail.
            let _ = write!(label, "{name} ");
        }
        let _ = escape(&self.role(row), &mut label);
        Some(label.into())
    }
}
