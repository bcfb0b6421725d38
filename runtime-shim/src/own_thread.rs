//! Threads of birthmark's own: the program's signals stay away from them, and dumps do not count them.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// The system's ids of threads that run.
static IDS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Starts a thread.
///
/// # Errors
///
/// If there is none to be had.
pub fn spawn(
    name: &str,
    stack_size: usize,
    f: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let thread = Builder::new().name(name.into()).stack_size(stack_size);
    thread.spawn(|| {
        crate::sys::thread::block_signals();
        let _listed = Listed::new();
        f();
    })
}

/// Whether a thread, by the system's id, is one of them.
pub(crate) fn is_own(os_id: u64) -> bool {
    ids().contains(&os_id)
}

/// The calling thread is listed until this is dropped, also when it unwinds.
struct Listed(u64);

impl Listed {
    fn new() -> Self {
        let id = crate::sys::thread::os_id();
        ids().push(id);
        Listed(id)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        ids().retain(|id| *id != self.0);
    }
}

fn ids() -> MutexGuard<'static, Vec<u64>> {
    IDS.lock().unwrap_or_else(PoisonError::into_inner)
}
