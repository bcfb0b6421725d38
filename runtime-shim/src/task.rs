//! A task as a program sees it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::escape::Quoted;
use crate::frame::stack::Stack;
use crate::kind::Kind;
use crate::label::{Label, Labels};
use crate::registry::read::Record;
use crate::registry::slot::{flag, state, Slot};
use crate::site::Site;

/// A number that is one task's and never another's in this process.
///
/// Threads that spawn take several at a time, so that not all are used, and a lower one is not always an earlier task's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(crate) u64);

impl TaskId {
    /// The number itself.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It has not started yet.
    Created,
    /// It has not started yet because a hook holds it back.
    Delayed,
    /// It runs.
    Running {
        /// The system's id of the thread that it runs on, where known.
        thread: Option<u64>,
    },
    /// It waits to be polled again.
    Suspended,
    /// It has ended, and is about to leave the registry.
    Ended(Outcome),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Created => f.write_str("created"),
            State::Delayed => f.write_str("delayed"),
            State::Running {
                thread: Some(thread),
            } => write!(f, "running on thread {thread}"),
            State::Running { thread: None } => f.write_str("running"),
            State::Suspended => f.write_str("suspended"),
            State::Ended(outcome) => outcome.fmt(f),
        }
    }
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It returned.
    Completed,
    /// It panicked.
    Panicked,
    /// It was dropped before it was done: aborted, or dropped with its executor or its spawner.
    Cancelled,
    /// A hook refused it.
    Refused,
}

impl Outcome {
    /// The outcome of a task that ends in this state.
    pub(crate) fn of_last_state(state: u64) -> Self {
        match state {
            state::COMPLETED => Outcome::Completed,
            state::PANICKED => Outcome::Panicked,
            _ => Outcome::Cancelled,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Completed => "completed",
            Outcome::Panicked => "panicked",
            Outcome::Cancelled => "cancelled",
            Outcome::Refused => "refused",
        })
    }
}

/// For whom a task works.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub(crate) text: Arc<str>,
    pub(crate) cut: bool,
    pub(crate) origin: NameOrigin,
}

impl Name {
    /// The name, unescaped: it may contain anything.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the name came from.
    pub fn origin(&self) -> NameOrigin {
        self.origin
    }

    /// Whether it was longer than [`MAX_NAME_LEN`](crate::MAX_NAME_LEN).
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// In quotes, escaped.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted {
            text: &self.text,
            cut: self.cut,
        }
        .fmt(f)
    }
}

/// Where a task's name came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameOrigin {
    /// The program gave it to this very task.
    Explicit,
    /// A hook gave it to this very task.
    Hook,
    /// This task, or the nearest ancestor with a name, had it when it spawned.
    Inherited {
        /// Who had been given the name.
        from: TaskId,
    },
}

impl fmt::Display for NameOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameOrigin::Explicit => f.write_str("explicit"),
            NameOrigin::Hook => f.write_str("given by a hook"),
            NameOrigin::Inherited { from } => write!(f, "inherited from task {from}"),
        }
    }
}

/// An ancestor of a task, as it was when the task's line left it.
#[derive(Clone, Debug)]
pub struct Ancestor {
    pub(crate) id: TaskId,
    pub(crate) site: &'static Site,
    pub(crate) role: Arc<str>,
    pub(crate) name: Option<Name>,
    pub(crate) cut_below: u64,
}

impl Ancestor {
    /// Its id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// What it is, or was.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The name under which it spawned the next one in the line, if it had been given one itself.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Where it was spawned; `None` for the main thread and foreign ones.
    pub fn site(&self) -> Option<&'static Site> {
        Some(self.site).filter(|site| site.is_real())
    }

    /// How many ancestors between this one and the one before it in the lineage were left out,
    /// because the line had grown too long: some that had ended, or all but the near and the far end.
    pub fn cut_before(&self) -> u64 {
        self.cut_below
    }
}

/// A task as it was at the moment of the snapshot.
#[derive(Clone, Debug)]
pub struct Task {
    pub(crate) id: TaskId,
    pub(crate) site: &'static Site,
    pub(crate) role: Arc<str>,
    pub(crate) name: Option<Name>,
    pub(crate) labels: Labels,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) since: Option<Duration>,
    pub(crate) age: Option<Duration>,
    pub(crate) polls: u32,
    pub(crate) detached: bool,
    pub(crate) pooled: bool,
    pub(crate) runs_no_task: bool,
    pub(crate) stack: Stack,
    pub(crate) lineage: Vec<Ancestor>,
    pub(crate) lineage_complete: bool,
}

