//! Doc comments that users see.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the possible files of the `pub` modules that a file declares.
pub fn modules(file: &Path) -> Vec<PathBuf> {
    let is_rust = file.extension().is_some_and(|it| it == "rs");
    let text = fs::read_to_string(file).unwrap_or_default();
    let folder = match file.file_name().and_then(|name| name.to_str()) {
        Some("lib.rs" | "main.rs" | "mod.rs") => file.with_file_name(""),
        _ => file.with_extension(""),
    };
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    let files = names.flat_map(|name| {
        [
            folder.join(name).with_extension("rs"),
            folder.join(name).join("mod.rs"),
        ]
    });
    files.filter(|_| is_rust).collect()
}

/// Returns `true` if the item that follows a doc comment is `pub`, an exported macro, or part of a `pub` enum or trait.
///
/// The answer is derived from the layout that `cargo fmt` gives to a file. An item counts as public even if no
/// `pub use` leads to it.
pub fn is_public(lines: &[&str], after_comment: usize) -> bool {
    let mut index = after_comment;
    let mut open_brackets = 0;
    while let Some(line) = lines.get(index).map(|line| line.trim()) {
        let is_attribute = line.starts_with("#[") || open_brackets > 0;
        if !is_attribute && !line.starts_with("//") {
            break;
        }
        if is_attribute {
            if line.contains("macro_export") || line.contains("proc_macro_attribute") {
                return true;
            }
            open_brackets += line.matches('[').count();
            open_brackets -= line.matches(']').count().min(open_brackets);
        }
        index += 1;
    }
    let Some(item) = lines.get(index) else {
        return false;
    };
    if item.trim_start().starts_with("pub ") {
        return true;
    }
    let container = lines[..index]
        .iter()
        .rev()
        .find(|line| is_container_head(line, indentation(item)));
    container.is_some_and(|line| {
        let line = line.trim_start();
        let kind = line.strip_prefix("pub ").unwrap_or_default();
        let kind = kind.strip_prefix("unsafe ").unwrap_or(kind);
        kind.starts_with("enum ") || kind.starts_with("trait ")
    })
}

/// Returns `true` for the first line of the item that contains a line with this indentation.
fn is_container_head(line: &str, of_item: usize) -> bool {
    let code = line.trim_start();
    let is_code = !code.is_empty() && !code.starts_with(['/', '#', ')', '}', '{']);
    is_code && indentation(line) < of_item && !code.starts_with("where")
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
