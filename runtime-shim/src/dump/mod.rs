//! The answer to "what is everybody doing?".

pub(crate) mod age;
mod coverage;
mod nodes;
pub(crate) mod text;
mod threads;
mod tree;

use std::fmt;
use std::sync::Arc;

use crate::clock;
use crate::kind::Kind;
use crate::local;
use crate::mode;
use crate::registry::read::Record;
use crate::registry::root::ARENA;
use crate::registry::slot::{flag, state, Slot};
use crate::site::Site;
use crate::task::{Name, NameOrigin, State, Task, TaskId};

pub use coverage::Coverage;
use nodes::Nodes;
use threads::Threads;
pub use tree::Tree;

/// A snapshot of all live tasks.
///
/// Taking it stops nobody: tasks are read one after the other while they go on. Each is consistent
/// in itself, and a task that lives through the whole of it is in it.
///
/// `{}` shows each task with its site, its creator and where its name came from; `{:#}`, or
/// [`Dump::tree`], shows who spawned whom. Both end with what the dump covers and what it does not.
#[derive(Debug)]
pub struct Dump {
    rows: Vec<Row>,
    nodes: Nodes,
    coverage: Coverage,
    /// The tick at which it was taken, if ages can be told.
    now: Option<u64>,
}

/// A task in a dump. Small, because there may be millions.
#[derive(Clone, Copy, Debug)]
struct Row {
    id: u64,
    status: u64,
    site: &'static Site,
    /// The ticks of birth.
    born: u32,
    polls: u32,
    /// The node it was born under.
    parent: u32,
    flags: u16,
    /// [`Nodes`] knows more of it.
    has_extra: bool,
}

const _: () = assert!(size_of::<Row>() <= 40);

/// Takes a snapshot of all live tasks.
///
/// # Examples
///
/// ```
/// println!("{}", birthmark::dump());
/// println!("{}", birthmark::dump().tree());
/// ```
pub fn dump() -> Dump {
    let now = clock::fine();
    let mut nodes = Nodes::default();
    let mut rows = Vec::with_capacity(task_count());
    ARENA.walk(|slot| {
        if let Some(record) = Record::read(slot).filter(Record::is_live_task) {
            rows.push(nodes.row(&record));
        }
    });
    nodes.threads = Threads::now();
    let coverage = Coverage::of(&rows, &nodes.threads);
    Dump {
        rows,
        nodes,
        coverage,
        now,
    }
}

/// All live tasks. A [`dump`] holds the same in a fraction of the memory.
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

/// How many tasks are alive.
pub fn task_count() -> usize {
    let mut count = 0;
    ARENA.walk(|slot| {
        let id = slot.id.load(std::sync::atomic::Ordering::Relaxed);
        let is_task = id != 0 && id & crate::registry::slot::NAME_BIT == 0;
        count += usize::from(is_task && slot.state() < state::COMPLETED);
    });
    count
}

/// The task that runs on this thread, or `None` on a thread that instrumented code has not spawned
/// and that has not spawned from instrumented code itself.
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
    if crate::sys::thread::is_main() && !mode::has(mode::OFF) {
        local::with(|local| local.scope_or_adopt().map(drop));
    }
    let (task, scope) = local::with(|local| (local.current(), local.scope()));
    Some(one_under(task?, scope))
}

/// All that is known of one task, which the caller keeps alive.
pub(crate) fn one(slot: &'static Slot) -> Task {
    one_under(slot, slot.scope.get())
}

/// One task, under the name that it has on this thread. That is another than its own where it waits
/// elsewhere for what is done here, and that has been given a name.
fn one_under(slot: &'static Slot, scope: Option<&'static Slot>) -> Task {
    let now = clock::fine();
    let mut nodes = Nodes::default();
    let mut row = loop {
        if let Some(record) = Record::read(slot) {
            break nodes.row(&record);
        }
    };
    nodes.threads = Threads::only(row.status);
    if let Some(name) = scope.and_then(Record::read).filter(Record::is_name) {
        nodes.rename(&mut row, &name);
    }
    nodes.task(&row, now)
}

impl Dump {
    /// The tasks, in the order of their ids, which is about that of their creation.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.order()
            .into_iter()
            .map(|row| self.nodes.task(&self.rows[row as usize], self.now))
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the dump covers and what it does not.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The tasks as a tree by creation.
    pub fn tree(&self) -> Tree<'_> {
        Tree(self)
    }

    /// The indices of the rows, by id.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<(u64, u32)> = self
            .rows
            .iter()
            .zip(0..)
            .map(|(row, index)| (row.id, index))
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, index)| index).collect()
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.tree().fmt(f)
        } else {
            text::write(f, self)
        }
    }
}

impl Row {
    fn kind(&self) -> Kind {
        Kind::of(self.site, self.flags.into())
    }

    fn is_detached(&self) -> bool {
        u64::from(self.flags) & flag::DETACHED != 0
    }

    fn state(&self, threads: &Threads) -> State {
        let thread = threads.of(self.status).and_then(|thread| thread.os_id);
        State::of(self.status, self.flags.into(), thread)
    }
}

impl Nodes {
    fn row(&mut self, record: &Record) -> Row {
        let parent = self.above(record);
        let has_extra = self.note_extra(record);
        Row {
            id: record.id,
            status: record.status,
            site: record.site(),
            born: (record.born() >> 32) as u32,
            polls: record.polls(),
            parent,
            flags: record.flags() as u16,
            has_extra,
        }
    }

    fn task(&self, row: &Row, now: Option<u64>) -> Task {
        Task {
            id: TaskId(row.id),
            site: row.site,
            role: self.role(row),
            name: self.name_of(row),
            kind: row.kind(),
            state: row.state(&self.threads),
            since: now.map(|now| clock::between(row.status, now)),
            age: now.map(|now| clock::between(u64::from(row.born) << 32, now)),
            polls: row.polls,
            detached: row.is_detached(),
            lineage: self.lineage(row),
            lineage_complete: self.is_complete(row),
        }
    }

    /// The role, which for foreign threads is the name of the thread.
    fn role(&self, row: &Row) -> Arc<str> {
        let thread = || {
            self.threads
                .of(row.status)
                .map(|thread| thread.name.clone())
                .filter(|name| !name.is_empty())
        };
        match row.site.kind() {
            Kind::Foreign => thread().unwrap_or_else(|| row.site.role().into()),
            _ => row.site.role().into(),
        }
    }

    fn name_of(&self, row: &Row) -> Option<Name> {
        if let Some(name) = self.extra(row).and_then(|extra| extra.name) {
            return self.get_name(name, None);
        }
        let (name, from) = self.effective(row.parent)?;
        self.get_name(name, Some(NameOrigin::Inherited { from: TaskId(from) }))
    }
}
