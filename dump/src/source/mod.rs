//! The memory that a snapshot is taken of.
//!
//! A snapshot reads slots while other threads write them. A source reads each slot at one moment, as a [`Node`], and
//! follows the links from node to node. One source is this process. The crate `birthmark-outside` has the other one, which
//! reads another process or a core file.

mod this_process;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::SystemTime;

use birthmark_core::__reader::record::content::{LabelBytes, LocalBytes, NameText};
use birthmark_core::__reader::record::frames::FrameSnapshot;
pub use birthmark_core::__reader::record::gone::{GoneRecord, Ring};
pub use birthmark_core::__reader::record::read::Above;
use birthmark_core::__reader::record::words::Status;
use birthmark_core::__reader::record::WakeSnapshot;
use birthmark_core::__reader::site::{qualify, Counts};
use birthmark_core::Site;

use crate::values::gone::BadEnds;

pub(crate) use this_process::{completed, has_spawned, ThisProcess};

/// A memory in which there is a registry of tasks.
#[doc(hidden)]
pub trait Source: Copy {
    /// Content of a slot at one moment.
    type Node: Node;
    /// `true` if it is the memory of this process.
    const IS_OWN: bool;

    /// Calls `f` with each task that is alive.
    fn walk(self, f: impl FnMut(&Self::Node));
    /// Counts the tasks that are alive.
    fn count(self) -> usize;
    /// Reads a slot again. `None` if it is free.
    fn read(self, slot: <Self::Node as Node>::Slot) -> Option<Self::Node>;

    /// All threads that may run a task, by their number.
    fn threads(self) -> impl Iterator<Item = ThreadFacts>;
    /// The thread with this number.
    fn thread(self, number: u32) -> Option<ThreadFacts>;
    /// The system's ids of the OS threads, without those of birthmark's own. `None` if the system does not list them.
    fn os_threads(self) -> Option<Vec<u64>>;

    /// The present moment, as [`clock::fine`](birthmark_core::__reader::clock::fine) returns it. `None` if ages are not
    /// known.
    fn now(self) -> Option<u64>;
    /// The time of day.
    fn time(self) -> Option<SystemTime>;
    /// The process whose memory it is.
    fn process(self) -> Process;
    /// All sites by file and line, those of calls that may be no spawns as well.
    fn sites(self) -> Vec<&'static Site>;
    /// Returns `true` if a task that was spawned there has ended or was not recorded.
    fn has_spawned(self, site: &'static Site) -> bool;
    /// Number of tasks of a site that have ended.
    fn ended(self, site: &'static Site) -> u64;
    /// The last tasks that ended before they were ready, the oldest first.
    fn gone(self, ring: Ring) -> Vec<GoneRecord>;
    /// Number of spawns for which there was no memory.
    fn unrecorded(self) -> u64;
    /// Number of slots whose content is not known, because they changed or made no sense.
    fn unproved(self) -> u64;
}

/// Content of a slot at one moment: a task, or the name of one.
#[doc(hidden)]
pub trait Node: Copy {
    /// Address of a slot.
    type Slot: Copy;

    fn slot(&self) -> Self::Slot;
    /// Never reused, and different for a task and its names.
    fn id(&self) -> u64;
    fn site(&self) -> &'static Site;
    fn status(&self) -> Status;
    fn flags(&self) -> u64;
    fn polls(&self) -> u32;
    /// The tick of the spawn, in the upper half.
    fn spawned(&self) -> u64;
    fn is_live_task(&self) -> bool;
    /// Returns `true` if a pool keeps the task, which is an OS thread.
    fn is_pool_thread(&self) -> bool;
    /// The number of the thread that runs the task.
    fn thread(&self) -> Option<u32>;
    fn frames(&self) -> FrameSnapshot;
    /// The wakes of a task that waits for a poll. `None` if they are unknown.
    #[inline]
    fn wakes(&self) -> Option<WakeSnapshot> {
        None
    }
    /// Returns `true` if [`Node::frames`] would return these frames, of a suspended task, and this is known without a
    /// copy of them.
    #[inline]
    fn has_frames(&self, _frames: &FrameSnapshot) -> bool {
        false
    }

    /// Returns `true` if a live task has no name of its own, no ancestors that were cut, and no nodes below.
    fn is_alone(&self) -> bool;
    /// An upper bound of the nodes below, without the task's own name.
    fn nodes_below(&self) -> u64;
    /// Number of ancestors that were left out above.
    fn cut_ancestors(&self) -> u64;
    /// The link to the node above, as a number.
    fn parent_link(&self) -> u64;
    /// Returns `true` if the node above is the one with this link and id.
    fn has_parent(&self, link: u64, id: u64) -> bool;
    /// The node above.
    fn parent(&self) -> Above<Self>;
    /// The task that a node is, or belongs to. `None` if it has ended meanwhile.
    fn task(self) -> Option<Self>;
    /// The node with the task's own name.
    fn own_name(&self) -> Option<Self>;

    /// Returns `true` if it is a name node with a name, maybe the empty one.
    fn has_name(&self) -> bool;
    /// Returns `true` if it is a name node with labels, maybe none, in place of those that are inherited.
    fn has_labels(&self) -> bool;
    /// Returns `true` if it is a name node of a task with locals.
    fn has_locals(&self) -> bool;
    /// Reads the name. `None` if it was replaced meanwhile.
    fn read_name(&self, text: &mut NameText) -> Option<()>;
    /// Reads the labels. `None` if they were replaced meanwhile.
    fn labels(&self) -> Option<LabelBytes>;
    /// Reads the names and shown values of locals. `None` if they were replaced meanwhile.
    fn locals(&self) -> Option<LocalBytes>;
}

/// A thread that may run tasks.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ThreadFacts {
    /// By which the status of a task refers to it.
    pub number: u32,
    /// The system's id. `None` if the thread has ended.
    pub os_id: Option<u64>,
    pub name: Arc<str>,
}

/// A process.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Process {
    pub id: u32,
    /// Name of the program, without escapes.
    pub program: Arc<str>,
}