impl Task {
    /// Its id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// For whom it works.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// What else is said of it: what was set with [`set_label`](crate::set_label), there or above.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The value of the label with this key.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|label: Label<'_>| label.value())
    }

    /// What it is: see [`Site::role`]; for a foreign thread, the thread's name.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Where it was spawned; `None` for the main thread and foreign ones.
    pub fn site(&self) -> Option<&'static Site> {
        Some(self.site).filter(|site| site.is_real())
    }

    /// What kind of task it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// For how long it has been in its state, to a tenth of a second. `None` where no clock runs.
    pub fn since(&self) -> Option<Duration> {
        self.since
    }

    /// How long ago it was spawned, to a tenth of a second. `None` where no clock runs.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// How often it was polled, or its closure called. Wraps around at 2³². For an OS thread it says nothing: how
    /// often a thread polls what it waits for, in a `block_on`, is not counted.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Where in its code it stands: each `.await` in instrumented code that it is inside of.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Whether it was spawned detached, as the root of a lineage.
    pub fn is_detached(&self) -> bool {
        self.detached
    }

    /// Whether a pool keeps it, and it works for whoever comes next: a thread of a runtime, or a connection. Such a
    /// task is the root of a lineage, for it is nobody's, whoever came first. `cargo birthmark --deps` knows them.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Whether it is a thread that a pool keeps, and no task with a record ran on it. It may have been idle, or have
    /// run something that has no record. Only in a [`Dump`](crate::Dump); elsewhere it is not known.
    pub fn runs_no_task(&self) -> bool {
        self.runs_no_task
    }

    /// Who spawned it; `None` for roots.
    pub fn parent(&self) -> Option<TaskId> {
        self.lineage
            .first()
            .filter(|parent| parent.cut_below == 0)
            .map(Ancestor::id)
    }

    /// The chain of tasks that led here, nearest first, without the task itself.
    pub fn lineage(&self) -> &[Ancestor] {
        &self.lineage
    }

    /// Whether the lineage goes back to its root. It does not if the task ended while it was read.
    pub fn is_lineage_complete(&self) -> bool {
        self.lineage_complete
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// As in a dump.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::dump::render::paragraph::write(f, self)
    }
}

/// A task that is being spawned, starts or ends, as a hook sees it.
#[derive(Clone, Copy)]
pub struct TaskRef<'a> {
    slot: &'static Slot,
    _borrow: PhantomData<&'a ()>,
}

impl TaskRef<'_> {
    pub(crate) fn new(slot: &'static Slot) -> Self {
        TaskRef {
            slot,
            _borrow: PhantomData,
        }
    }

    /// Its id.
    pub fn id(&self) -> TaskId {
        TaskId(self.slot.id.load(std::sync::atomic::Ordering::Relaxed))
    }

    /// Where it is spawned.
    pub fn site(&self) -> &'static Site {
        crate::birth::site_of(self.slot)
    }

    /// What it is.
    pub fn role(&self) -> &'static str {
        self.site().role()
    }

    /// Who spawns it, or did; `None` for roots, and where the parent has ended and was cut out of a long
    /// lineage.
    pub fn parent(&self) -> Option<TaskId> {
        let child = Record::read(self.slot).filter(|child| child.cut_ancestors() == 0)?;
        let parent = child.parent().node()?.task()?;
        Some(TaskId(parent.id))
    }

    /// For whom it works.
    pub fn name(&self) -> Option<Name> {
        self.to_task().name
    }

    /// What else is said of it.
    pub fn labels(&self) -> Labels {
        self.to_task().labels
    }

    /// All that is known of it.
    pub fn to_task(&self) -> Task {
        crate::dump::one(self.slot)
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef")
            .field("id", &self.id())
            .field("site", self.site())
            .finish()
    }
}

impl State {
    /// The state that a record's status and flags show, and the system's id of the thread that it
    /// runs on, if it does.
    pub(crate) fn of(status: u64, flags: u64, thread: Option<u64>) -> State {
        match status & state::MASK {
            state::CREATED if flags & flag::DELAYED != 0 => State::Delayed,
            state::CREATED => State::Created,
            state::RUNNING => State::Running { thread },
            state::SUSPENDED => State::Suspended,
            ended => State::Ended(Outcome::of_last_state(ended)),
        }
    }
}
