//! The answer to "what is everybody doing?".

pub(crate) mod age;
mod bits;
mod branches;
mod chunks;
mod classes;
mod coverage;
mod filter;
mod hash;
mod index;
mod known;
mod labels;
mod lineage;
mod names;
mod nodes;
mod plural;
mod process;
mod reading;
pub mod render;
mod row;
mod sites;
mod sorting;
mod source;
pub(crate) mod stack;
mod stacks;
mod task;
mod this_process;
mod threads;

use std::fmt;
use std::time::SystemTime;

use crate::platform::mode;
use crate::record::read::Record;
use crate::record::slot::Slot;
use crate::thread::local;
use crate::threads::{OsThread, OsThreads, ThreadReport};

use bits::Bits;
pub use coverage::Coverage;
pub use filter::{Filter, FilterError};
use filter::{Filters, Pace};
use nodes::Snapshot;
use reading::SnapshotBuilder;
use row::Row;
pub use sites::{sites, SiteStats};
use source::Source;
pub use stack::{Frame, Stack};
pub use task::{Ancestor, State, Task};
use this_process::ThisProcess;
use threads::Threads;

/// A snapshot of all live tasks, or of those that a [`Filter`] selects.
///
/// A dump stops no thread. Tasks are read one after the other while they continue. Each task is consistent in itself.
/// A task that lives throughout the reading is in the dump.
///
/// `{}` shows each task with its site, its parent and the origin of its name. `{:#}` and [`Dump::tree`] show which
/// task spawned which. [`render`] lists all forms. Each form ends with the [`Coverage`].
#[derive(Debug)]
pub struct Dump {
    /// With a row for each task, by id.
    nodes: Snapshot,
    /// Which of the rows were selected, and how many.
    selected: Option<Bits>,
    len: usize,
    coverage: Coverage,
    /// The tick at which it was taken, if ages can be told.
    now: Option<u64>,
    taken: Option<SystemTime>,
    filter: Filters,
    os_threads: Looked,
}

/// What was looked at of OS threads.
#[derive(Debug)]
enum Looked {
    /// Nothing, since nobody asked.
    No,
    /// Nothing, since the system does not list them.
    InVain,
    At(OsThreads),
}

/// Takes a snapshot of all live tasks.
///
/// # Examples
///
/// ```
/// println!("{}", birthmark::dump());
/// println!("{}", birthmark::dump().tree());
/// ```
pub fn dump() -> Dump {
    Dump::of(ThisProcess)
}

/// Returns all live tasks. A [`dump`] holds the same tasks in a fraction of the memory.
///
/// # Examples
///
/// ```
/// for task in birthmark::tasks() {
///     println!("{} {} is {}", task.id(), task.role(), task.state());
/// }
/// ```
pub fn tasks() -> Vec<Task> {
    dump().tasks().collect()
}

/// Returns the number of live tasks.
pub fn task_count() -> usize {
    ThisProcess.count()
}

/// Returns the task that runs on this thread, or `None` on a thread that instrumented code did not spawn, unless the
/// thread has spawned from instrumented code.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn main() {
/// let child = std::thread::spawn(|| birthmark::current().unwrap().role().to_owned());
/// assert_eq!(child.join().unwrap(), "main::{closure}");
/// # }
/// ```
pub fn current() -> Option<Task> {
    if crate::platform::thread::is_main() && !mode::has(mode::OFF) {
        local::with(|local| local.scope_or_adopt().map(drop));
    }
    let (task, scope) = local::with(|local| (local.current(), local.scope()));
    let (task, scope) = (task?, scope?);
    let record = read_live(task);
    // Its own name may be that of another call.
    let is_unnamed_call = record.is_called() && std::ptr::eq(scope, task);
    let name = match Record::read(scope).filter(|name| name.is_name_of(task)) {
        None if !is_unnamed_call => record.own_name(),
        name => name,
    };
    Some(one_under(&record, name.as_ref()))
}

/// Tasks with their names as people may see them.
pub(crate) fn shown(records: &[Record]) -> Vec<Task> {
    let now = ThisProcess.now();
    let mut builder = SnapshotBuilder::redacted(ThisProcess);
    let rows: Vec<Row> = records.iter().map(|record| builder.row(record)).collect();
    let mut snapshot = builder.finish();
    snapshot.threads = Threads::now(ThisProcess);
    rows.iter().map(|row| snapshot.task(row, now)).collect()
}

/// All that is known of one task, which the caller keeps alive.
pub(crate) fn one(slot: &'static Slot) -> Task {
    let record = read_live(slot);
    let own = record.own_name();
    one_under(&record, own.as_ref())
}

/// The record of a task that the caller keeps alive.
fn read_live(slot: &'static Slot) -> Record {
    loop {
        if let Some(record) = Record::read(slot) {
            return record;
        }
    }
}

