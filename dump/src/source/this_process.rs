//! This process as a source.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::{
    ended_of, has_counted, program_name, Above, GoneRecord, Node, Process, Ring, Source,
    ThreadFacts,
};
use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::content::{LabelBytes, LocalBytes, NameText};
use birthmark_core::__reader::record::frames::FrameSnapshot;
use birthmark_core::__reader::record::gone;
use birthmark_core::__reader::record::image::SlotImage;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::slot::Slot;
use birthmark_core::__reader::record::thread_states::{self, ThreadState};
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::record::words::Status;
use birthmark_core::__reader::record::WakeSnapshot;
use birthmark_core::__reader::site::{self, Site};

/// The registry of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThisProcess;

impl Source for ThisProcess {
    type Node = Record;
    const IS_OWN: bool = true;

    #[inline]
    fn walk(self, mut f: impl FnMut(&Record)) {
        walk(|slot| {
            if let Some(record) = Record::read(slot).filter(|record| record.is_live_task()) {
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

    fn process(self) -> Process {
        static PROGRAM: OnceLock<Arc<str>> = OnceLock::new();
        Process {
            id: std::process::id(),
            program: PROGRAM.get_or_init(program).clone(),
        }
    }

    fn sites(self) -> Vec<&'static Site> {
        site::all().to_vec()
    }

    fn has_spawned(self, site: &'static Site) -> bool {
        has_spawned(site)
    }

    fn ended(self, site: &'static Site) -> u64 {
        ended_of(&site.counts) + completed(site)
    }

    fn gone(self, ring: Ring) -> Vec<GoneRecord> {
        gone::read(ring)
    }

    fn unrecorded(self) -> u64 {
        birthmark_core::__reader::spawn::unrecorded_count()
    }

    fn unproved(self) -> u64 {
        0
    }
}

/// Returns the name of the program.
fn program() -> Arc<str> {
    let started = std::env::args_os().next().map(PathBuf::from);
    program_name(started.as_deref(), || std::env::current_exe().ok()).into()
}

/// Returns the number of completed tasks of a site that threads have counted.
pub(crate) fn completed(site: &Site) -> u64 {
    thread_states::all()
        .map(|state| state.completed.of(site))
        .sum()
}

/// Returns `true` if the call has spawned a task that has ended or was not recorded.
pub(crate) fn has_spawned(site: &Site) -> bool {
    has_counted(&site.counts) || thread_states::all().any(|block| block.completed.of(site) > 0)
}

fn facts(thread: &'static ThreadState) -> ThreadFacts {
    ThreadFacts {
        number: thread.index(),
        os_id: thread.os_id(),
        name: thread.name().into(),
    }
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

/// Implements methods of [`Node`] by the methods of [`SlotImage`] that have the same names.
macro_rules! by_image {
    ($(fn $method:ident(&self) -> $result:ty;)+) => {
        $(
            #[inline]
            fn $method(&self) -> $result {
                SlotImage::$method(self)
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
    fn wakes(&self) -> Option<WakeSnapshot> {
        self.waits().then(|| WakeSnapshot::read(self))?
    }

    #[inline]
    fn has_frames(&self, frames: &FrameSnapshot) -> bool {
        frames.is_of(self)
    }

    #[inline]
    fn task(self) -> Option<Record> {
        Record::task(self)
    }

    #[inline]
    fn read_name(&self, text: &mut NameText) -> Option<()> {
        Record::read_text(self, text)
    }

    by_image! {
        fn flags(&self) -> u64;
        fn polls(&self) -> u32;
        fn spawned(&self) -> u64;
        fn is_live_task(&self) -> bool;
        fn is_alone(&self) -> bool;
        fn nodes_below(&self) -> u64;
        fn cut_ancestors(&self) -> u64;
        fn parent_link(&self) -> u64;
        fn has_name(&self) -> bool;
        fn has_labels(&self) -> bool;
        fn has_locals(&self) -> bool;
    }

    by_record! {
        fn site(&self) -> &'static Site;
        fn is_pool_thread(&self) -> bool;
        fn has_parent(&self, link: u64, id: u64) -> bool;
        fn parent(&self) -> Above;
        fn own_name(&self) -> Option<Record>;
        fn labels(&self) -> Option<LabelBytes>;
        fn locals(&self) -> Option<LocalBytes>;
    }
}
