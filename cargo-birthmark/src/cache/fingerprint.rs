//! The inputs of cargo's metadata: files, and directories in which a member may appear. Some are missing, and would count
//! if they were there.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::user::cargo_home;

/// A program, as far as its inputs depend on it.
pub struct Program {
    /// The root of its workspace.
    pub workspace: PathBuf,
    /// The directories of its local packages.
    pub packages: Vec<PathBuf>,
    /// The files of configuration that the command line names.
    pub config_files: Vec<PathBuf>,
}

impl Program {
    /// Returns all inputs. `None` if they are not known.
    pub fn inputs(&self) -> Option<BTreeSet<PathBuf>> {
        let here = env::current_dir().ok()?;
        let workspace = &self.workspace;
        let mut inputs = BTreeSet::from([workspace.join("Cargo.lock")]);
        // From each of these, cargo goes up in search of a package or a workspace.
        inputs.extend(above(&here, "Cargo.toml"));
        for package in &self.packages {
            inputs.extend(above(package, "Cargo.toml"));
        }
        inputs.extend(configuration(&here, &self.config_files)?);
        let manifest = fs::read_to_string(workspace.join("Cargo.toml")).ok()?;
        let manifest: DocumentMut = manifest.parse().ok()?;
        for pattern in members(&manifest) {
            inputs.extend(searched(workspace, pattern)?);
        }
        inputs.extend(patches(&manifest).map(|path| workspace.join(path).join("Cargo.toml")));
        Some(inputs)
    }
}

/// A file of this name in a directory and in all above it.
fn above(directory: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
    directory
        .ancestors()
        .map(move |directory| directory.join(name))
}

/// Where cargo looks for its configuration. One that includes others is not followed.
fn configuration(here: &Path, named: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let directories = above(here, ".cargo").chain(cargo_home());
    let names = |directory: PathBuf| ["config", "config.toml"].map(|name| directory.join(name));
    let mut files: Vec<_> = directories.flat_map(names).collect();
    files.extend(named.iter().map(|file| here.join(file)));
    let includes = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|it| it.contains("include"));
    (!files.iter().any(includes)).then_some(files)
}

/// The members of a workspace, as its manifest has them.
fn members(manifest: &DocumentMut) -> impl Iterator<Item = &str> {
    let members = manifest.get("workspace").and_then(|it| it.get("members"));
    let members = members.and_then(Item::as_array).into_iter().flatten();
    members.filter_map(|member| member.as_str())
}

/// The directories that cargo lists to find the members of a pattern, and the manifests that it looks for.
/// None for a pattern that reaches to any depth.
fn searched(workspace: &Path, pattern: &str) -> Option<Vec<PathBuf>> {
    if pattern.contains("**") {
        return None;
    }
    let mut searched = Vec::new();
    let mut directories = vec![workspace.to_owned()];
    for part in pattern.split('/') {
        if part.contains(['*', '?', '[']) {
            searched.extend(directories.iter().cloned());
            directories = directories.iter().flat_map(|it| inside(it)).collect();
        } else {
            directories.iter_mut().for_each(|it| it.push(part));
        }
    }
    searched.extend(directories.iter().map(|it| it.join("Cargo.toml")));
    Some(searched)
}

fn inside(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// Packages that may come to replace others: cargo tells only of those that do.
fn patches(manifest: &DocumentMut) -> impl Iterator<Item = &str> {
    let sources = manifest.get("patch").into_iter().flat_map(entries);
    let packages = sources.flat_map(entries);
    packages.filter_map(|package| package.get("path")?.as_str())
}

fn entries(item: &Item) -> impl Iterator<Item = &Item> {
    let table = item.as_table_like().into_iter();
    table.flat_map(|table| table.iter().map(|(_, entry)| entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_searched_where_a_member_may_appear() {
        let root = tempfile::tempdir().unwrap();
        let path = |inside: &str| root.path().join(inside);
        for directory in ["crates/a/x", "crates/b", "other"] {
            fs::create_dir_all(path(directory)).unwrap();
        }
        let searched = |pattern| searched(root.path(), pattern).map(BTreeSet::from_iter);
        let paths = |paths: &[&str]| Some(paths.iter().map(|it| path(it)).collect());
        assert_eq!(searched("other"), paths(&["other/Cargo.toml"]));
        assert_eq!(
            searched("crates/*"),
            paths(&["crates", "crates/a/Cargo.toml", "crates/b/Cargo.toml"])
        );
        assert_eq!(
            searched("crates/?/x"),
            paths(&["crates", "crates/a/x/Cargo.toml", "crates/b/x/Cargo.toml"])
        );
        assert_eq!(searched("crates/**"), None);
    }

    #[test]
    fn patches_are_found_in_every_spelling() {
        let manifest = "[patch.crates-io]\na = { path = \"pa\" }\nb = { git = \"g\" }\n\
            [patch.\"https://example.org\".c]\npath = \"pc\"\n";
        let manifest: DocumentMut = manifest.parse().unwrap();
        assert_eq!(patches(&manifest).collect::<Vec<_>>(), ["pa", "pc"]);
    }
}