/// One task under a name.
fn one_under(record: &Record, name: Option<&Record>) -> Task {
    let now = ThisProcess.now();
    let mut builder = SnapshotBuilder::new(ThisProcess);
    let row = builder.row_under(record, name);
    let mut snapshot = builder.finish();
    let status = snapshot.class(&row).status.into();
    snapshot.threads = Threads::only(ThisProcess, status);
    snapshot.task(&row, now)
}

impl Dump {
    fn of(source: impl Source) -> Self {
        let now = source.now();
        let nodes = SnapshotBuilder::redacted(source).all();
        Dump {
            len: nodes.rows.len(),
            selected: None,
            coverage: Coverage::of(source, &nodes),
            nodes,
            now,
            taken: source.time(),
            filter: Filters::default(),
            os_threads: Looked::No,
        }
    }

    /// Returns the tasks in the order of their ids, which is about the order of their creation.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.rows().map(|row| self.nodes.task(row, self.now))
    }

    fn rows(&self) -> impl Iterator<Item = &Row> + '_ {
        self.places().map(|place| &self.nodes.rows[place])
    }

    /// The places of the rows that were selected.
    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.rows.len()).filter(|&place| self.is_selected(place))
    }

    fn is_selected(&self, place: usize) -> bool {
        self.selected.as_ref().is_none_or(|bits| bits.has(place))
    }

    /// Returns the number of tasks in the dump.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns `true` if the dump has no task.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the number of tasks that were alive, including those that a [`Filter`] has left out.
    pub fn total(&self) -> usize {
        self.nodes.rows.len()
    }

    /// Returns the coverage of the dump.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Keeps the tasks that `filter` selects. Every rendering shows the filter.
    ///
    /// # Examples
    ///
    /// ```
    /// let stuck = "state=suspended&for=1m".parse()?;
    /// println!("{}", birthmark::dump().filter(&stuck));
    /// # Ok::<(), birthmark::FilterError>(())
    /// ```
    #[must_use]
    pub fn filter(self, filter: &Filter) -> Self {
        self.filter_while(filter, &mut || true)
    }

    /// Filters as [`Dump::filter`] does, until `goes_on` returns `false`. In that case the dump lacks tasks.
    ///
    /// Not public API. Used by birthmark-http.
    #[doc(hidden)]
    #[must_use]
    pub fn filter_while(mut self, filter: &Filter, goes_on: &mut dyn FnMut() -> bool) -> Self {
        let mut pace = Pace::new(goes_on);
        let mut selection = filter::Selection::new(filter, &self.nodes, self.now, &mut pace);
        let mut selected = Bits::none(self.nodes.rows.len());
        let has = |place: &usize| selection.has(&self.nodes.rows[*place]);
        self.len = self
            .places()
            .take_while(|_| pace.step())
            .filter(has)
            .map(|place| selected.add(place))
            .count();
        self.selected = Some(selected);
        self.filter.add(filter);
        self
    }

    /// Adds the OS threads of the process: the kernel's state of each, and the task that it runs. The renderings as
    /// text and [`Json`](render::Json) show all of them, even if the dump is filtered.
    ///
    /// This method reads the threads when it is called, after the tasks. If a task still runs on the same thread by
    /// then, the dump shows the call in which that thread waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::ThreadReport;
    ///
    /// let dump = birthmark::dump().with_threads(ThreadReport::States);
    /// for thread in dump.threads().unwrap_or_default() {
    ///     println!("{} {:?} {}", thread.id(), thread.name(), thread.state());
    /// }
    /// println!("{dump}");
    /// ```
    #[must_use]
    pub fn with_threads(mut self, report: ThreadReport) -> Self {
        let stacks = report == ThreadReport::Stacks;
        self.os_threads = match report {
            ThreadReport::Off => Looked::No,
            _ => OsThreads::look(stacks).map_or(Looked::InVain, Looked::At),
        };
        self
    }

    /// Returns the OS threads by their system id, without the threads of birthmark itself, or `None` if
    /// [`with_threads`](Dump::with_threads) was not called, or if the system does not list threads.
    pub fn threads(&self) -> Option<&[OsThread]> {
        match &self.os_threads {
            Looked::At(threads) => Some(threads.all()),
            Looked::No | Looked::InVain => None,
        }
    }

    /// The thread on which a task of the dump was still running when threads were looked at.
    fn thread_of(&self, row: &Row) -> Option<&OsThread> {
        let Looked::At(threads) = &self.os_threads else {
            return None;
        };
        match self.nodes.state(row) {
            State::Running { thread: Some(id) } => threads.running(id, row.id),
            _ => None,
        }
    }

    /// The nodes that are ancestors of one of the first so many tasks in the dump.
    fn used_nodes(&self, most: usize) -> Bits {
        let mut used = Bits::none(self.nodes.count());
        for row in self.rows().take(most) {
            let mut next = row.parent;
            while self.nodes.is_node(next) && used.add(next as usize) {
                next = self.nodes.parent_of(next);
            }
        }
        used
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.tree().fmt(f)
        } else {
            self.text().fmt(f)
        }
    }
}
