//! Each published crate has the files of a published crate, and public CI knows the versions and checks of the workspace.

use std::fs;
use std::path::Path;

use birthmark_test_support::files::root;
use birthmark_test_support::packages;
use serde_json::Value;

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a name")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn published_crate_has_readme_changelog_and_licences_of_its_own() {
    for package in packages::published() {
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        for file in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            let file = manifest.with_file_name(file);
            assert!(file.exists(), "{} is missing", file.display());
        }
        assert_eq!(package["readme"], "README.md", "{}", name(&package));
    }
}

#[test]
fn release_page_lists_each_crate_after_its_dependencies() {
    let page = read("docs/release.md");
    let packages = packages::published();
    let place = |name: &str| page.find(&format!(" | `{name}` | "));
    for package in &packages {
        let own = place(name(package)).unwrap_or_else(|| panic!("{} is not listed", name(package)));
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        for dependency in dependencies.iter().filter(|it| it["kind"].is_null()) {
            let is_earlier = place(name(dependency)).is_none_or(|place| place < own);
            assert!(is_earlier, "{} needs {}", name(package), name(dependency));
        }
    }
}

#[test]
fn check_names_each_published_crate() {
    let checks = read(".ci/check");
    let words: Vec<&str> = checks
        .split(|it: char| it.is_whitespace() || "()".contains(it))
        .collect();
    for package in packages::published() {
        let option = ["-p", name(&package)];
        let is_named = words.windows(2).any(|pair| pair == option);
        assert!(is_named, "{}", name(&package));
    }
}

#[test]
fn workflow_installs_the_minimum_version_and_runs_existing_checks() {
    let (workflow, checks) = (read(".github/workflows/ci.yml"), read(".ci/check"));
    let minimum = env!("CARGO_PKG_RUST_VERSION");
    assert!(workflow.contains(&format!("toolchain: \"{minimum}\"")));
    assert!(read("README.md").contains(&format!("minimum supported Rust version is {minimum}")));
    let in_matrix = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- check: "));
    let alone = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- run: .ci/check "));
    let run: Vec<&str> = in_matrix
        .chain(alone.filter(|check| !check.starts_with('$')))
        .collect();
    assert!(run.len() >= 7, "{run:?}");
    for check in run {
        assert!(checks.contains(&format!("\n    {check})\n")), "{check}");
    }
}
