//! No signals: the platform has none, or the feature `signal` is off.

use std::io;

use super::DumpSignal;

/// Does nothing, because no thread listens.
pub(super) fn resume() -> io::Result<()> {
    Ok(())
}

/// Returns the reason for which no signal causes a dump.
pub(super) fn listen(_signal: DumpSignal) -> io::Result<()> {
    let why = if cfg!(unix) {
        "birthmark's feature `signal` is off"
    } else {
        "this platform has no such signals"
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}
