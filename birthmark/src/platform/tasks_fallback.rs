//! Fallback for systems that report nothing about other threads.

use std::io;
use std::time::Duration;

/// Returns an error, because the system has no such files.
pub(crate) fn read(_os_id: u64, _file: &str) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns zero, because no time is read here.
pub(crate) fn clock_tick() -> Duration {
    Duration::ZERO
}
