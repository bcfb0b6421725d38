//! A dump: a snapshot, the part of it that filters have selected, and OS threads.

use std::cmp::Reverse;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::awaits::{
    AwaitDetail, AwaitReader, AwaitReading, AwaitScan, AwaitStacks, KnownTask, ReadAwaits,
    UsesReader,
};
use crate::coverage::Coverage;
use crate::filter::{Filter, Filters, Pace, Selection};
use crate::gone::Gone;
use crate::process::Head;
use crate::snapshot::builder::SnapshotBuilder;
use crate::snapshot::compact::bit_set::BitSet;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::snapshot::spans::Spans;
use crate::source::{Process, Source};
use crate::threads::{blocked, OsThread, OsThreads, ThreadDetail};
use crate::values::await_stack::{AwaitStack, MissingFrames};
use crate::values::delays::{delays, Delays};
use crate::values::dropped::{dropped, DroppedAwait};
use crate::values::gone::{BadEnds, GoneTask};
use crate::values::stack::Stack;
use crate::wait_graph::{checked, Uses};
use crate::{State, Task};
use birthmark_core::__reader::clock;
use birthmark_core::{Site, TaskId};
use std::sync::Arc;

/// Reads stacks into what its argument collects.
#[doc(hidden)]
pub type ReadInto<'a> = &'a mut dyn FnMut(&mut dyn AwaitReading) -> Result<(), MissingFrames>;

/// Maximum time in which the uses of shared things are read.
const MAX_READING: Duration = Duration::from_secs(2);

/// Reads the OS threads, and their stacks if the argument is `true`. Returns `None` if the system does not list
/// threads.
pub type LookAtThreads = fn(stacks: bool) -> Option<OsThreads>;

/// A snapshot of all live tasks, or of those that a [`Filter`] selects.
///
/// A dump stops no thread. Tasks are read one after the other while they continue. Each task is consistent in itself.
/// A task that lives throughout the reading is in the dump.
///
/// `{}` shows each task with its site, its parent and the origin of its name. `{:#}` and [`Dump::tree`] show which
/// task spawned which. [`render`](crate::render) lists all forms. Each form ends with the [`Coverage`].
#[derive(Debug)]
pub struct Dump {
    /// All tasks, as rows ordered by id.
    pub(crate) snapshot: Snapshot,
    /// The rows that were selected; `None` for all.
    pub(crate) selected: Option<BitSet>,
    pub(crate) len: usize,
    pub(crate) coverage: Coverage,
    pub(crate) gone: Gone,
    /// Empty for another process.
    pub(crate) dropped: Vec<DroppedAwait>,
    /// By site, the longest delay first.
    pub(crate) delays: Vec<(&'static Site, Delays)>,
    /// The tick at which the dump was taken; `None` if ages are unknown.
    pub(crate) now: Option<u64>,
    pub(crate) taken: Option<SystemTime>,
    pub(crate) process: Process,
    pub(crate) filter: Filters,
    pub(crate) os_threads: ThreadScan,
    look_at_threads: LookAtThreads,
    pub(crate) awaits: AwaitScan,
    read_awaits: ReadAwaits,
    /// Uses of shared things by tasks, once something needs them.
    uses: OnceLock<ReadUses>,
    /// JSON has what tasks wait for.
    pub(crate) shows_waits: bool,
}

/// Uses of shared things by tasks.
#[derive(Debug)]
struct ReadUses {
    uses: Uses,
    /// The reason for which there are none.
    missing: Option<MissingFrames>,
    /// Number of suspended tasks that were not read, because there were too many or because the time was over.
    omitted: usize,
}

/// The parts of a task that need no memory.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Brief {
    pub id: u64,
    pub site: &'static Site,
    /// Without a thread.
    pub state: State,
    pub since: Option<Duration>,
    pub age: Option<Duration>,
    pub polls: u32,
}

/// The OS threads of a dump, or the reason why it has none.
#[derive(Debug)]
pub(crate) enum ThreadScan {
    /// The caller did not request them.
    NotRequested,
    /// The system does not list threads.
    Unsupported,
    Done(OsThreads),
}

