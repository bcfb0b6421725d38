//! The sites of the program, with counts of the tasks that were spawned there.

use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::__reader::record::walk;
use birthmark_core::__reader::site::{self, Counts, Site};
use birthmark_core::Kind;

use crate::source::{completed, has_spawned, Node as _, Source};
use crate::values::delays::Delays;

/// A site and its counts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteStats {
    /// The site.
    pub site: &'static Site,
    /// Kind of the tasks. If [`Site::kind`] does not know it, the kind that an earlier call of [`sites`] found in
    /// live tasks.
    pub kind: Kind,
    /// Number of live tasks.
    pub live: u64,
    /// Time since the oldest live task was spawned, with a resolution of a tenth of a second, or `None` if no task is
    /// alive or no clock runs.
    pub max_age: Option<Duration>,
    /// Number of tasks that have returned.
    pub completed: u64,
    /// Number of tasks that have panicked.
    pub panicked: u64,
    /// Number of tasks that were dropped before they returned.
    pub cancelled: u64,
    /// Number of tasks that a hook has refused. They do not count as spawned.
    pub refused: u64,
    /// Number of arguments that were no known kind of task. They have no record, and do not count as spawned.
    pub passed_through: u64,
    /// The times between wakes and polls, if they are measured. Sites that one function has found while the program runs
    /// count together.
    pub delays: Option<Delays>,
}

impl SiteStats {
    /// Returns the number of tasks that were spawned here.
    pub fn spawned(&self) -> u64 {
        self.live + self.completed + self.panicked + self.cancelled
    }
}

/// Returns `true` if any code of the program is instrumented and contains a spawn. Otherwise no task has a record except
/// the main thread, and dumps say so.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// fn start() {
///     std::thread::spawn(|| {});
/// }
///
/// assert!(birthmark::is_instrumented());
/// # start();
/// ```
pub fn is_instrumented() -> bool {
    site::count() > 0
}

/// Returns every spawn site that is linked into the program, by file and line. Sites that never ran are included.
///
/// A call that may be no spawn, such as `client.execute(request)`, is included after a task was spawned there.
///
/// The counts of a site are read one after the other while tasks continue. They are exact if nothing is spawned or
/// ends meanwhile.
///
/// # Examples
///
/// ```
/// for stats in birthmark::sites() {
///     println!("{} {}: {} live", stats.site, stats.site.role(), stats.live);
/// }
/// ```
pub fn sites() -> Vec<SiteStats> {
    let now = clock::fine();
    let live = count_live();
    let none = Live::default();
    let sites = site::all().iter().map(|site| {
        let live = live.get(&ptr::from_ref(site.counts())).unwrap_or(&none);
        stats(site, live, completed(site), now)
    });
    let is_spawn = |stats: &SiteStats| {
        let site = stats.site;
        site.is_certain() || stats.live > 0 || has_spawned(site)
    };
    sites.filter(is_spawn).collect()
}

/// The live tasks of a site.
#[derive(Default)]
struct Live {
    count: u64,
    /// The tick at which the oldest was spawned, in the upper half.
    first: Option<u64>,
}

impl Live {
    fn add(&mut self, spawned: u64) {
        self.count += 1;
        self.first = Some(self.first.map_or(spawned, |first| first.min(spawned)));
    }
}

/// Returns the live tasks by the counts of their call.
fn count_live() -> HashMap<*const Counts, Live> {
    let mut live: HashMap<_, Live> = HashMap::new();
    walk(|slot| {
        if let Some(record) = Record::read(slot).filter(|record| record.is_counted()) {
            let spawned = record.spawned();
            note_kind(record.site(), record.flags());
            live.entry(ptr::from_ref(record.site().counts()))
                .or_default()
                .add(spawned);
        }
    });
    live
}

/// Stores the kind of a task, for the time when no task of its site is alive.
fn note_kind(site: &Site, flags: u64) {
    if site.kind() == Kind::Unknown {
        let kind = Kind::of(site, flags);
        site.counts().seen.store(kind as u8, Ordering::Relaxed);
    }
}

/// Returns the sites of another memory. Its sites have all counts of their tasks.
#[doc(hidden)]
pub fn sites_of(source: impl Source) -> Vec<SiteStats> {
    let now = source.now();
    let all = source.sites();
    let mut live: HashMap<*const Counts, Live> = HashMap::new();
    source.walk(|task| {
        note_kind(task.site(), task.flags());
        let live = live.entry(ptr::from_ref(task.site().counts())).or_default();
        live.add(task.spawned());
    });
    let none = Live::default();
    let sites = all.into_iter().map(|site| {
        let live = live.get(&ptr::from_ref(site.counts())).unwrap_or(&none);
        stats(site, live, 0, now)
    });
    let is_spawn = |stats: &SiteStats| {
        let site = stats.site;
        site.is_certain() || stats.live > 0 || source.has_spawned(site)
    };
    sites.filter(is_spawn).collect()
}

fn stats(site: &'static Site, live: &Live, completed: u64, now: Option<u64>) -> SiteStats {
    let counts = site.counts();
    SiteStats {
        site,
        kind: Kind::of(site, counts.seen.load(Ordering::Relaxed).into()),
        live: live.count,
        max_age: live.first.and_then(|first| clock::since(first, now?)),
        completed: completed + counts.completed.load(Ordering::Relaxed),
        panicked: counts.panicked.load(Ordering::Relaxed),
        cancelled: counts.cancelled.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        passed_through: counts.passed_through.load(Ordering::Relaxed),
        delays: Delays::of(site),
    }
}
