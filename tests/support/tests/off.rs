//! The feature `off` of `birthmark` has the whole public interface.
//!
//! The interface without an effect is in the folder `off/` of each crate. Its signatures are compared with those of the other
//! folders, as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use birthmark_test_support::files::{self, has_extension, root};

/// The folders of the crates that have the feature.
const CRATES: [&str; 3] = ["runtime-shim", "dump", "birthmark"];

#[test]
fn signature_has_a_counterpart_without_effect() {
    let mut missing = Vec::new();
    for folder in CRATES {
        let off = signatures_of_all(&off_files(folder));
        for (signature, count) in public_signatures(folder) {
            if off.get(&signature).copied().unwrap_or(0) < count {
                missing.push(format!("{folder}: {signature}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn name_is_exported_with_the_feature_off() {
    for folder in CRATES {
        let source = root().join(folder).join("src");
        let on = exported(&source.join("lib.rs"), "#[cfg(not(feature = \"off\"))]");
        let mut off = exported(&source.join("off/mod.rs"), "");
        off.extend(free_functions(&off_files(folder)));
        let missing: Vec<_> = on.difference(&off).collect();
        assert!(on.len() > 20, "{folder}: hardly any name is found");
        assert!(missing.is_empty(), "{folder}: {missing:?}");
    }
}

#[test]
fn variant_or_public_field_has_a_counterpart() {
    for folder in CRATES {
        let source = root().join(folder).join("src");
        let names = all_exported(&source);
        let off = members_of_all(&off_files(folder));
        let shared = members_of_all(&shared(&source));
        let on = files_without_off(&source);
        let members = members_of_all(&on).into_iter();
        let members = members.filter(|(name, _)| names.contains(name));
        let missing: Vec<_> = members
            .filter(|one| off.get(&one.0) != Some(&one.1) && !shared.contains_key(&one.0))
            .collect();
        assert!(missing.is_empty(), "{folder}: {missing:#?}");
    }
}

#[test]
fn crates_that_use_birthmark_compile_without_warnings_with_the_feature_off() {
    for package in [
        "birthmark-http",
        "birthmark-tracing",
        "birthmark-opentelemetry",
    ] {
        let mut clippy = Command::new(env!("CARGO"));
        clippy.args(["clippy", "--quiet", "--package", package]);
        clippy.args(["--features", "birthmark/off", "--", "-D", "warnings"]);
        let output = clippy.output().expect("cargo starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{clippy:?}\n{errors}");
    }
}

/// Files with the interface that has no effect.
fn off_files(folder: &str) -> Vec<PathBuf> {
    rust_files(&root().join(folder).join("src/off"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files::below(folder);
    // A fallback for other systems has the signatures of another file.
    files.retain(|file| has_extension(file, "rs") && !file.ends_with("cpu_fallback.rs"));
    files
}

/// Names that the root of a module exports from its modules, without hidden ones. `attribute` is before the statements.
fn exported(module: &Path, attribute: &str) -> BTreeSet<String> {
    let source = fs::read_to_string(module).expect("a module is text");
    let mut names = BTreeSet::new();
    let uses = source.match_indices("\npub use ");
    let uses = uses.filter(|(place, _)| source[..*place].ends_with(attribute));
    for (place, start) in uses {
        let part = &source[place + start.len()..];
        let statement = part.split(';').next().unwrap_or_default();
        let is_hidden = statement.contains("__") || statement.contains("undone_by");
        if is_hidden || statement.ends_with('*') {
            continue;
        }
        let list = statement.rsplit_once("::{").map_or_else(
            || statement.rsplit("::").next().unwrap_or_default(),
            |(_, list)| list,
        );
        let words = list.split(|it: char| !it.is_alphanumeric() && it != '_');
        names.extend(words.filter(|word| !word.is_empty()).map(String::from));
    }
    names.extend(free_functions(&[module.to_owned()]));
    names
}

/// Names of functions that are not in an `impl`.
fn free_functions(files: &[PathBuf]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let source = fs::read_to_string(file).expect("a source is text");
        let lines = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub fn "));
        names.extend(lines.map(|rest| word(rest).to_owned()));
    }
    names
}

/// Names that a crate exports from its root and its public modules.
fn all_exported(source: &Path) -> BTreeSet<String> {
    let mut names = exported(&source.join("lib.rs"), "");
    for module in ["render/mod.rs", "extension.rs"] {
        let module = source.join(module);
        if module.exists() {
            names.extend(exported(&module, ""));
        }
    }
    names
}

/// Files of a crate, except for the interface without an effect.
fn files_without_off(source: &Path) -> Vec<PathBuf> {
    let mut files = rust_files(source);
    files.retain(|file| !file.starts_with(source.join("off")));
    files
}

/// Variants of each public enum, and public fields of each public struct, in the order of their names.
fn members_of_all(files: &[PathBuf]) -> BTreeMap<String, BTreeSet<String>> {
    let mut members = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source is text");
        let (mut name, mut before) = (None, "");
        for line in text.lines() {
            let of_struct = line.strip_prefix("pub struct ");
            // Fields of others are public to the crates of birthmark alone.
            let of_struct = of_struct.filter(|_| before == "#[non_exhaustive]");
            let header = line.strip_prefix("pub enum ").or(of_struct);
            before = line;
            if let Some(header) = header.filter(|header| header.ends_with('{')) {
                name = Some(word(header).to_owned());
            } else if !line.starts_with(' ') && !line.is_empty() {
                name = None;
            }
            let member = line.strip_prefix("    ").map(|line| {
                let field = line.strip_prefix("pub ");
                let variant = line.starts_with(char::is_uppercase).then_some(line);
                word(field.or(variant).unwrap_or_default())
            });
            let member = member.filter(|member| !member.is_empty());
            if let (Some(name), Some(member)) = (&name, member) {
                let of_one: &mut BTreeSet<String> = members.entry(name.clone()).or_default();
                of_one.insert(member.to_owned());
            }
        }
    }
    members
}

/// Signatures of what a crate exports, and their numbers.
fn public_signatures(folder: &str) -> BTreeMap<String, usize> {
    let source = root().join(folder).join("src");
    let names = all_exported(&source);
    let mut counts = BTreeMap::new();
    for file in files_without_off(&source) {
        let text = fs::read_to_string(&file).expect("a source is text");
        for signature in public_signatures_of(&text, &names) {
            *counts.entry(signature).or_default() += 1;
        }
    }
    assert!(counts.len() > 40, "{folder}: hardly any signature is found");
    // The files of these are part of both.
    for shared in shared(&source) {
        for (signature, count) in signatures_of_all(&[shared]) {
            if let Some(all) = counts.get_mut(&signature) {
                *all -= count.min(*all);
            }
        }
    }
    counts
}

/// Files of other folders that the folder `off` contains by their path.
fn shared(source: &Path) -> Vec<PathBuf> {
    let module = fs::read_to_string(source.join("off/mod.rs")).expect("a module is text");
    let render = fs::read_to_string(source.join("off/render.rs")).unwrap_or_default();
    let text = module + &render;
    let paths = text.split("#[path = \"../").skip(1);
    let paths = paths.map(|rest| source.join(rest.split('"').next().unwrap_or_default()));
    let types = source.join("types");
    let types = if types.exists() {
        rust_files(&types)
    } else {
        Vec::new()
    };
    paths.chain(types).collect()
}

/// Signatures of the functions and of the methods of types with these names.
fn public_signatures_of(text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let mut signatures = Vec::new();
    let (mut is_exported, mut is_hidden) = (false, false);
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(header) = line.strip_prefix("impl") {
            is_exported = !header.contains(" for ") && names.contains(type_of(header));
        } else if *line == "}" {
            is_exported = false;
        }
        let free = line.strip_prefix("pub fn ");
        let is_free = free.is_some_and(|rest| names.contains(word(rest)));
        let method = line.strip_prefix("    pub ");
        let is_method = method.is_some_and(|rest| rest.contains("fn ")) && is_exported;
        if (is_free || is_method) && !is_hidden {
            signatures.extend(signature(&lines[index..].join("\n")));
        }
        is_hidden = line.contains("#[doc(hidden)]")
            || is_hidden && line.trim_start().starts_with(['#', '/']);
    }
    signatures
}

/// The type of a header such as `<'a> Spawn<'a> {`.
fn type_of(header: &str) -> &str {
    let mut depth = 0;
    let after = header.char_indices().find(|(_, character)| {
        match character {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        depth == 0 && *character == ' '
    });
    word(after.map_or("", |(place, _)| &header[place + 1..]))
}

/// All signatures in files, and their numbers.
fn signatures_of_all(files: &[PathBuf]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source is text");
        let places = text.match_indices("fn ").map(|(place, _)| place);
        let places = places.filter(|place| !text[..*place].ends_with(char::is_alphanumeric));
        for signature in places.filter_map(|place| signature(&text[place..])) {
            *counts.entry(signature).or_default() += 1;
        }
    }
    counts
}

/// The signature at the start of a text, without spaces, visibility and `mut`.
fn signature(text: &str) -> Option<String> {
    let start = text.find("fn ")?;
    let mut depth = 0_i32;
    let mut previous = ' ';
    let end = text[start..].find(|character: char| {
        match character {
            '(' | '[' | '<' => depth += 1,
            '>' if previous == '-' => {}
            ')' | ']' | '>' => depth -= 1,
            _ => {}
        }
        previous = character;
        depth <= 0 && ['{', ';'].contains(&character) || depth < 0
    })?;
    let text = text[start..start + end].replace("mut self", "self");
    // `&mut self` has lost its `mut`, on both sides.
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    Some(text.replace(",)", ")").trim_end_matches(',').to_owned())
}

/// The word at the start of a text.
fn word(text: &str) -> &str {
    let end = text.find(|it: char| !it.is_alphanumeric() && it != '_');
    &text[..end.unwrap_or(text.len())]
}
