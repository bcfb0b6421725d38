//! Layers: within a crate, folders use each other in one direction; the core knows nothing of what is above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use birthmark_test_support::files::{self, has_extension, root};
use birthmark_test_support::packages;

/// Crates whose folders have no circle.
const CRATES: [&str; 10] = [
    "runtime-shim",
    "dump",
    "birthmark",
    "birthmark-http",
    "birthmark-tracing",
    "cargo-birthmark",
    "stacks",
    "outside",
    "cli",
    "rewrite",
];

/// Crates whose root has a table of its modules in their order.
const ORDERED: [&str; 8] = [
    "runtime-shim",
    "dump",
    "birthmark-http",
    "birthmark-tracing",
    "cargo-birthmark",
    "outside",
    "cli",
    "rewrite",
];

/// Words that the core does not contain: crates and services of higher layers.
const FOREIGN_TO_CORE: [&str; 7] = [
    "birthmark_dump",
    "birthmark_macros",
    "proc_macro",
    "env::var",
    "var_os",
    "render::",
    "stderr",
];

/// Uses of one top-level module by another, each with a file that contains it.
type Uses = BTreeMap<String, BTreeMap<String, PathBuf>>;

#[test]
fn folders_of_a_crate_form_no_circle() {
    for name in CRATES {
        let uses = uses(&root().join(name).join("src"));
        assert!(uses.len() > 2, "{name}: hardly any module is found");
        if let Some(circle) = circle(&uses) {
            let step = |pair: &[String]| {
                let file = &uses[&pair[0]][&pair[1]];
                format!("{} -> {} in {}", pair[0], pair[1], file.display())
            };
            let steps: Vec<String> = circle.windows(2).map(step).collect();
            panic!("{name} has a circle of modules:\n{}", steps.join("\n"));
        }
    }
}

#[test]
fn modules_use_those_above_them_in_the_table() {
    for name in ORDERED {
        let source = root().join(name).join("src");
        let table = table(&fs::read_to_string(source.join("lib.rs")).expect("a root is text"));
        let place = |module: &str| table.iter().position(|it| it == module);
        assert!(table.len() > 2, "{name}: the table is not found");
        for (from, uses) in uses(&source) {
            for (to, file) in uses {
                let (Some(user), Some(used)) = (place(&from), place(&to)) else {
                    continue;
                };
                let file = file.display();
                assert!(used < user, "{name}: {from} uses {to}, below it, in {file}");
            }
        }
    }
}

#[test]
fn modules_of_a_table_are_found_in_their_order() {
    let root =
        "//! | folder | contents |\n//! | --- | --- |\n//! | `a/` | x |\n\n// | `b.rs` | y |\n";
    assert_eq!(table(root), ["a", "b"]);
}

