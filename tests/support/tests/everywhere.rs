//! Every test binary of the workspace contains the guard.

use std::fs;
use std::path::Path;

use birthmark_test_support::{files, packages};

/// Marks of the guard in a file: the guard itself, or a support crate or module that contains it.
const MARKS: [&str; 3] = [
    "birthmark_test_support",
    "birthmark_integration_tests",
    "mod support;",
];

fn mentions_guard(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    MARKS.iter().any(|mark| text.contains(mark))
}

fn contains_tests(folder: &Path) -> bool {
    files::below(folder)
        .iter()
        .any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains("#[test]")))
}

#[test]
fn test_binary_without_the_guard_is_not_found() {
    let packages = packages::of_this_workspace();
    let targets = packages
        .iter()
        .flat_map(|package| package["targets"].as_array())
        .flatten();
    let mut unguarded = Vec::new();
    for target in targets.filter(|target| target["test"] == true) {
        let root = Path::new(target["src_path"].as_str().expect("a path"));
        let is_integration_test = target["kind"] == serde_json::json!(["test"]);
        let has_tests = is_integration_test || contains_tests(root.parent().expect("a directory"));
        if has_tests && !mentions_guard(root) {
            unguarded.push(root.display().to_string());
        }
    }
    assert!(
        unguarded.is_empty(),
        "add `use birthmark_test_support as _;` to {unguarded:#?}"
    );
}