/// Returns the name of a program without escapes: the last part of the path by which it was started, or else of its
/// executable.
pub fn program_name(
    started: Option<&Path>,
    executable: impl FnOnce() -> Option<PathBuf>,
) -> String {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    let named = started.and_then(name);
    let named = named.or_else(|| name(&executable()?));
    named.unwrap_or_else(|| "?".into())
}

/// Counts of the whole process.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    /// Spawns while birthmark was off.
    pub(crate) untracked: u64,
    /// Spawns that hooks have refused.
    pub(crate) refused: u64,
    /// Spawns for which there was no memory.
    pub(crate) unrecorded: u64,
    pub(crate) passed_through: PassedThrough,
    /// Slots whose content is not known.
    pub(crate) unproved: u64,
    /// Number of sites that are known to be spawns.
    pub(crate) sites: usize,
    /// `true` if ages are known.
    pub(crate) clock: bool,
    /// Sites whose tasks did not all return, by file and line.
    pub(crate) bad_ends: Vec<BadEnds>,
    /// The sites of which tasks have ended, and the number of these tasks.
    pub(crate) ended: Vec<(&'static Site, u64)>,
}

impl Totals {
    /// Counts. `is_live` is `true` for the sites of tasks that are alive.
    pub(crate) fn of<S: Source>(source: S, is_live: impl Fn(&'static Site) -> bool) -> Self {
        let all = source.sites();
        if !S::IS_OWN {
            qualify(&all);
        }
        let sum = |count: fn(&Site) -> &AtomicU64| {
            let counts = all.iter().map(|site| count(site).load(Ordering::Relaxed));
            counts.sum()
        };
        let has_spawned = |site| is_live(site) || source.has_spawned(site);
        let is_spawn = |site: &&'static Site| site.is_certain() || has_spawned(site);
        let sites: Vec<_> = all.iter().copied().filter(is_spawn).collect();
        Totals {
            untracked: sum(|site| &site.counts.untracked),
            refused: sum(|site| &site.counts.refused),
            unrecorded: source.unrecorded(),
            passed_through: PassedThrough::at(&sites, has_spawned),
            unproved: source.unproved(),
            sites: sites.len(),
            clock: source.now().is_some(),
            bad_ends: all.iter().filter_map(|site| bad_ends(site)).collect(),
            ended: all
                .iter()
                .map(|site| (*site, source.ended(site)))
                .filter(|(_, ended)| *ended > 0)
                .collect(),
        }
    }
}

/// Returns the tasks of a site that ended before they were ready. `None` if there are none.
fn bad_ends(site: &'static Site) -> Option<BadEnds> {
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let ends = BadEnds {
        site,
        panicked: count(&site.counts.panicked),
        cancelled: count(&site.counts.cancelled),
        refused: count(&site.counts.refused),
    };
    (ends.panicked + ends.cancelled + ends.refused > 0).then_some(ends)
}

/// Returns the number of tasks in the counts of a site that have ended.
pub fn ended_of(counts: &Counts) -> u64 {
    let ends = [&counts.completed, &counts.panicked, &counts.cancelled];
    ends.into_iter()
        .map(|count| count.load(Ordering::Relaxed))
        .sum()
}

/// Returns `true` if the counts of a site show that a task was spawned there and has ended, or was not recorded.
pub fn has_counted(counts: &Counts) -> bool {
    let Counts {
        completed,
        panicked,
        cancelled,
        refused,
        untracked,
        ..
    } = counts;
    let counts = [completed, panicked, cancelled, refused, untracked];
    counts.iter().any(|count| count.load(Ordering::Relaxed) > 0)
}

impl PassedThrough {
    fn at(sites: &[&'static Site], has_spawned: impl Fn(&'static Site) -> bool) -> Self {
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
}

/// Arguments of spawn calls that were no known kind of task.
#[derive(Clone, Debug, Default)]
pub(crate) struct PassedThrough {
    pub(crate) arguments: u64,
    /// Number of calls that have handed them on.
    pub(crate) calls: usize,
    /// The calls of which no task came at all.
    pub(crate) sites: Vec<&'static Site>,
}
