//! CPU time where it is not known.

use std::time::Duration;

/// Returns `None`, because the CPU time of a thread is not known here.
pub fn thread_cpu_time() -> Option<Duration> {
    None
}