#[test]
fn circle_of_modules_is_found() {
    let uses = |pairs: &[(&str, &str)]| {
        let mut uses = Uses::new();
        for (from, to) in pairs {
            let of_one = uses.entry((*from).to_owned()).or_default();
            of_one.insert((*to).to_owned(), PathBuf::new());
        }
        uses
    };
    assert_eq!(circle(&uses(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(&uses(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(found, Some(["b", "c", "b"].map(String::from).to_vec()));
}

#[test]
fn paths_of_all_shapes_are_found() {
    let source = "use crate::a::{b, c};\nuse crate::{d::e, f, g::{h, i}};\nfn j() { crate::k::l(); }\n\
                  /// [`m`](crate::m)\nmacro_rules! n { () => { $crate::o }; }\n\
                  #[cfg(test)]\nmod tests {\n    use crate::p;\n}\n";
    let found: Vec<String> = heads(&code_of(source), "crate::").into_iter().collect();
    assert_eq!(found, ["a", "d", "f", "g", "k"]);
}

#[test]
fn core_names_nothing_of_higher_layers() {
    for file in rust_files(&root().join("runtime-shim/src")) {
        let code = code_of(&fs::read_to_string(&file).expect("a source is text"));
        for word in FOREIGN_TO_CORE {
            assert!(!code.contains(word), "{} contains `{word}`", file.display());
        }
    }
}

#[test]
fn core_depends_on_inventory_and_libc_alone() {
    assert_eq!(dependencies("birthmark-core"), ["inventory", "libc"]);
}

#[test]
fn dump_does_not_depend_on_what_delivers_it() {
    let dependencies = dependencies("birthmark-dump");
    assert_eq!(
        dependencies,
        ["birthmark-core", "birthmark-stacks", "flate2", "libc"]
    );
}

/// The packages that a package of this workspace depends on, apart from its tests.
fn dependencies(name: &str) -> Vec<String> {
    let packages = packages::of_this_workspace();
    let package = packages.iter().find(|package| package["name"] == name);
    let entries = package.expect("a member has this name")["dependencies"].as_array();
    let entries = entries.expect("dependencies are a list").iter();
    let linked = entries.filter(|entry| entry["kind"].is_null());
    let names: BTreeSet<String> = linked
        .map(|entry| entry["name"].as_str().expect("a name is text").to_owned())
        .collect();
    names.into_iter().collect()
}

/// Uses of the top-level modules below a folder. What the root re-exports counts as its module's.
fn uses(source: &Path) -> Uses {
    let crate_root = fs::read_to_string(source.join("lib.rs")).expect("a library has a root");
    let reexports = reexports(&code_of(&crate_root));
    let mut uses = Uses::new();
    for file in rust_files(source) {
        let path = file.strip_prefix(source).expect("the file is below");
        let modules = modules(path);
        let Some(from) = modules.first() else {
            continue;
        };
        let code = code_of(&fs::read_to_string(&file).expect("a source is text"));
        let up = "super::".repeat(modules.len());
        for head in heads(&code, "crate::").into_iter().chain(heads(&code, &up)) {
            let to = reexports.get(&head).unwrap_or(&head);
            if to != from && to.starts_with(char::is_lowercase) {
                let of_one = uses.entry(from.clone()).or_default();
                of_one.entry(to.clone()).or_insert_with(|| path.to_owned());
            }
        }
    }
    uses
}

/// The modules of the table in a crate root, the lowest one first.
fn table(root: &str) -> Vec<String> {
    let rows = root.lines().filter_map(|line| {
        let row = line.trim_start_matches(['/', '!']).trim();
        let cell = row.strip_prefix("| `")?.split('`').next()?;
        Some(
            cell.trim_end_matches('/')
                .trim_end_matches(".rs")
                .to_owned(),
        )
    });
    rows.collect()
}

/// The modules from the root down to a file; none for the root itself.
fn modules(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    parts
        .filter(|part| part != "mod" && part != "lib")
        .collect()
}

/// The names that a crate root re-exports from its modules, each with the module.
fn reexports(root: &str) -> BTreeMap<String, String> {
    let mut reexports = BTreeMap::new();
    for statement in root.split("pub use crate::").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let Some((module, names)) = statement.split_once("::") else {
            continue;
        };
        let names = names.split(|it: char| !it.is_alphanumeric() && it != '_');
        for name in names.filter(|name| !name.is_empty()) {
            reexports.insert(name.to_owned(), module.trim().to_owned());
        }
    }
    reexports
}

/// The first name of each path that begins with `start`, also of those in braces.
fn heads(code: &str, start: &str) -> BTreeSet<String> {
    let mut heads = BTreeSet::new();
    for (place, _) in code.match_indices(start) {
        let is_longer = code[..place].ends_with(|it: char| it == '$' || it == ':' || is_word(it));
        let rest = &code[place + start.len()..];
        match rest.strip_prefix('{') {
            _ if is_longer => {}
            Some(group) => heads.extend(of_group(group)),
            None => heads.extend(name(rest)),
        }
    }
    heads.remove("super");
    heads
}

/// The first name of each path in braces.
fn of_group(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut begins) = (Vec::new(), 0, true);
    for (place, character) in group.char_indices() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && is_word(character) => {
                names.extend(name(&group[place..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn name(text: &str) -> Option<String> {
    let end = text.find(|it: char| !is_word(it)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// A source without comments and unit tests.
fn code_of(source: &str) -> String {
    let lines = source.lines().map(|line| match line.find("//") {
        Some(comment) => &line[..comment],
        None => line,
    });
    let code = lines.collect::<Vec<_>>().join("\n");
    let tests = code.find("#[cfg(test)]\nmod tests {");
    code[..tests.unwrap_or(code.len())].to_owned()
}

/// A circle, as the modules along it; the first is also the last.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    uses.keys().find_map(|start| {
        let mut path = Vec::new();
        way_back(uses, start, start, &mut path, &mut BTreeSet::new()).then(|| {
            path.push(start.clone());
            path.reverse();
            path
        })
    })
}

/// Finds a way from one module to another, and notes it backwards.
fn way_back(
    uses: &Uses,
    from: &str,
    to: &str,
    path: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> bool {
    for next in uses.get(from).into_iter().flat_map(BTreeMap::keys) {
        let is_found =
            next == to || seen.insert(next.clone()) && way_back(uses, next, to, path, seen);
        if is_found {
            path.push(next.clone());
            return true;
        }
    }
    false
}

/// All Rust files below a folder, without those of tests.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files::below(folder);
    files.retain(|file| has_extension(file, "rs") && !file.ends_with("tests.rs"));
    files
}
