//! Tasks that ended before they were ready.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::age::Age;
use birthmark_core::__reader::escape::{escape, Quoted};
use birthmark_core::__reader::name::Name;
use birthmark_core::{Kind, Outcome, Site, TaskId};

/// A task that panicked, was cancelled before it was ready, or was refused; see [`Dump::gone`](crate::Dump::gone).
///
/// # Examples
///
/// ```
/// for task in birthmark::dump().gone() {
///     println!("{} {}: {}", task.id(), task.role(), task.outcome());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct GoneTask {
    pub(crate) id: TaskId,
    pub(crate) site: &'static Site,
    pub(crate) kind: Kind,
    pub(crate) name: Option<Name>,
    pub(crate) parent: Option<(TaskId, Arc<str>)>,
    pub(crate) outcome: Outcome,
    pub(crate) ended: Option<Duration>,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) polls: u32,
    pub(crate) message: Option<Arc<str>>,
    pub(crate) is_message_cut: bool,
    pub(crate) place: Option<PanicPlace>,
    pub(crate) by: Option<DroppedBy>,
}

/// The place in the source where a panic began.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PanicPlace {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl PanicPlace {
    /// Returns the path of the file as the compiler has it. The beginning of a path of more than 127 bytes is missing.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the line. The first line is 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns the column in characters. The first column is 1.
    pub fn column(&self) -> u32 {
        self.column
    }
}

/// Writes `src/main.rs:22:9`.
impl fmt::Display for PanicPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.file, f)?;
        write!(f, ":{}:{}", self.line, self.column)
    }
}

/// The code that dropped a cancelled task.
///
/// An executor drops a task when its handle is aborted, and when the executor itself ends. The record shows where the task
/// was dropped, which is certain. The record does not show which handle was aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DroppedBy {
    /// Another task ran on the thread, so its code has dropped the task, or the executor that owned it.
    Task {
        /// The id of that task.
        id: TaskId,
        /// Name and role of that task as a dump shows them: `"req-7" publish`.
        label: Arc<str>,
        /// Name of the thread on which it ran, maybe empty.
        thread: Arc<str>,
        /// The task was not alive any more when the dump was taken.
        has_ended: bool,
    },
    /// The executor that another task drives in a `block_on`. So the executor was not shut down.
    BlockOn {
        /// The id of the task that drives the executor.
        id: TaskId,
        /// Name and role of that task as a dump shows them.
        label: Arc<str>,
    },
    /// A thread that ran no recorded task, for example a worker of an executor.
    Thread {
        /// The system's id.
        id: u64,
        /// The beginning of the thread's name, maybe empty.
        name: Arc<str>,
    },
}

/// Writes what a dump shows: `dropped by task 3 {closure} on thread "test_one", which has ended`.
impl fmt::Display for DroppedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DroppedBy::Task {
                id,
                label,
                thread,
                has_ended,
            } => {
                write!(f, "dropped by task {id} {label}")?;
                if !thread.is_empty() {
                    write!(f, " on thread {}", Quoted::whole(thread))?;
                }
                match has_ended {
                    true => f.write_str(", which has ended"),
                    false => Ok(()),
                }
            }
            DroppedBy::BlockOn { id, label } => {
                write!(f, "dropped by the executor that task {id} {label} drives")
            }
            DroppedBy::Thread { id, name } => {
                write!(f, "dropped on thread {id} (")?;
                if !name.is_empty() {
                    escape(name, f)?;
                    f.write_str(", ")?;
                }
                f.write_str("in no task)")
            }
        }
    }
}

impl GoneTask {
    /// Returns the id.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Returns the name that the task had at its end.
    pub fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Returns the role of the task; see [`Site::role`].
    pub fn role(&self) -> &'static str {
        self.site.role()
    }

    /// Returns the kind of the task.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the spawn site.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the id of the parent, or `None` for roots.
    pub fn parent(&self) -> Option<TaskId> {
        self.parent.as_ref().map(|(id, _)| *id)
    }

    /// Returns the role of the parent, or `None` for roots.
    pub fn parent_role(&self) -> Option<&str> {
        self.parent.as_ref().map(|(_, role)| &**role)
    }

    /// Returns the outcome: [`Panicked`](Outcome::Panicked), [`Cancelled`](Outcome::Cancelled) or
    /// [`Refused`](Outcome::Refused).
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns the time from the end of the task to the dump, with a resolution of a tenth of a second, or `None` if no
    /// clock runs.
    pub fn time_since_end(&self) -> Option<Duration> {
        self.ended
    }

    /// Returns the time from the spawn to the end, with a resolution of a tenth of a second, or `None` if no clock runs.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Returns the number of polls of a future, or of calls of a closure; see [`Task::polls`](crate::Task::polls).
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Returns the message of the panic, or the reason of the refusal. A long message is cut.
    ///
    /// The message of a panic is known if [`install`] was called before, and if the panic hook ran in the last poll of the
    /// task. `resume_unwind` does not run the hook.
    ///
    /// [`install`]: https://docs.rs/birthmark/latest/birthmark/fn.install.html
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns `true` if the message was longer.
    pub fn is_message_truncated(&self) -> bool {
        self.is_message_cut
    }

    /// Returns the place where the panic began, if the message is known.
    pub fn panic_place(&self) -> Option<&PanicPlace> {
        self.place.as_ref()
    }

    /// Returns the code that dropped a cancelled task.
    pub fn dropped_by(&self) -> Option<&DroppedBy> {
        self.by.as_ref()
    }
}

/// Writes `task 4 "conn-1" read_frames (future) panicked 9.8 s ago at src/main.rs:22:9: the message`, in one line.
impl fmt::Display for GoneTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} ", self.id)?;
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        escape(self.role(), f)?;
        write!(f, " ({}) ", self.kind)?;
        self.write_end(f)
    }
}

impl GoneTask {
    /// Writes `panicked 9.8 s ago at src/main.rs:22:9: the message`.
    pub(crate) fn write_end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Outcome::Panicked => f.write_str("panicked")?,
            Outcome::Refused => f.write_str("refused by a hook")?,
            _ => f.write_str("cancelled")?,
        }
        if let Some(ended) = self.ended {
            write!(f, " {} ago", Age(ended))?;
        }
        if let Some(place) = &self.place {
            write!(f, " at {place}")?;
        }
        if let Some(by) = &self.by {
            write!(f, ", {by}")?;
        }
        self.write_message(f)
    }

    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(message) = &self.message else {
            return Ok(());
        };
        f.write_str(": ")?;
        escape(message, f)?;
        f.write_str(if self.is_message_cut { "…" } else { "" })
    }
}

/// The tasks of a site that ended before they were ready, since the start of the program.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BadEnds {
    /// The site.
    pub site: &'static Site,
    /// Number of tasks that have panicked.
    pub panicked: u64,
    /// Number of tasks that were dropped before they were ready.
    pub cancelled: u64,
    /// Number of tasks that hooks have refused.
    pub refused: u64,
}

impl BadEnds {
    /// Returns the number of tasks with an outcome.
    pub(crate) fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Panicked => self.panicked,
            Outcome::Refused => self.refused,
            _ => self.cancelled,
        }
    }
}
