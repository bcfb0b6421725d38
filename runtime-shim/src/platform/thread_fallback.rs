//! Threads, as the standard library knows them.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number of this thread. Not the system's.
pub fn os_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    std::thread_local!(static ID: u64 = NEXT.fetch_add(1, Ordering::Relaxed));
    ID.try_with(|id| *id).unwrap_or(0)
}

/// Returns `true` if this is the thread that runs `main`, which is the one that std names so.
pub fn is_main() -> bool {
    std::thread::current().name() == Some("main")
}

/// Not known here.
pub fn is_alone() -> bool {
    true
}

/// Not known here.
pub fn all_os_ids() -> Option<Vec<u64>> {
    None
}

/// Not needed here.
pub fn block_signals() {}
