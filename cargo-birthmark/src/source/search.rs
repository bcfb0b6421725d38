//! A search for spawns in the text of a crate, so that one without any is not parsed.

use std::fs;
use std::path::{Path, PathBuf};

/// All Rust files below a directory. Build output and hidden directories are left out.
pub fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !is_left_out(&path) {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn is_left_out(directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    name == "target" || name.starts_with('.')
}

/// Whether any file that may belong to a crate passes a test: those in the directory of its root, or the
/// modules may lie elsewhere.
pub fn any_file(root: &Path, test: impl Fn(&str) -> bool) -> bool {
    let directory = root.parent().unwrap_or(root);
    rust_files(directory)
        .iter()
        .any(|file| read(file).is_some_and(|text| test(&text) || leads_elsewhere(&text)))
}

/// Whether a module's path leads out of its directory.
fn leads_elsewhere(text: &str) -> bool {
    text.contains("path = \"..") || text.contains("path=\"..") || text.contains("path = \"/")
}

/// The text of a file, if it is text.
pub fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}
