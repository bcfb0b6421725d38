//! OS threads, which the crate `birthmark` reads.

pub(crate) mod blocked;
mod call;
mod detail;
mod kernel;
mod own_frames;
pub(crate) mod spawn_stack;
mod stack;
mod state;

use std::time::Duration;

use crate::snapshot::threads::SeenThread;
use crate::Task;

pub use call::SystemCall;
#[doc(hidden)]
pub use kernel::{is_running, look_at};
#[doc(hidden)]
pub use own_frames::{without_spawn, without_wrappers, Crate};

pub use detail::{ParseThreadDetailError, ThreadDetail};
pub(crate) use stack::NOT_FOLLOWED;
pub use stack::{NativeFrame, NativeStack, StackError};
pub use state::ThreadState;

/// An OS thread, as it was when a [`Dump`](crate::Dump) read it.
#[derive(Clone, Debug)]
pub struct OsThread {
    #[doc(hidden)]
    pub id: u64,
    #[doc(hidden)]
    pub name: String,
    #[doc(hidden)]
    pub state: ThreadState,
    #[doc(hidden)]
    pub uninterruptible: bool,
    #[doc(hidden)]
    pub cpu: Option<Duration>,
    #[doc(hidden)]
    pub tasks: Vec<Task>,
    #[doc(hidden)]
    pub stale: bool,
    #[doc(hidden)]
    pub stack: Option<Result<NativeStack, StackError>>,
}

impl OsThread {
    /// Returns the system id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the name without escapes. The name may contain any character. Linux keeps 15 bytes of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the state that the kernel reports.
    pub fn state(&self) -> &ThreadState {
        &self.state
    }

    /// Returns `true` if no signal can wake the thread, usually because it waits for a disk.
    pub fn is_uninterruptible(&self) -> bool {
        self.uninterruptible
    }

    /// Returns `true` if the thread sleeps in the kernel.
    pub(crate) fn sleeps(&self) -> bool {
        matches!(
            self.state,
            ThreadState::InCall(_) | ThreadState::OutsideCall | ThreadState::Waiting { .. }
        )
    }

    /// Returns the CPU time of the thread, in the program and in the kernel. Linux counts hundredths of a second.
    pub fn cpu_time(&self) -> Option<Duration> {
        self.cpu
    }

    /// Returns the recorded tasks that run on the thread, innermost first. A future may come first, followed by the
    /// thread itself if it is a task.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Returns `true` if the thread changed its task while it was read. Its [`tasks`](OsThread::tasks) may then be
    /// unrelated to its state.
    pub fn may_be_stale(&self) -> bool {
        self.stale
    }

    /// Returns the native stack, or the reason for its absence, or `None` if [stacks](ThreadDetail::Stacks) were not
    /// requested.
    pub fn stack(&self) -> Option<Result<&NativeStack, StackError>> {
        let stack = self.stack.as_ref()?;
        Some(stack.as_ref().map_err(|why| *why))
    }
}

/// All threads except birthmark's own.
#[doc(hidden)]
#[derive(Debug)]
pub struct OsThreads {
    /// By id.
    pub all: Vec<OsThread>,
    /// Number of birthmark's own threads.
    pub own: usize,
    /// Returns `true` if the program has an epoll instance, and if that is known for certain.
    pub has_epoll: fn() -> bool,
    /// Returns the words before and behind an address, if they can be read.
    pub words_around: fn(u64) -> Option<[u64; blocked::WORDS]>,
}

impl OsThreads {
    /// Returns the thread with this id, if it ran the task during the whole reading.
    pub(crate) fn running(&self, id: u64, task: u64) -> Option<&OsThread> {
        let thread = self.get(id)?;
        let mut tasks = thread.tasks.iter().map(|task| task.id.as_u64());
        tasks.any(|id| id == task).then_some(thread)
    }

    /// Returns the state of the thread with this id, for the tasks that it runs.
    pub(crate) fn seen(&self, id: u64) -> Option<SeenThread> {
        let thread = self.get(id)?;
        Some(SeenThread {
            sleeps: thread.sleeps(),
            tasks: thread.tasks.iter().map(|task| task.id.as_u64()).collect(),
        })
    }

    /// Returns the thread with this id, if it did not change its task during the reading.
    pub(crate) fn get(&self, id: u64) -> Option<&OsThread> {
        let place = self.all.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.all[place]).filter(|thread| !thread.stale)
    }
}
