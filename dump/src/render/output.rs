//! Output in pieces.
//!
//! A piece is collected before it is written, so that neither the formatting machinery nor a system call runs for each
//! task. A piece has a bounded size, so that the text of a dump is never in memory.

use std::fmt::{self, Write};

use crate::values::role::qualified;
use birthmark_core::Site;

/// Size of a piece, in bytes.
const PIECE: usize = 64 * 1024;

/// Collects text on the way to `sink`.
pub(super) struct ChunkedWriter<'a> {
    pub(super) out: String,
    sink: &'a mut dyn Write,
}

impl<'a> ChunkedWriter<'a> {
    pub(super) fn new(sink: &'a mut dyn Write) -> Self {
        ChunkedWriter {
            out: String::with_capacity(PIECE + PIECE / 4),
            sink,
        }
    }

    /// Writes the collected text if it fills a piece. Callers call it after each item.
    pub(super) fn next(&mut self) -> fmt::Result {
        if self.out.len() < PIECE {
            return Ok(());
        }
        self.flush()
    }

    /// Writes the rest.
    pub(super) fn finish(mut self) -> fmt::Result {
        self.flush()
    }

    fn flush(&mut self) -> fmt::Result {
        self.sink.write_str(&self.out)?;
        self.out.clear();
        Ok(())
    }
}

pub(super) fn push(out: &mut String, what: impl fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(out, "{what}");
}

/// Appends a number in decimal. This function is several times faster than the formatting machinery, which matters for
/// a million tasks.
pub(super) fn push_number(out: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[start..].iter().map(|&digit| char::from(digit)));
}

/// Returns the role of a task of this site, with escapes. It has its module if roles of several modules would be alike.
pub(super) fn role_text(site: &Site, role: &str) -> String {
    escaped(&qualified(site, role))
}

/// Returns the role of the tasks of a site, with escapes.
pub(super) fn site_role(site: &Site) -> String {
    role_text(site, site.role())
}

/// Returns a text with escapes, so that it is harmless on a terminal.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = birthmark_core::__reader::escape::escape(text, &mut out);
    out
}
