//! Each published crate compiles without warnings with none of its features, and with each one alone.

use std::process::Command;

use birthmark_test_support::packages;

#[test]
fn feature_alone_or_none_compiles_without_warnings() {
    let mut failed = Vec::new();
    for package in packages::of_this_workspace() {
        // An empty list says that the package is not published.
        if package["publish"].is_array() {
            continue;
        }
        let name = package["name"].as_str().expect("a name");
        let features = package["features"].as_object().expect("features").keys();
        let alone = features.filter(|feature| *feature != "default").map(Some);
        for feature in std::iter::once(None).chain(alone) {
            let mut clippy = Command::new(env!("CARGO"));
            clippy.args([
                "clippy",
                "--quiet",
                "--package",
                name,
                "--no-default-features",
            ]);
            clippy.args(feature.iter().flat_map(|feature| ["--features", feature]));
            clippy.args(["--", "-D", "warnings"]);
            let output = clippy.output().expect("cargo starts");
            if !output.status.success() {
                let errors = String::from_utf8_lossy(&output.stderr);
                failed.push(format!("{clippy:?}\n{errors}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn dependency_with_a_newer_minimum_version_is_not_locked() {
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let packages = packages::of_this_machine();
    let newer = packages.iter().filter_map(|package| {
        let needed = package["rust_version"].as_str()?;
        (version(needed) > ours).then(|| format!("{} needs {needed}", package["id"]))
    });
    let newer: Vec<_> = newer.collect();
    assert!(newer.is_empty(), "{newer:#?}");
}

/// Major and minor number of a version, which is all that a minimum version is compared by.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().expect("a number"));
    (
        parts.next().expect("a major number"),
        parts.next().unwrap_or(0),
    )
}