impl Dump {
    /// Returns the line that identifies a dump; see [`Head`].
    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            process: &self.process,
            taken: self.taken,
        }
    }

    /// Takes a snapshot. `look_at_threads` is called if [`Dump::with_threads`] is, and `read_awaits` if
    /// [`Dump::with_awaits`] is.
    pub(crate) fn of<S: Source>(
        source: S,
        look_at_threads: LookAtThreads,
        read_awaits: ReadAwaits,
    ) -> Self {
        let now = source.now();
        let mut snapshot = SnapshotBuilder::redacted(source).all();
        if S::IS_OWN {
            snapshot.spans = Spans::read();
        }
        let mut coverage = Coverage::of(source, &snapshot);
        let gone = Gone::of(source, &snapshot, coverage.take_bad_ends(), now);
        Dump {
            len: snapshot.rows.len(),
            selected: None,
            coverage,
            gone,
            dropped: if S::IS_OWN { dropped() } else { Vec::new() },
            delays: if S::IS_OWN { delays() } else { Vec::new() },
            snapshot,
            now,
            taken: source.time(),
            process: source.process(),
            filter: Filters::default(),
            os_threads: ThreadScan::NotRequested,
            look_at_threads,
            awaits: AwaitScan::NotRequested,
            read_awaits,
            uses: OnceLock::new(),
            shows_waits: false,
        }
    }

    /// Returns the tasks in the order of their ids, which is about the order of their creation.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.rows().map(|row| self.task(row))
    }

    /// Returns a task with its await stack.
    pub(crate) fn task(&self, row: &Row) -> Task {
        Task {
            awaits: self.awaits_of(row).cloned(),
            ..self.snapshot.task(row, self.now)
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> + '_ {
        self.places().map(|place| &self.snapshot.rows[place])
    }

    /// Returns the indices of the selected rows.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.snapshot.rows.len()).filter(|&place| self.is_selected(place))
    }

    pub(crate) fn is_selected(&self, place: usize) -> bool {
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
        self.snapshot.rows.len()
    }

    /// Returns the coverage of the dump.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Returns the last tasks that ended before they were ready: those that panicked, those that a hook refused, and those
    /// that were cancelled. Of each outcome, the latest comes first, and the last 64 are known, or as many as
    /// `Builder::gone_tasks` sets. A [`Filter`] does not change them, but texts of a filtered dump only count them.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::Outcome;
    ///
    /// let dump = birthmark::dump();
    /// let panicked = |task: &&birthmark::GoneTask| task.outcome() == Outcome::Panicked;
    /// for task in dump.gone().iter().filter(panicked) {
    ///     println!("{task}");
    /// }
    /// ```
    pub fn gone(&self) -> &[GoneTask] {
        &self.gone.tasks
    }

    /// Returns the numbers of all tasks that ended before they were ready since the start of the program, by site. Sites
    /// without such tasks are left out.
    pub fn bad_ends(&self) -> &[BadEnds] {
        &self.gone.sites
    }

    /// Keeps the tasks that `filter` selects. Every rendering shows the filter.
    ///
    /// # Examples
    ///
    /// ```
    /// let stuck = "state=suspended&for=1m".parse()?;
    /// println!("{}", birthmark::dump().filter(&stuck));
    /// # Ok::<(), birthmark::ParseFilterError>(())
    /// ```
    #[must_use]
    pub fn filter(self, filter: &Filter) -> Self {
        self.filter_while(filter, &mut || true)
    }

    /// Filters as [`Dump::filter`] does, and calls `goes_on` now and then. If `goes_on` returns `false`, the search
    /// stops, and the dump lacks tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let end = Instant::now() + Duration::from_secs(1);
    /// let filter = birthmark::Filter::new().text("conn 7");
    /// let dump = birthmark::dump().filter_while(&filter, &mut || Instant::now() < end);
    /// println!("{dump}");
    /// ```
    #[must_use]
    pub fn filter_while(mut self, filter: &Filter, goes_on: &mut dyn FnMut() -> bool) -> Self {
        let mut pace = Pace::new(goes_on);
        let mut selection = Selection::new(filter, &self.snapshot, self.now, &mut pace);
        let mut selected = BitSet::none(self.snapshot.rows.len());
        let has = |place: &usize| selection.has(&self.snapshot.rows[*place]);
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

    /// Keeps the tasks for whose ids the function returns `true`. Renderings do not show that.
    #[doc(hidden)]
    pub fn retain(&mut self, keeps: &mut dyn FnMut(TaskId) -> bool) {
        let mut selected = BitSet::none(self.snapshot.rows.len());
        let keeps = |place: &usize| keeps(TaskId::from(self.snapshot.rows[*place].id));
        let kept = self.places().filter(keeps);
        self.len = kept.map(|place| selected.add(place)).count();
        self.selected = Some(selected);
    }

    /// Removes the tasks that a filter selects. Renderings do not show that.
    #[doc(hidden)]
    pub fn remove(&mut self, filter: &Filter) {
        let mut goes_on = || true;
        let mut pace = Pace::new(&mut goes_on);
        let mut selection = Selection::new(filter, &self.snapshot, self.now, &mut pace);
        let mut selected = BitSet::none(self.snapshot.rows.len());
        let has = |place: &usize| !selection.has(&self.snapshot.rows[*place]);
        let kept = self.places().filter(has);
        self.len = kept.map(|place| selected.add(place)).count();
        self.selected = Some(selected);
    }

    /// Adds the OS threads of the process: the kernel's state of each, and the task that it runs. The renderings as
    /// text and [`Json`](crate::render::Json) show all of them, even if the dump is filtered.
    ///
    /// This method reads the threads when it is called, after the tasks. If a task still runs on the same thread by
    /// then, and the thread sleeps, the task is [blocked](State::Blocked), and the dump shows the system call. A filter
    /// by this state must follow.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::ThreadDetail;
    ///
    /// let dump = birthmark::dump().with_threads(ThreadDetail::States);
    /// for thread in dump.threads().unwrap_or_default() {
    ///     println!("{} {:?} {}", thread.id(), thread.name(), thread.state());
    /// }
    /// println!("{dump}");
    /// ```
    #[must_use]
    pub fn with_threads(mut self, report: ThreadDetail) -> Self {
        let stacks = report == ThreadDetail::Stacks;
        match report {
            ThreadDetail::Off => self.os_threads = ThreadScan::NotRequested,
            _ => self.put_threads((self.look_at_threads)(stacks)),
        }
        self
    }

    /// Returns the OS threads by their system id, without the threads of birthmark itself, or `None` if
    /// [`with_threads`](Dump::with_threads) was not called, or if the system does not list threads.
    pub fn threads(&self) -> Option<&[OsThread]> {
        match &self.os_threads {
            ThreadScan::Done(threads) => Some(&threads.all),
            ThreadScan::NotRequested | ThreadScan::Unsupported => None,
        }
    }

    /// Returns the indices of the selected tasks, for [`Dump::brief`] and [`Dump::task_at`].
    #[doc(hidden)]
    pub fn indices(&self) -> Vec<u32> {
        self.places().map(|place| place as u32).collect()
    }

    /// Returns the parts of a task that need no memory.
    ///
    /// # Panics
    ///
    /// Panics if the index is not one of [`Dump::indices`].
    #[doc(hidden)]
    pub fn brief(&self, index: u32) -> Brief {
        let row = &self.snapshot.rows[index as usize];
        let time = |tick| self.now.and_then(|now| clock::since(tick, now));
        Brief {
            id: row.id,
            site: self.snapshot.site(row),
            state: self.snapshot.bare_state(row),
            since: time(row.change_tick()),
            age: time(row.spawn_tick()),
            polls: self.snapshot.polls(row),
        }
    }

    /// Returns a task.
    ///
    /// # Panics
    ///
    /// As [`Dump::brief`].
    #[doc(hidden)]
    pub fn task_at(&self, index: u32) -> Task {
        self.task(&self.snapshot.rows[index as usize])
    }

    /// Sets the OS threads of a dump of another process.
    #[doc(hidden)]
    pub fn put_threads(&mut self, threads: Option<OsThreads>) {
        if let Some(threads) = &threads {
            let seen = |id| threads.seen(id);
            self.snapshot.threads.note_states(seen);
        }
        self.os_threads = threads.map_or(ThreadScan::Unsupported, ThreadScan::Done);
    }

    /// Returns the tasks that run, each with the system id of its thread. Of one thread, the innermost task comes first.
    #[doc(hidden)]
    pub fn running_tasks(&self) -> Vec<(u64, Task)> {
        let mut running: Vec<(u64, &Row)> =
            self.rows().filter_map(|row| self.on_thread(row)).collect();
        // The task that is the thread itself comes last. Of two other tasks, the one with the later poll is inside.
        running.sort_by_key(|(thread, row)| {
            let is_thread = self.snapshot.kind(row).is_thread();
            (*thread, is_thread, Reverse((row.since, row.id)))
        });
        let running = running.into_iter();
        running
            .map(|(thread, row)| (thread, self.snapshot.task(row, self.now)))
            .collect()
    }

    fn on_thread<'a>(&self, row: &'a Row) -> Option<(u64, &'a Row)> {
        Some((self.snapshot.thread(row)?.os_id?, row))
    }

    /// Adds the await stacks of suspended tasks out of debug information, down to the future that each waits for. Frames
    /// of instrumented code are joined with them.
    ///
    /// This method reads the stacks when it is called, after the tasks, and of selected tasks alone. No task is stopped. A
    /// task that runs meanwhile has no stack here. At most 10,000 stacks are read.
    ///
    /// # Examples
    ///
    /// ```
    /// use birthmark::AwaitDetail;
    ///
    /// let dump = birthmark::dump().with_awaits(AwaitDetail::DebugInfo);
    /// for task in dump.tasks() {
    ///     for frame in task.awaits().iter().flat_map(|stack| stack.frames()) {
    ///         println!("{frame}");
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn with_awaits(self, detail: AwaitDetail) -> Self {
        self.with_awaits_while(detail, &mut || true)
    }

    /// Adds stacks as [`Dump::with_awaits`] does, and calls `goes_on` before each. If `goes_on` returns `false`, further
    /// stacks are left out.
    #[must_use]
    pub fn with_awaits_while(
        mut self,
        detail: AwaitDetail,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Self {
        self.awaits = match detail {
            AwaitDetail::Instrumented => AwaitScan::NotRequested,
            _ => {
                let read = self.read_awaits;
                let locals = detail == AwaitDetail::Locals;
                self.read_awaits(&mut |reading| read(locals, reading), goes_on)
            }
        };
        self
    }

    /// Reads the stacks of a dump of another process.
    #[doc(hidden)]
    pub fn put_awaits(
        &mut self,
        read: &mut dyn FnMut(&mut dyn AwaitReading) -> Result<(), MissingFrames>,
    ) {
        self.awaits = self.read_awaits(read, &mut || true);
    }

    /// Returns the number of selected tasks that are suspended.
    #[doc(hidden)]
    pub fn count_suspended(&self) -> usize {
        let states = self.rows().map(|row| self.snapshot.bare_state(row));
        states.filter(|state| state.is_suspended()).count()
    }

    fn read_awaits(
        &self,
        read: &mut dyn FnMut(&mut dyn AwaitReading) -> Result<(), MissingFrames>,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> AwaitScan {
        let find = |id: u64| self.suspended(id);
        let mut reader = AwaitReader {
            find: &find,
            goes_on,
            stacks: AwaitStacks::default(),
        };
        match read(&mut reader) {
            Ok(()) => reader.finish(),
            Err(missing) => AwaitScan::Missing(missing),
        }
    }

    /// Adds what each task waits for, who has it, and which tasks are stuck, to JSON. Texts and [`Dump::stuck`] have that
    /// anyway.
    ///
    /// This method reads it when it is called, after the tasks, as [`Dump::stuck`] does when it is shown.
    ///
    /// # Examples
    ///
    /// ```
    /// println!("{}", birthmark::dump().with_waits().json());
    /// ```
    #[must_use]
    pub fn with_waits(mut self) -> Self {
        self.shows_waits = true;
        self.uses();
        self
    }

    /// Returns what suspended tasks use of shared things: of all tasks, also of those that are not selected. A task that
    /// has run since the snapshot is left out.
    pub(crate) fn uses(&self) -> &Uses {
        &self.read_or_get_uses().uses
    }

    fn read_or_get_uses(&self) -> &ReadUses {
        self.uses
            .get_or_init(|| self.read_uses(&mut |reading| (self.read_awaits)(false, reading)))
    }

    /// Returns the reason for which the uses of some tasks are not known.
    pub(crate) fn unknown_uses(&self) -> Option<String> {
        let read = self.read_or_get_uses();
        match (&read.missing, read.omitted) {
            (Some(missing), _) => Some(format!(
                "locks, channels and awaited tasks are not known: {missing}"
            )),
            (None, 0) => None,
            (None, count) => Some(format!(
                "{count} suspended task{} not looked at, because there are too many",
                if count == 1 { " was" } else { "s were" },
            )),
        }
    }

    /// Reads what suspended tasks of another process use of shared things. JSON has it, too.
    #[doc(hidden)]
    pub fn put_uses(&mut self, read: ReadInto<'_>) {
        self.shows_waits = true;
        self.uses.get_or_init(|| self.read_uses(read));
    }

    fn read_uses(&self, read: ReadInto<'_>) -> ReadUses {
        let find = |id: u64| {
            let row = self.row(id)?;
            let is_suspended = self.snapshot.bare_state(row).is_suspended();
            is_suspended.then_some(row.polls)
        };
        let has_ended_parent = |id: u64| {
            let row = self.row(id);
            row.is_some_and(|row| self.snapshot.has_ended_parent(row))
        };
        let mut reader = UsesReader {
            find: &find,
            has_ended_parent: &has_ended_parent,
            end: Instant::now() + MAX_READING,
            read: 0,
            omitted: 0,
            uses: Uses::new(),
        };
        let missing = read(&mut reader).err();
        let mut uses = match missing {
            None => checked(reader.uses, &|id| self.stack_of(id)),
            Some(_) => Uses::new(),
        };
        let may_block = blocked::may_block(&uses);
        if let Some(threads) = may_block.then(|| self.threads_now()).flatten() {
            blocked::add_waits(&mut uses, &threads);
        }
        ReadUses {
            uses,
            missing,
            omitted: reader.omitted,
        }
    }

    /// Returns the frames of instrumented code of a task.
    pub(crate) fn stack_of(&self, id: u64) -> Stack {
        let stack = |row| self.snapshot.stacks.get(self.snapshot.stack(row));
        self.row(id).map(stack).unwrap_or_default()
    }

    /// Returns the row of a task.
    pub(crate) fn row(&self, id: u64) -> Option<&Row> {
        Some(&self.snapshot.rows[self.snapshot.place_of(id)?])
    }

    /// Returns a selected task that is suspended.
    fn suspended(&self, id: u64) -> Option<KnownTask> {
        let place = self.snapshot.place_of(id)?;
        let row = &self.snapshot.rows[place];
        let is_suspended = self.snapshot.bare_state(row).is_suspended();
        (is_suspended && self.is_selected(place)).then(|| KnownTask {
            polls: row.polls,
            stack: self.snapshot.stacks.get(self.snapshot.stack(row)),
        })
    }

    /// Returns the await stack of a task, if it was requested and read.
    pub(crate) fn awaits_of(&self, row: &Row) -> Option<&Arc<AwaitStack>> {
        match &self.awaits {
            AwaitScan::Done(stacks) => stacks.of(row.id),
            AwaitScan::NotRequested | AwaitScan::Missing(_) => None,
        }
    }

    /// Returns a number that tasks with equal await stacks have in common, or 0.
    pub(crate) fn await_place(&self, row: &Row) -> u64 {
        self.awaits_of(row).map_or(0, |awaits| awaits.place())
    }

    /// Returns the thread that still ran the task when threads were read.
    pub(crate) fn thread_of(&self, row: &Row) -> Option<&OsThread> {
        let ThreadScan::Done(threads) = &self.os_threads else {
            return None;
        };
        threads.running(self.snapshot.thread(row)?.os_id?, row.id)
    }

    /// Reads the OS threads as they are now, without their stacks. Returns `None` for another process.
    pub(crate) fn threads_now(&self) -> Option<OsThreads> {
        (self.look_at_threads)(false)
    }

    /// Returns the ancestors of the first `most` tasks.
    pub(crate) fn used_nodes(&self, most: usize) -> BitSet {
        let mut used = BitSet::none(self.snapshot.count());
        for row in self.rows().take(most) {
            let mut next = row.parent;
            while self.snapshot.is_node(next) && used.add(next as usize) {
                next = self.snapshot.parent_of(next);
            }
        }
        used
    }
}
