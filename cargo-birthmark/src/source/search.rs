//! A search for spawns in the text of a crate, so that one without any is not parsed.

use std::fs;
use std::path::{Component, Path, PathBuf};

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

/// Returns `true` if any file that may belong to a crate passes a test. Such files lie in the directory of the root, or
/// where a `#[path]` leads.
pub fn any_file(root: &Path, test: impl Fn(&str) -> bool) -> bool {
    let directory = root.parent().unwrap_or(root);
    rust_files(directory).iter().any(|file| {
        let inside = file.parent().and_then(|it| it.strip_prefix(directory).ok());
        let depth = inside.map_or(0, |inside| inside.components().count());
        read(file).is_some_and(|text| test(&text) || leads_out(&text, depth))
    })
}

/// Returns `true` if the path of a module may lead out of the directory of the crate's root. The file lies so many
/// levels below it. Within inline modules, a path starts from further below.
fn leads_out(text: &str, depth: usize) -> bool {
    paths(text).any(|path| level(path, depth).is_none())
}

/// The values of `path = "…"`.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("path").filter_map(|(start, word)| {
        let value = text[start + word.len()..].trim_start().strip_prefix('=')?;
        let value = value.trim_start();
        let raw = value.strip_prefix('r').map(|it| it.trim_start_matches('#'));
        raw.unwrap_or(value).strip_prefix('"')?.split('"').next()
    })
}

/// How deep a path ends, from so deep. Nothing if it is above 0 on its way.
fn level(path: &str, depth: usize) -> Option<usize> {
    let mut parts = Path::new(path).components();
    parts.try_fold(depth, |level, part| match part {
        Component::Normal(_) => level.checked_add(1),
        Component::ParentDir => level.checked_sub(1),
        Component::CurDir => Some(level),
        Component::RootDir | Component::Prefix(_) => None,
    })
}

/// The text of a file, if it is text.
pub fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_told_from_those_that_do_not() {
        let beside = "#[path = \"../beside.rs\"] mod beside;";
        assert!(leads_out(beside, 0) && !leads_out(beside, 1));
        assert!(leads_out(
            "#[cfg_attr(x, path=r#\"a/../../b.rs\"#)] mod b;",
            0
        ));
        assert!(leads_out("#[path =\n\"/b.rs\"] mod b;", 7));
        assert!(!leads_out(
            "#[path = \"./b/../c.rs\"] mod c; fn path() {}",
            0
        ));
    }
}
