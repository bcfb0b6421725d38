//! Runtimes that are kept for all programs of a user, so that only the first build on a machine compiles one.
//!
//! A target directory takes the files over as links or copies of its own. It never depends on the shelf
//! again, from which they may disappear at any time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::super::Build;
use super::super::command_line::Unit;
use super::package;
use super::target::Target;
use crate::home::Shelf;
use crate::session::{hash, replace};

/// The place of one runtime on the shelf.
pub struct Place {
    shelf: Shelf,
    entry: PathBuf,
}

/// The names of the files, beside them.
const LIST: &str = "files.json";

impl Place {
    /// The place of the runtime that a build needs. None where the user may edit its source.
    pub fn of(target: &Target, unit: &Unit, build: &Build<'_>) -> Option<Place> {
        let source = package::identity(build.session)?;
        let compiler = target.compiler(unit).ok()?;
        let key = hash(&(target, compiler, source, environment()));
        let shelf = Shelf::runtimes()?;
        let entry = shelf.entry(&format!("{key:016x}"));
        Some(Place { shelf, entry })
    }

    /// Takes the runtime over into a directory, if it is there.
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

    /// Keeps a runtime that was built. It was there first if somebody else was faster.
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
        super::build::copy(file, &link)?;
    }
    Ok(link)
}

/// Variables that change what the compiler or libc's build script does.
fn environment() -> Vec<(String, Option<String>)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
        .filter(|(name, _)| name == "RUSTC_BOOTSTRAP" || name.starts_with("RUST_LIBC_"))
        .collect();
    variables.sort();
    variables
}
