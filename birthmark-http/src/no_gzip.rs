//! Without the feature `gzip`, nothing is compressed.

use std::io::{self, Write};

use axum::extract::Request;

pub(crate) fn is_wanted(_: &Request) -> bool {
    false
}

pub(crate) fn compress(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write(out)
}
