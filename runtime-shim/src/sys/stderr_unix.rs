//! Standard error without a lock.

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

/// Writes `bytes` to standard error. Takes no lock: a thread that panics may interrupt one that
/// holds std's.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    // SAFETY: descriptor 2 is standard error by convention; if the program has closed it, the
    // write fails, and ManuallyDrop keeps us from closing it ourselves.
    let mut stderr = ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(2) });
    stderr.write_all(bytes)
}
