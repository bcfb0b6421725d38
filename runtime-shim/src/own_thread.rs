//! Threads of birthmark's own: the program's signals stay away from them, and dumps do not count them.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The system's ids of threads that have been started. They run for as long as the process.
static IDS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Starts a thread. `f` does not return.
pub(crate) fn spawn(
    name: &str,
    stack_size: usize,
    f: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let thread = std::thread::Builder::new()
        .name(name.into())
        .stack_size(stack_size);
    thread.spawn(|| {
        crate::sys::thread::block_signals();
        ids().push(crate::sys::thread::os_id());
        f();
    })?;
    Ok(())
}

/// Whether a thread, by the system's id, is one of them.
pub(crate) fn is_own(os_id: u64) -> bool {
    ids().contains(&os_id)
}

fn ids() -> MutexGuard<'static, Vec<u64>> {
    IDS.lock().unwrap_or_else(PoisonError::into_inner)
}
