//! The OS threads of the process, recorded or not: what the kernel says that each does, and which task
//! runs on it.
//!
//! Nothing of it is looked at unless somebody asks, and then one thread after the other, while all go on.
//! Which task a thread runs is read from the records, so that this is known also of threads that have no
//! record of their own; and once more when all has been looked at, so that it can be said of which threads
//! it holds.

mod call;
mod kernel;
// The one place that has the platforms with native stacks, except manifests. On others, registers lie elsewhere.
#[cfg_attr(
    not(all(
        feature = "native-stacks",
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "no_native.rs"
)]
mod native;
mod report;
mod running;
mod stack;

use std::time::Duration;

use crate::dump::shown;
use crate::dump::Task;
use crate::platform;
use kernel::Stat;
use running::Runs;

pub use call::SystemCall;
pub use kernel::ThreadState;
pub use report::{ThreadReport, UnknownThreadReport};
pub use stack::{NativeFrame, NativeStack, NoStack};

/// An OS thread, as it was when a [`Dump`](crate::Dump) read it.
#[derive(Clone, Debug)]
pub struct OsThread {
    id: u64,
    name: String,
    state: ThreadState,
    uninterruptible: bool,
    cpu: Option<Duration>,
    tasks: Vec<Task>,
    moving: bool,
    stack: Option<Result<NativeStack, NoStack>>,
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
    pub fn is_moving(&self) -> bool {
        self.moving
    }

    /// Returns the native stack, or the reason for its absence, or `None` if [stacks](ThreadReport::Stacks) were not
    /// requested.
    pub fn stack(&self) -> Option<Result<&NativeStack, NoStack>> {
        let stack = self.stack.as_ref()?;
        Some(stack.as_ref().map_err(|why| *why))
    }
}

/// All threads but birthmark's own.
#[derive(Debug)]
pub(crate) struct OsThreads {
    /// By id.
    all: Vec<OsThread>,
    /// How many there are of birthmark's own.
    own: usize,
}

impl OsThreads {
    /// Looks at all threads, or `None` where the system does not list them.
    pub(crate) fn look(stacks: bool) -> Option<Self> {
        let mut ids = platform::thread::all_os_ids()?;
        let count = ids.len();
        ids.retain(|&id| !crate::platform::own_thread::is_own(id));
        ids.sort_unstable();
        let runs = Runs::now();
        let mut all: Vec<OsThread> = ids.iter().filter_map(|&id| look_at(id)).collect();
        if stacks {
            take_stacks(&mut all);
        }
        let later = Runs::now();
        for thread in &mut all {
            thread.tasks = shown(runs.on(thread.id));
            thread.moving = !runs.are_the_same(&later, thread.id);
        }
        let own = count - ids.len();
        Some(OsThreads { all, own })
    }

    pub(crate) fn all(&self) -> &[OsThread] {
        &self.all
    }

    /// How many there are of birthmark's own.
    pub(crate) fn own(&self) -> usize {
        self.own
    }

    /// The thread with this id, if it was running that task as long as it was looked at.
    pub(crate) fn running(&self, id: u64, task: u64) -> Option<&OsThread> {
        let place = self.all.binary_search_by_key(&id, |it| it.id).ok()?;
        let thread = &self.all[place];
        let mut tasks = thread.tasks.iter().map(|task| task.id.as_u64());
        (!thread.moving && tasks.any(|id| id == task)).then_some(thread)
    }
}

/// A thread, but for its tasks; `None` if it has ended.
fn look_at(id: u64) -> Option<OsThread> {
    let stat = Stat::read(id)?;
    Some(OsThread {
        id,
        state: ThreadState::of(id, &stat),
        uninterruptible: stat.is_uninterruptible(),
        cpu: stat.cpu(),
        name: stat.name,
        tasks: Vec::new(),
        moving: false,
        stack: None,
    })
}

/// One thread answers after the other, so each is a moment older than what it was seen to do.
fn take_stacks(threads: &mut [OsThread]) {
    let ids: Vec<u64> = threads.iter().map(|thread| thread.id).collect();
    for (thread, stack) in threads.iter_mut().zip(native::take(&ids)) {
        thread.stack = Some(stack);
    }
}
