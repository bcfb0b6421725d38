//! Files of this repository.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the root of the repository.
///
/// # Panics
///
/// If the repository is gone.
#[must_use]
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the root exists")
}

/// Returns all files below a folder, sorted, without hidden ones, links, and what cargo builds. A link leads to files
/// that count where they are.
///
/// # Panics
///
/// If a folder cannot be read.
#[must_use]
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder can be read");
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if is_hidden || path.is_symlink() || name == "target" {
            continue;
        }
        if path.is_dir() {
            files.extend(below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Returns `true` if a file has this extension.
#[must_use]
pub fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension() == Some(OsStr::new(extension))
}
