//! Text that came from outside, made harmless: names, panic messages, thread names.

use std::fmt::{self, Write};

/// Displays a text in double quotes, with everything escaped that could end the quotes or the line,
/// move the cursor or turn the writing direction. An ellipsis follows if it was `cut`.
#[derive(Debug)]
pub struct Quoted<'a> {
    pub text: &'a str,
    pub cut: bool,
}

impl<'a> Quoted<'a> {
    /// Quotes a text that was not cut.
    pub fn whole(text: &'a str) -> Self {
        Quoted { text, cut: false }
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(self.text, f)?;
        f.write_str(if self.cut { "…\"" } else { "\"" })
    }
}

/// Writes `text` with control characters, quotes and backslashes escaped.
pub fn escape(text: &str, out: &mut impl Write) -> fmt::Result {
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
    {
        return out.write_str(text);
    }
    for character in text.chars() {
        match character {
            '\'' => out.write_char('\'')?,
            other => write!(out, "{}", other.escape_debug())?,
        }
    }
    Ok(())
}
