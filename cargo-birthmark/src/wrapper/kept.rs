//! What is compiled once for all programs of a user, so that only the first build on a machine does it: the
//! runtime, and the macro that keeps columns.
//!
//! A target directory takes the files over as links or copies of its own. It never depends on the shelf
//! again, from which they may disappear at any time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::home::Shelf;
use crate::session::replace;

/// The place of some files on a shelf.
pub struct Place {
    shelf: Shelf,
    entry: PathBuf,
}

/// The names of the files, beside them.
const LIST: &str = "files.json";

impl Place {
    /// The place of what has this key.
    pub fn new(shelf: Shelf, key: u64) -> Place {
        let entry = shelf.entry(&format!("{key:016x}"));
        Place { shelf, entry }
    }

    /// Takes the files over into a directory, if they are there.
    pub fn take(&self, directory: &Path) -> Option<Vec<PathBuf>> {
        let names = fs::read(self.entry.join(LIST)).ok()?;
        let names: Vec<PathBuf> = serde_json::from_slice(&names).ok()?;
        let files = names
            .iter()
            .map(|name| link(&self.entry.join(name), directory));
        let files = files.collect::<Result<_>>().ok()?;
        self.shelf.used(&self.entry);
        Some(files)
    }

    /// Keeps files that were made. They were there first if somebody else was faster.
    pub fn put(&self, files: &[PathBuf]) -> Result<()> {
        let name = self.entry.file_name().unwrap_or_default();
        let name = format!(".{}-{}", name.to_string_lossy(), std::process::id());
        let temporary = self.entry.with_file_name(name);
        for file in files {
            link(file, &temporary)?;
        }
        let names = files.iter().filter_map(|file| file.file_name());
        let names: Vec<_> = names.map(PathBuf::from).collect();
        replace(&temporary.join(LIST), &serde_json::to_vec(&names)?)?;
        if fs::rename(&temporary, &self.entry).is_err() {
            fs::remove_dir_all(&temporary).context("remove what was not needed")?;
        }
        self.shelf.prune();
        Ok(())
    }
}

/// Makes a file appear in another directory, with its date: as a link, or else as a copy.
fn link(file: &Path, directory: &Path) -> Result<PathBuf> {
    let link = directory.join(file.file_name().unwrap_or_default());
    fs::create_dir_all(directory)
        .with_context(|| format!("make the directory {}", directory.display()))?;
    // It may be left from a build that was cut off.
    let _ = fs::remove_file(&link);
    if fs::hard_link(file, &link).is_err() {
        copy(file, &link)?;
    }
    Ok(link)
}

/// Older than any crate, so that cargo does not take a crate for outdated because the runtime was built
/// while the crate waited for it.
const OLD: Duration = Duration::from_secs(1_000_000_000);

/// Copies a file, and dates the copy back.
pub fn copy(file: &Path, copy: &Path) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    replace(copy, &content)?;
    fs::File::options()
        .write(true)
        .open(copy)
        .and_then(|copy| copy.set_modified(SystemTime::UNIX_EPOCH + OLD))
        .with_context(|| format!("date {} back", copy.display()))
}
