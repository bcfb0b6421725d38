//! Which tasks run, and on which threads.

use std::cmp::Reverse;
use std::collections::HashMap;

use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::slot::{state, Slot};
use birthmark_core::__reader::record::walk;
use birthmark_core::Kind;

/// The tasks that run at one moment, or almost: each is read while the others go on.
#[derive(Default)]
pub(super) struct Runs(HashMap<u64, Vec<Record>>);

impl Runs {
    pub(super) fn now() -> Self {
        let mut runs = Runs::default();
        walk(|slot| {
            // Few of a million tasks run: the others cost no more than this.
            if slot.state() == state::RUNNING {
                runs.add(slot);
            }
        });
        for on_a_thread in runs.0.values_mut() {
            on_a_thread.sort_unstable_by_key(inner_first);
        }
        runs
    }

    fn add(&mut self, slot: &'static Slot) -> Option<()> {
        let record = Record::read(slot).filter(Record::is_live_task)?;
        let thread = Record::thread_of(record.status)?.os_id()?;
        self.0.entry(thread).or_default().push(record);
        Some(())
    }

    /// The tasks that run on a thread, by the system's id: the innermost first.
    pub(super) fn on(&self, thread: u64) -> &[Record] {
        self.0.get(&thread).map_or(&[], Vec::as_slice)
    }

    /// Whether a thread runs the same tasks then as now, each still in the same poll.
    pub(super) fn are_the_same(&self, later: &Self, thread: u64) -> bool {
        let run = |record: &Record| (record.id, record.status, record.polls());
        let (then, now) = (self.on(thread).iter(), later.on(thread).iter());
        then.map(run).eq(now.map(run))
    }
}

/// A thread as a whole is around all else. Of others, that which was polled later is inside, as far as the
/// clock tells, and else the younger one.
fn inner_first(record: &Record) -> impl Ord + use<> {
    let is_thread = Kind::of(record.site(), record.flags()).is_thread();
    (is_thread, Reverse(record.status >> 32), Reverse(record.id))
}
