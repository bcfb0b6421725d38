//! The files of a crate, found by the `mod name;` in them.
//!
//! Conditions are not evaluated. A file that a `cfg` leaves out may be rewritten, which does nothing. A missing file is
//! passed over, and the compiler complains if it needs the file.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Component, Path, PathBuf};

use birthmark_rewrite::text::{Module, modules};

use super::search;

/// The files of the crate with this root, and their text; those that only tests have, if asked for.
pub fn files(root: &Path, tests: bool) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut pending = VecDeque::from([(root.to_owned(), true)]);
    while let Some((file, owns_directory)) = pending.pop_front() {
        let Some(text) = (!files.contains_key(&file))
            .then(|| search::read(&file))
            .flatten()
        else {
            continue;
        };
        let modules = modules(&text).unwrap_or_default();
        for module in modules
            .into_iter()
            .filter(|module| tests || !module.for_tests)
        {
            let candidates = candidates(&file, owns_directory, &module);
            pending.extend(candidates.into_iter().filter(|(path, _)| path.is_file()));
        }
        files.insert(file, text);
    }
    files
}

/// Where a module's file may be, and whether its own modules then lie in the same directory.
fn candidates(file: &Path, owns_directory: bool, module: &Module) -> Vec<(PathBuf, bool)> {
    let here = file.parent().unwrap_or(file);
    let below = if owns_directory {
        here.to_owned()
    } else {
        here.join(stem(file))
    };
    let mut directories = vec![below];
    for parent in &module.parents {
        directories = inside(&directories, &parent.name, &parent.paths);
    }
    let written = module.paths.iter().flat_map(|path| {
        // The path of a module at the top of its file counts from the file itself.
        let from = if module.parents.is_empty() {
            vec![here.to_owned()]
        } else {
            directories.clone()
        };
        from.into_iter()
            .map(move |directory| (normalized(&directory.join(path)), true))
    });
    let by_name = directories.iter().flat_map(|directory| {
        let name = &module.name;
        [
            (directory.join(format!("{name}.rs")), false),
            (directory.join(name).join("mod.rs"), true),
        ]
    });
    written.chain(by_name).collect()
}

/// The name of the module that a file is, by its path. The root has none.
pub fn name_of<'a>(file: &'a Path, root: &Path) -> &'a str {
    let stem = stem(file).to_str().unwrap_or_default();
    match stem {
        _ if file == root => "",
        "mod" => file
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .unwrap_or_default(),
        stem => stem,
    }
}

/// Returns the path of the module that a file is, by its place: `client::legacy` for `src/client/legacy/mod.rs`. That of the
/// root is empty.
pub fn path_of(file: &Path, root: &Path) -> String {
    let top = root.parent().unwrap_or(root);
    let Ok(inside) = file.strip_prefix(top) else {
        return String::new();
    };
    if file == root {
        return String::new();
    }
    let inside = match inside.file_name() {
        Some(name) if name == "mod.rs" => inside.parent().unwrap_or(inside).to_owned(),
        _ => inside.with_extension(""),
    };
    let names = inside
        .components()
        .map(|one| one.as_os_str().to_string_lossy());
    names.collect::<Vec<_>>().join("::")
}

/// Returns `true` if a module is this one or inside of it. An empty path is the whole crate.
pub fn contains(outer: &str, module: &str) -> bool {
    let behind = module.strip_prefix(outer);
    outer.is_empty() || behind.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn inside(directories: &[PathBuf], name: &str, paths: &[String]) -> Vec<PathBuf> {
    let names = paths.iter().map(String::as_str).chain([name]);
    names
        .flat_map(|name| {
            directories
                .iter()
                .map(move |directory| directory.join(name))
        })
        .collect()
}

fn stem(file: &Path) -> &std::ffi::OsStr {
    file.file_stem().unwrap_or_default()
}

/// A path without `..`, so that a file has one name.
pub fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normalized.pop()),
            Component::CurDir => {}
            part => normalized.push(part),
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn file_has_the_path_of_its_module() {
        let path = |file: &str| super::path_of(Path::new(file), Path::new("/p/src/lib.rs"));
        assert_eq!(path("/p/src/lib.rs"), "");
        assert_eq!(path("/p/src/client.rs"), "client");
        assert_eq!(path("/p/src/client/legacy/mod.rs"), "client::legacy");
        assert_eq!(path("/p/src/client/legacy/pool.rs"), "client::legacy::pool");
        assert_eq!(path("/elsewhere/pool.rs"), "");
    }

    #[test]
    fn module_contains_itself_and_what_is_inside() {
        assert!(super::contains("client", "client") && super::contains("client", "client::pool"));
        assert!(super::contains("", "client") && super::contains("", ""));
        assert!(!super::contains("client", "clients") && !super::contains("client", ""));
    }

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = super::files(&directory.path().join("src/lib.rs"), false);
        let names = found.keys().map(|path| {
            path.strip_prefix(directory.path())
                .unwrap()
                .display()
                .to_string()
        });
        let names = names.collect();
        (directory, names)
    }

    #[test]
    fn modules_are_found_where_the_compiler_looks() {
        let (_directory, found) = tree(&[
            (
                "src/lib.rs",
                "mod a; mod b; mod inline { mod c; } #[cfg(windows)] mod missing; #[cfg(test)] mod tests;",
            ),
            ("src/a.rs", "mod deep; #[path = \"elsewhere.rs\"] mod x;"),
            ("src/a/deep.rs", ""),
            ("src/elsewhere.rs", "mod beside;"),
            ("src/beside.rs", ""),
            ("src/b/mod.rs", "mod deep;"),
            ("src/b/deep.rs", ""),
            ("src/inline/c.rs", ""),
            ("src/unused.rs", ""),
            ("src/tests.rs", ""),
        ]);
        assert_eq!(
            found,
            [
                "src/a/deep.rs",
                "src/a.rs",
                "src/b/deep.rs",
                "src/b/mod.rs",
                "src/beside.rs",
                "src/elsewhere.rs",
                "src/inline/c.rs",
                "src/lib.rs"
            ]
        );
    }

    #[test]
    fn path_may_lead_out_of_the_directory() {
        let (_directory, found) = tree(&[
            (
                "src/lib.rs",
                "#[cfg_attr(unix, path = \"../shared/x.rs\")] mod x;",
            ),
            ("shared/x.rs", ""),
        ]);
        assert_eq!(found, ["shared/x.rs", "src/lib.rs"]);
    }
}
