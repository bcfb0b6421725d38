//! Standard error without a lock.

use std::io::{self, Write};

/// Descriptor 2, whatever file the program has opened as it.
struct Descriptor2;

/// Writes `bytes` to standard error. Takes no lock, because a thread that panics may have interrupted a thread that
/// holds std's lock.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    Descriptor2.write_all(bytes)
}

impl Write for Descriptor2 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the kernel reads `bytes`, which is valid for its length, and writes no memory of the process. The
        // call owns no descriptor: if the program has closed 2, the call fails, and if it has opened another file as 2,
        // that file is its standard error, to std as well.
        let written =
            unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
