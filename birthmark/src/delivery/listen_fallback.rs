//! No signals: the platform has none, or the feature `signal` is off.

use std::io;

use super::DumpSignal;

/// Nobody listens.
pub(super) fn resume() -> io::Result<()> {
    Ok(())
}

/// Says why there is no dump on a signal.
pub(super) fn listen(_signal: DumpSignal) -> io::Result<()> {
    let why = if cfg!(unix) {
        "birthmark's feature `signal` is off"
    } else {
        "this platform has no such signals"
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}
