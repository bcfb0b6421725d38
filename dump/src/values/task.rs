//! A task as a program sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::await_stack::AwaitStack;
use super::lineage::{Ancestor, Lineage};
use super::span::TaskSpan;
use super::stack::Stack;
use super::wake::WokenBy;
use birthmark_core::__reader::label::{Label, Labels};
use birthmark_core::__reader::name::Name;
use birthmark_core::__reader::record::words::{flag, state, CompactStatus};
use birthmark_core::Kind;
use birthmark_core::Site;
use birthmark_core::{Outcome, TaskId};

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The task has not started yet.
    Created,
    /// The task has not started yet because a hook delays it.
    Delayed,
    /// The task runs.
    Running {
        /// System id of the thread that runs the task, if it is known.
        thread: Option<u64>,
    },
    /// A thread runs the task and sleeps in the kernel. Only a [`Dump`](crate::Dump) that has
    /// [read the OS threads](crate::Dump::with_threads) has this state.
    Blocked {
        /// System id of the thread that runs the task, if it is known.
        thread: Option<u64>,
    },
    /// The task is a thread and runs no recorded task. A pool keeps the thread, or its spawn was not seen. The
    /// thread may run work without a record, unless the dump has [read the OS threads](crate::Dump::with_threads).
    Idle,
    /// The task was woken and waits for the executor to poll it.
    Runnable,
    /// The task waits to be woken.
    Waiting,
    /// The task waits for its next poll. Its wakes are not seen, so it may be runnable.
    Suspended,
    /// The task has ended. Its record is about to be freed.
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
            State::Blocked {
                thread: Some(thread),
            } => write!(f, "blocked on thread {thread}"),
            State::Blocked { thread: None } => f.write_str("blocked"),
            State::Idle => f.write_str("idle"),
            State::Runnable => f.write_str("runnable"),
            State::Waiting => f.write_str("waiting"),
            State::Suspended => f.write_str("suspended"),
            State::Ended(outcome) => outcome.fmt(f),
        }
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
    pub(crate) task_locals: Labels,
    pub(crate) span: Option<TaskSpan>,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) since: Option<Duration>,
    pub(crate) age: Option<Duration>,
    pub(crate) polls: u32,
    pub(crate) woken_by: Option<WokenBy>,
    pub(crate) has_no_waker: bool,
    pub(crate) root: bool,
    pub(crate) pooled: bool,
    pub(crate) runs_no_task: bool,
    pub(crate) stack: Stack,
    pub(crate) awaits: Option<Arc<AwaitStack>>,
    pub(crate) lineage: Lineage,
}

/// Returns `true` if the polls of a task are known. A thread without a counted poll may block on a future that is not
/// instrumented.
pub(crate) fn knows_polls(kind: Kind, polls: u32) -> bool {
    polls > 0 || !kind.is_thread()
}

