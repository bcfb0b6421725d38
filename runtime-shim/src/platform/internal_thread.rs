//! Threads of birthmark's own: the program's signals stay away from them, and dumps do not count them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

/// The system's ids of threads that run, each with its process in the upper half. There are never as many as there is
/// room for. Without a lock, which the child of a fork might find taken by a thread that it does not have.
pub(crate) static IDS: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];

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
    crate::platform::clock::start();
    let thread = Builder::new().name(name.into()).stack_size(stack_size);
    thread.spawn(|| {
        crate::platform::thread::block_signals();
        let _listed = Listed::new();
        f();
    })
}

/// Returns `true` if a thread, by the system's id, is one of them.
pub fn is_internal(os_id: u64) -> bool {
    let entry = entry(os_id);
    IDS.iter().any(|id| id.load(Ordering::Relaxed) == entry)
}

/// Returns the entry of the list for a thread of this process. The child of a fork has no thread of its parent.
fn entry(os_id: u64) -> u64 {
    u64::from(std::process::id()) << 32 | os_id
}

/// The calling thread is listed until this is dropped, also when it unwinds.
struct Listed(Option<&'static AtomicU64>);

impl Listed {
    fn new() -> Self {
        let entry = entry(crate::platform::thread::os_id());
        let process = entry >> 32;
        let take = |place: &&AtomicU64| {
            let change = |present: u64| (present >> 32 != process).then_some(entry);
            let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
            place.fetch_update(set, fetch, change).is_ok()
        };
        Listed(IDS.iter().find(take))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(0, Ordering::Relaxed);
        }
    }
}
