//! Origins of wakes.

use std::fmt;
use std::sync::Arc;

use birthmark_core::__reader::escape::escape;
use birthmark_core::TaskId;

/// The origin of the last wake of a task; see [`Task::woken_by`](crate::Task::woken_by).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WokenBy {
    /// The task itself, during a poll.
    Itself,
    /// Another task.
    Task {
        /// The id of that task.
        id: TaskId,
        /// Name and role of that task as a dump shows them: `"req-7" publish`. `None` if the task has ended, or if it is
        /// not in the same dump.
        label: Option<Arc<str>>,
    },
    /// A thread that ran no recorded task at that time, for example the thread of a driver of timers or sockets.
    Thread {
        /// The system's id. `None` if the thread has ended, or has never run a recorded task.
        id: Option<u64>,
        /// The beginning of the thread's name, maybe empty.
        name: Arc<str>,
    },
}

/// Writes the origin as a dump shows it: `task 7 "req-7" publish`, or `thread 4711 (tokio-rt-worker, in no task)`.
impl fmt::Display for WokenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WokenBy::Itself => f.write_str("itself"),
            WokenBy::Task { id, label } => match label {
                Some(label) => write!(f, "task {id} {label}"),
                None => write!(f, "task {id}"),
            },
            WokenBy::Thread { id: None, .. } => f.write_str("a thread in no task"),
            WokenBy::Thread { id: Some(id), name } => {
                write!(f, "thread {id} (")?;
                if !name.is_empty() {
                    escape(name, f)?;
                    f.write_str(", ")?;
                }
                f.write_str("in no task)")
            }
        }
    }
}
