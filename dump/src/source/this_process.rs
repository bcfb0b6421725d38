//! This process as a source.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::{Above, Node, PassedThrough, Source, ThreadFacts, Totals};
use crate::sites::has_spawned;
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::content::{LabelBytes, NameText};
use birthmark_core::__reader::record::frames::FrameSnapshot;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::slot::Slot;
use birthmark_core::__reader::record::thread_states::{self, ThreadState};
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::record::words::Status;
use birthmark_core::__reader::site::{self, Counts, Site};

/// The registry of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThisProcess;

impl Source for ThisProcess {
    type Node = Record;

    #[inline]
    fn walk(self, mut f: impl FnMut(&Record)) {
        walk(|slot| {
            if let Some(record) = Record::read(slot).filter(Record::is_live_task) {
                f(&record);
            }
        });
    }

    fn count(self) -> usize {
        let mut count = 0;
        walk(|slot| count += usize::from(slot.has_live_task()));
        count
    }

    #[inline]
    fn read(self, slot: &'static Slot) -> Option<Record> {
        Record::read(slot)
    }

    fn threads(self) -> impl Iterator<Item = ThreadFacts> {
        thread_states::all().map(facts)
    }

    fn thread(self, number: u32) -> Option<ThreadFacts> {
        thread_states::get(number).map(facts)
    }

    fn os_threads(self) -> Option<Vec<u64>> {
        let mut ids = birthmark_core::__reader::os_thread::all_os_ids()?;
        ids.retain(|&id| !birthmark_core::__reader::internal_thread::is_internal(id));
        Some(ids)
    }

    fn now(self) -> Option<u64> {
        clock::fine()
    }

    fn time(self) -> Option<SystemTime> {
        clock::wall()
    }

    fn totals(self, is_live: &dyn Fn(&'static Site) -> bool) -> Totals {
        let has_spawned = |site| is_live(site) || has_spawned(site);
        let is_spawn = |site: &&'static Site| site.is_certain() || has_spawned(site);
        let sites: Vec<_> = site::all().iter().copied().filter(is_spawn).collect();
        Totals {
            untracked: sum(|counts| &counts.untracked),
            refused: sum(|counts| &counts.refused),
            unrecorded: birthmark_core::__reader::spawn::unrecorded_count(),
            passed_through: passed_through(&sites, has_spawned),
            sites: sites.len(),
            clock: clock::runs(),
        }
    }
}

fn facts(thread: &'static ThreadState) -> ThreadFacts {
    ThreadFacts {
        number: thread.index(),
        os_id: thread.os_id(),
        name: thread.name().into(),
    }
}

fn passed_through(
    sites: &[&'static Site],
    has_spawned: impl Fn(&'static Site) -> bool,
) -> PassedThrough {
    let mut all = PassedThrough::default();
    for site in sites {
        let arguments = site.counts.passed_through.load(Ordering::Relaxed);
        if arguments > 0 {
            all.arguments += arguments;
            all.calls += 1;
            all.sites
                .extend(Some(*site).filter(|site| !has_spawned(site)));
        }
    }
    all
}

/// The sum of a count over all sites.
fn sum(count: impl Fn(&Counts) -> &AtomicU64) -> u64 {
    let counts = site::all().iter().map(|site| count(&site.counts));
    counts.map(|count| count.load(Ordering::Relaxed)).sum()
}

/// Implements methods of [`Node`] by the methods of [`Record`] that have the same names.
macro_rules! by_record {
    ($(fn $method:ident(&self $(, $argument:ident: $type:ty)*) -> $result:ty;)+) => {
        $(
            #[inline]
            fn $method(&self $(, $argument: $type)*) -> $result {
                Record::$method(self $(, $argument)*)
            }
        )+
    };
}

impl Node for Record {
    type Slot = &'static Slot;

    #[inline]
    fn slot(&self) -> &'static Slot {
        self.slot
    }

    #[inline]
    fn id(&self) -> u64 {
        self.id
    }

    #[inline]
    fn status(&self) -> Status {
        self.status
    }

    #[inline]
    fn thread(&self) -> Option<u32> {
        self.status.thread_index()
    }

    #[inline]
    fn frames(&self) -> FrameSnapshot {
        FrameSnapshot::read(self)
    }

    #[inline]
    fn task(self) -> Option<Record> {
        Record::task(self)
    }

    #[inline]
    fn read_name(&self, text: &mut NameText) -> Option<()> {
        Record::read_text(self, text)
    }

    by_record! {
        fn site(&self) -> &'static Site;
        fn flags(&self) -> u64;
        fn polls(&self) -> u32;
        fn spawned(&self) -> u64;
        fn is_live_task(&self) -> bool;
        fn is_pool_thread(&self) -> bool;
        fn is_alone(&self) -> bool;
        fn nodes_below(&self) -> u64;
        fn cut_ancestors(&self) -> u64;
        fn parent_link(&self) -> u64;
        fn has_parent(&self, link: u64, id: u64) -> bool;
        fn parent(&self) -> Above;
        fn own_name(&self) -> Option<Record>;
        fn has_name(&self) -> bool;
        fn has_labels(&self) -> bool;
        fn labels(&self) -> Option<LabelBytes>;
    }
}
