//! Kinds of task.

use std::fmt;

/// What a task is to the system that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// Not known from the source alone.
    Unknown = 0,
    /// A future given to an executor.
    Future = 1,
    /// An OS thread.
    Thread = 2,
    /// An OS thread that its spawner waits for, and from which it may borrow.
    ScopedThread = 3,
    /// A closure on a pool for blocking work.
    Blocking = 4,
    /// A closure on any other pool: a rayon job, say.
    Job = 5,
    /// The main thread.
    Main = 6,
    /// A thread that was not spawned by instrumented code, but spawns from it.
    Foreign = 7,
}

impl Kind {
    pub(crate) const ALL: [Kind; 8] = [
        Kind::Unknown,
        Kind::Future,
        Kind::Thread,
        Kind::ScopedThread,
        Kind::Blocking,
        Kind::Job,
        Kind::Main,
        Kind::Foreign,
    ];

    /// Whether the task is an OS thread as a whole.
    pub fn is_thread(self) -> bool {
        matches!(
            self,
            Kind::Thread | Kind::ScopedThread | Kind::Main | Kind::Foreign
        )
    }

    /// The word that dumps use.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Unknown => "task",
            Kind::Future => "future",
            Kind::Thread => "thread",
            Kind::ScopedThread => "scoped thread",
            Kind::Blocking => "blocking",
            Kind::Job => "job",
            Kind::Main => "main thread",
            Kind::Foreign => "foreign thread",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