impl Task {
    /// Returns the id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the name of the task.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Returns the labels of the task, set with [`set_label`](birthmark_core::set_label) or inherited.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the value of the label with this key.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|label: Label<'_>| label.value())
    }

    /// Returns the locals of the task, which [`task_local!`](birthmark_core::task_local) declares. The keys are their
    /// names. The value of a local with the attribute `#[show]` is its `Display` at the time when it was set. The value of
    /// another one is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// birthmark::task_local! {
    ///     #[show] static TENANT: String;
    ///     static TRANSACTION: u64;
    /// }
    /// TENANT.set("acme".to_owned());
    /// TRANSACTION.set(7);
    /// let task = birthmark::current().unwrap();
    /// assert_eq!(task.task_locals().to_string(), "TENANT=acme TRANSACTION");
    /// ```
    pub fn task_locals(&self) -> &Labels {
        &self.task_locals
    }

    /// Returns the tracing span that the task is in: the one that it entered last and that is still open. Only tasks in
    /// a [`Dump`](crate::Dump) have one, and only if the program uses the layer of `birthmark-tracing`.
    pub fn span(&self) -> Option<&TaskSpan> {
        self.span.as_ref()
    }

    /// Returns the role of the task; see [`Site::role`]. The role of an external thread is the thread's name.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Returns the spawn site, or `None` for the main thread and for external threads.
    pub fn site(&self) -> Option<&'static Site> {
        Some(self.site).filter(|site| site.is_real())
    }

    /// Returns the kind of the task.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the state of the task.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the time that the task has been in its state, with a resolution of a tenth of a second, or `None` if
    /// no clock runs.
    pub fn time_in_state(&self) -> Option<Duration> {
        self.since
    }

    /// Returns the time since the spawn, with a resolution of a tenth of a second, or `None` if no clock runs.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Returns the number of polls of a future, or of calls of a closure. The number wraps around at 2³².
    ///
    /// For a closure and for an OS thread, polls of the futures that it blocks on count as well, if instrumented code
    /// calls the `block_on`. A `block_on` within the poll of another future of the same task is part of that poll.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Returns the origin of the last wake that made the task runnable, if the task is [runnable](State::Runnable) or
    /// [waiting](State::Waiting) and was ever woken.
    ///
    /// # Examples
    ///
    /// ```
    /// for task in birthmark::dump().tasks() {
    ///     if let Some(by) = task.woken_by() {
    ///         println!("task {} was woken by {by}", task.id());
    ///     }
    /// }
    /// ```
    pub fn woken_by(&self) -> Option<&WokenBy> {
        self.woken_by.as_ref()
    }

    /// Returns `true` if the task waits and no waker of it is left, so only its executor, an abort or the end of the
    /// runtime can end the wait. The task has been so for at least a tenth of a second.
    pub fn has_no_waker(&self) -> bool {
        self.has_no_waker
    }

    /// Returns `true` if the task is suspended: it is [runnable](State::Runnable) or [waiting](State::Waiting), or its
    /// wakes are [not seen](State::Suspended).
    pub fn is_suspended(&self) -> bool {
        self.state.is_suspended()
    }

    /// Returns the frames of the task: each `.await` in instrumented code that it is inside of.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Returns the await stack out of debug information, joined with the [frames](Task::stack) of instrumented code. The
    /// result is `None` unless the task was suspended and comes from a [`Dump`](crate::Dump) that has
    /// [read](crate::Dump::with_awaits) await stacks.
    pub fn awaits(&self) -> Option<&AwaitStack> {
        self.awaits.as_deref()
    }

    /// Returns `true` if the task was spawned with [`root!`](birthmark_core::root), as the root of a lineage.
    pub fn is_root(&self) -> bool {
        self.root
    }

    /// Returns `true` if a pool keeps the task for later work, for example a thread of a runtime, or a connection.
    /// Such a task is a root, because it belongs to no single user of the pool. `cargo birthmark --deps` knows these
    /// pools.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Returns `true` if the task is a thread that a pool keeps, or one whose spawn was not seen, and ran no recorded
    /// task. The thread is [idle](State::Idle), unless OS threads were read and it was running. The answer is known in a
    /// [`Dump`](crate::Dump) only.
    pub fn runs_no_task(&self) -> bool {
        self.runs_no_task
    }

    /// Returns the id of the parent, or `None` for roots.
    pub fn parent(&self) -> Option<TaskId> {
        self.lineage
            .first()
            .filter(|parent| parent.elided_before == 0)
            .map(Ancestor::id)
    }

    /// Returns the ancestors of the task, nearest first.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Returns the outcome of a task that has ended.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}

impl State {
    /// The states that tasks in a dump are counted and selected by.
    #[doc(hidden)]
    pub const COUNTED: [State; 8] = [
        State::Running { thread: None },
        State::Blocked { thread: None },
        State::Runnable,
        State::Waiting,
        State::Suspended,
        State::Created,
        State::Delayed,
        State::Idle,
    ];

    /// Counts states in the order of [`State::COUNTED`]. A task that has just ended counts as created.
    #[doc(hidden)]
    pub fn count(states: impl Iterator<Item = State>) -> [usize; 8] {
        let mut counts = [0; 8];
        for state in states {
            let place = match state {
                State::Running { .. } => 0,
                State::Blocked { .. } => 1,
                State::Runnable => 2,
                State::Waiting => 3,
                State::Suspended => 4,
                State::Created | State::Ended(_) => 5,
                State::Delayed => 6,
                State::Idle => 7,
            };
            counts[place] += 1;
        }
        counts
    }

    /// Returns `true` if a thread has the task: the task is running, blocked or idle.
    #[doc(hidden)]
    pub fn is_on_thread(self) -> bool {
        matches!(
            self,
            State::Running { .. } | State::Blocked { .. } | State::Idle
        )
    }

    /// Returns `true` if the task waits for a poll: it is runnable or waiting, or its wakes are not seen.
    pub fn is_suspended(self) -> bool {
        matches!(self, State::Runnable | State::Waiting | State::Suspended)
    }

    /// Returns the state that a record's status and flags encode. `thread` is the system id of the thread that runs
    /// the task.
    pub(crate) fn of(status: CompactStatus, flags: u64, thread: Option<u64>) -> State {
        match status.state() {
            state::CREATED if flags & flag::DELAYED != 0 => State::Delayed,
            state::CREATED => State::Created,
            state::RUNNING => State::Running { thread },
            state::RUNNABLE => State::Runnable,
            state::WAITING => State::Waiting,
            state::SUSPENDED => State::Suspended,
            ended => State::Ended(Outcome::of_last_state(ended)),
        }
    }
}
