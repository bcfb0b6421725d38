//! Positions in source code.

use std::fmt;
use std::sync::Arc;

/// A position in source code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// Path of the file.
    pub file: Arc<str>,
    /// First line.
    pub line: u32,
    /// Last line. Both lines differ if a macro contains the `await`, because its own line is then unknown.
    pub last_line: u32,
    /// File and line in the macro that contains the `await`.
    pub in_macro: Option<(Arc<str>, u32)>,
    /// Number of the `await` among those of its line, and how many there are. `None` if it is the only one.
    pub of_line: Option<(u32, u32)>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.last_line != self.line {
            write!(f, "..{}", self.last_line)?;
        }
        if let Some((number, of)) = self.of_line {
            write!(f, " (await {number} of {of} there)")?;
        }
        if let Some((file, line)) = &self.in_macro {
            write!(f, " (in a macro: {file}:{line})")?;
        }
        Ok(())
    }
}
