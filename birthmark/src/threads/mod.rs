//! The OS threads of the process, recorded or not: the kernel's state of each, and the task that it runs.
//!
//! Threads are read on request, one after the other, while all continue. The task of a thread is read from the records
//! of tasks, so it is known for threads without a record, too. The records are read again at the end. A thread whose
//! task has changed in between is marked: its state and its task may not belong together.

// The one place that has the platforms with native stacks, except manifests. On others, registers lie elsewhere.
mod epoll;
#[cfg_attr(
    not(all(
        feature = "native-stacks",
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "no_native.rs"
)]
mod native;
mod running;

use birthmark_core::__reader::{internal_thread, os_thread};
use birthmark_dump::__private::{look_at, redacted_tasks, OsThreads};
use birthmark_dump::{NativeStack, OsThread, StackError};
pub(crate) use running::innermost_on;
use running::Runs;

use crate::awaits;
use crate::platform::tasks;

/// Reads all threads. Returns `None` if the system does not list them.
pub(crate) fn look(stacks: bool) -> Option<OsThreads> {
    let mut ids = os_thread::all_os_ids()?;
    let count = ids.len();
    ids.retain(|&id| !internal_thread::is_internal(id));
    ids.sort_unstable();
    let runs = Runs::now();
    let tick = tasks::clock_tick();
    let look = |&id: &u64| look_at(id, tick, |file| tasks::read(id, file));
    let mut all: Vec<OsThread> = ids.iter().filter_map(look).collect();
    if stacks {
        take_stacks(&mut all);
    }
    let later = Runs::now();
    for thread in &mut all {
        thread.tasks = redacted_tasks(runs.on(thread.id));
        thread.stale = !runs.are_the_same(&later, thread.id);
    }
    let own = count - ids.len();
    Some(OsThreads {
        all,
        own,
        has_epoll: epoll::is_there,
        words_around: awaits::words_around,
    })
}

/// Takes the stack of one thread, by its system id. No other thread gets a signal.
pub(crate) fn stack_of(id: u64) -> Result<NativeStack, StackError> {
    let stack = native::take(&[id]).pop();
    stack.unwrap_or(Err(StackError::NoAnswer))
}

/// Maximum number of addresses of the calling thread's stack.
pub(crate) const MAX_ADDRESSES: usize = 160;

/// Writes the addresses of the calling thread's stack. Returns their number, and whether the stack ends there.
pub(crate) fn stack_here(addresses: &mut [u64; MAX_ADDRESSES]) -> (usize, bool) {
    native::here::take(addresses)
}

/// Looks up the functions of stacks that [`stack_here`] has written, each with whether it ends there.
pub(crate) fn look_up(stacks: &[(&[u64], bool)]) -> Result<Vec<NativeStack>, StackError> {
    native::here::look_up(stacks)
}

/// Takes the stacks, one after the other. A stack is therefore a moment newer than the state of its thread.
fn take_stacks(threads: &mut [OsThread]) {
    let ids: Vec<u64> = threads.iter().map(|thread| thread.id).collect();
    for (thread, stack) in threads.iter_mut().zip(native::take(&ids)) {
        thread.stack = Some(stack);
    }
}
