//! Standard output, in pieces, with or without colours.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use birthmark_dump::render::should_colorize;

use crate::args::Color;

/// Standard output.
pub(crate) struct Output {
    pub(crate) color: bool,
}

impl Output {
    pub(crate) fn new(color: Color) -> Self {
        Output {
            color: match color {
                Color::Auto => should_colorize(&io::stdout()),
                Color::Always => true,
                Color::Never => false,
            },
        }
    }

    /// Writes a text.
    pub(crate) fn show(&self, text: impl Display) -> io::Result<()> {
        self.write(|out| write!(out, "{text}"))
    }

    /// Writes by a function.
    pub(crate) fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        write(&mut out)?;
        out.flush()
    }

    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }
}
