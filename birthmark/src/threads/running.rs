//! The tasks that run, by thread.

use std::cmp::Reverse;
use std::collections::HashMap;

use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::slot::Slot;
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::record::words::state;
use birthmark_core::Kind;

/// The tasks that run at about one moment. Each is read while the others continue.
#[derive(Default)]
pub(super) struct Runs(HashMap<u64, Vec<Record>>);

impl Runs {
    pub(super) fn now() -> Self {
        let mut runs = Runs::default();
        walk(|slot| {
            // Few of a million tasks run: the others cost no more than this.
            if slot.status().state() == state::RUNNING {
                runs.add(slot);
            }
        });
        for on_a_thread in runs.0.values_mut() {
            on_a_thread.sort_unstable_by_key(inner_first);
        }
        runs
    }

    fn add(&mut self, slot: &'static Slot) -> Option<()> {
        let record = Record::read(slot).filter(|record| record.is_live_task())?;
        let thread = record.thread()?.os_id()?;
        self.0.entry(thread).or_default().push(record);
        Some(())
    }

    /// Returns the tasks that run on a thread, by its system id, innermost first.
    pub(super) fn on(&self, thread: u64) -> &[Record] {
        self.0.get(&thread).map_or(&[], Vec::as_slice)
    }

    /// Returns `true` if a thread runs the same tasks now as later, each in the same poll.
    pub(super) fn are_the_same(&self, later: &Self, thread: u64) -> bool {
        let run = |record: &Record| (record.id, record.status, record.polls());
        let (then, now) = (self.on(thread).iter(), later.on(thread).iter());
        then.map(run).eq(now.map(run))
    }
}

/// Returns the innermost task that a thread runs, except the thread itself. It allocates nothing.
pub(crate) fn innermost_on(thread: u64) -> Option<Record> {
    let mut found: Option<Record> = None;
    walk(|slot| {
        if slot.status().state() != state::RUNNING {
            return;
        }
        let record = Record::read(slot).filter(|record| record.is_live_task());
        let runs_it = |record: &Record| {
            let on = record.thread().and_then(|thread| thread.os_id());
            on == Some(thread) && !record.is_pool_thread()
        };
        if let Some(record) = record.filter(runs_it) {
            let is_inner = |found: Record| inner_first(&record) < inner_first(&found);
            if found.is_none_or(is_inner) {
                found = Some(record);
            }
        }
    });
    found
}

/// Sorts the tasks of one thread, innermost first. The task that is the thread itself comes last. Of two other tasks,
/// the one with the later poll is inside. If both polls have the same tick, the younger task is.
fn inner_first(record: &Record) -> impl Ord + use<> {
    let is_thread = Kind::of(record.site(), record.flags()).is_thread();
    (is_thread, Reverse(record.status.tick()), Reverse(record.id))
}
