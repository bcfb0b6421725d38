//! Stamps of files and directories. A change gives another stamp, which is found without reading the content.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// The state of a file; of a directory, also of which files are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    modified: SystemTime,
    length: u64,
    /// Which file it is, and when anything about it was changed last, where the system knows.
    node: (u64, i64, i64),
}

/// How exactly a file system may tell the time. A file that is younger could change unseen.
const GRAIN: Duration = Duration::from_secs(2);

impl Stamp {
    /// Returns the stamp of a file. `None` if it is missing.
    pub fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stamp {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
            node: node(&metadata),
        })
    }

    /// Returns `true` if the file was last changed well before this time. Any later change then gives another stamp.
    pub fn is_settled(&self, since: SystemTime) -> bool {
        self.modified < since - GRAIN
    }
}

#[cfg(unix)]
fn node(metadata: &fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn node(_: &fs::Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}
