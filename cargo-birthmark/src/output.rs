//! Formats of the output of `sites` and `doctor`.

use clap::ValueEnum;

/// The output format of `sites` and `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Text,
    /// A JSON document
    Json,
}
