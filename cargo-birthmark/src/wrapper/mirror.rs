//! The mirror of a crate: its rewritten files among links to all else in the package. `include_str!("../README.md")`
//! and `#[path = "…"]` therefore find the same files as before.
//!
//! Each unit has a mirror of its own. Cargo locks the target directory, so two calls of the compiler for one unit never
//! run at once. Therefore nothing here needs a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Build;
use super::command_line::Unit;
use super::link::link;
use crate::session::replace;
use crate::source::modules::normalized;

/// A directory that looks like another.
#[derive(Debug)]
pub struct Mirror {
    /// The directory that is mirrored.
    pub base: PathBuf,
    /// The mirror.
    pub directory: PathBuf,
    /// The originals of the files that are others in the mirror.
    pub rewritten: Vec<PathBuf>,
}

impl Mirror {
    /// Writes the files, which lie below `base`, and links all else.
    pub fn write(
        unit: &Unit,
        build: &Build<'_>,
        base: &Path,
        files: &BTreeMap<PathBuf, String>,
    ) -> Result<Mirror> {
        let mirror = Mirror {
            base: base.to_owned(),
            directory: build.state().join("mirror").join(unit.id()),
            rewritten: files.keys().cloned().collect(),
        };
        let mut directories = BTreeSet::new();
        for file in files.keys() {
            let inside = file
                .strip_prefix(base)
                .with_context(|| format!("mirror {}", file.display()))?;
            directories.extend(inside.ancestors().skip(1).map(Path::to_owned));
        }
        for directory in &directories {
            mirror.fill(directory, &directories, files, &build.session.target_dir)?;
        }
        Ok(mirror)
    }

    /// Makes one directory of the mirror look like the original.
    fn fill(
        &self,
        inside: &Path,
        directories: &BTreeSet<PathBuf>,
        files: &BTreeMap<PathBuf, String>,
        skip: &Path,
    ) -> Result<()> {
        let original = self.base.join(inside);
        let copy = self.directory.join(inside);
        make_directory(&copy)?;
        let names = names(&original).with_context(|| format!("list {}", original.display()))?;
        for gone in self::names(&copy).unwrap_or_default().difference(&names) {
            remove(&copy.join(gone));
        }
        for name in names {
            let (original, copy) = (original.join(&name), copy.join(&name));
            if let Some(text) = files.get(&original) {
                replace(&copy, text.as_bytes())?;
            } else if !directories.contains(&inside.join(&name)) && !skip.starts_with(&original) {
                // A directory of ours from an earlier build stands in the way of a link.
                if copy.is_dir() && !copy.is_symlink() {
                    remove(&copy);
                }
                link(&original, &copy)?;
            }
        }
        Ok(())
    }

    /// The file of the mirror that stands for an original.
    pub fn of(&self, original: &Path) -> PathBuf {
        let inside = original.strip_prefix(&self.base).unwrap_or(original);
        // Joined with nothing, a path would end with a separator.
        self.directory.join(inside).components().collect()
    }
}

impl Mirror {
    /// The directory that holds what is mirrored and also these files, of which the compiler says that it cannot read
    /// them. None if there is nothing that a larger mirror would provide.
    pub fn wider(&self, unread: &[PathBuf]) -> Option<PathBuf> {
        let originals = unread.iter().filter_map(|file| {
            let inside = file.strip_prefix(&self.directory).ok()?;
            let original = normalized(&self.base.join(inside));
            (!original.starts_with(&self.base) && original.exists()).then_some(original)
        });
        let originals: Vec<PathBuf> = originals.collect();
        let holds_all = |base: &&Path| originals.iter().all(|file| file.starts_with(base));
        let wider = self.base.ancestors().find(holds_all)?;
        (!originals.is_empty()).then(|| wider.to_owned())
    }
}

/// Makes a directory, also where a link is that led to the original: nothing must ever be written there.
fn make_directory(path: &Path) -> Result<()> {
    if path.is_symlink() {
        remove(path);
    }
    fs::create_dir_all(path).with_context(|| format!("make the directory {}", path.display()))
}

fn remove(path: &Path) {
    // A file that cannot be removed is replaced or linked over, which reports its failure.
    let _ = if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
}

fn names(directory: &Path) -> std::io::Result<BTreeSet<OsString>> {
    fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name()))
        .collect()
}
