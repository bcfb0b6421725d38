//! Standard error as std has it.

use std::io::{self, Write};

/// Writes `bytes` to standard error.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    io::stderr().write_all(bytes)
}
