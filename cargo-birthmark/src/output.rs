//! The output of the command: formats, and lines among those of cargo.

use clap::ValueEnum;

/// The output format of `sites` and `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Text,
    /// A JSON document
    Json,
}

/// Returns a line in the form of cargo's own status lines.
pub fn status(line: &str) -> String {
    format!("   Birthmark {line}\n")
}
