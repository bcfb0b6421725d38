//! The number of spawns whose result generated code has to look at.
//!
//! The result of an ordinary spawn is not looked at, so the number is 0 most of the time. A thread that has something pending
//! reads a number that is not 0: it has added to the number itself, and not yet subtracted.

use std::sync::atomic::{AtomicUsize, Ordering};

static PENDING: AtomicUsize = AtomicUsize::new(0);

/// Returns `true` if something may be pending on this thread.
#[inline(always)]
pub(crate) fn is_any() -> bool {
    PENDING.load(Ordering::Relaxed) != 0
}

/// Notes that something is pending on this thread.
pub(crate) fn add() {
    PENDING.fetch_add(1, Ordering::Relaxed);
}

/// Undoes [`add`].
pub(crate) fn remove() {
    PENDING.fetch_sub(1, Ordering::Relaxed);
}
