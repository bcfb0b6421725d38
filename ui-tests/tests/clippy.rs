//! The expansion is silent under every lint of clippy: the attribute adds nothing to what is found without it.
//! It may take something away, as any expansion does.

use birthmark_test_support as _;

use std::process::Command;

/// The findings of all groups, one a line.
fn findings(features: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "clippy",
            "--quiet",
            "--package",
            "birthmark-ui-tests",
            "--example",
            "lints",
        ])
        .args(["--message-format", "short"])
        .args(features)
        .args([
            "--",
            "-W",
            "clippy::all",
            "-W",
            "clippy::pedantic",
            "-W",
            "clippy::nursery",
        ])
        .args([
            "-W",
            "clippy::restriction",
            "-A",
            "clippy::blanket_clippy_restriction_lints",
        ])
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let text = String::from_utf8(output.stderr).expect("cargo prints text");
    assert!(output.status.success(), "clippy failed:\n{text}");
    let of_the_example = |line: &&str| line.contains("examples/lints.rs:");
    text.lines()
        .filter(of_the_example)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_attribute_adds_no_finding() {
    let plain = findings(&[]);
    assert!(
        !plain.is_empty(),
        "the restriction lints find something in any program"
    );
    let added: Vec<_> = findings(&["--features", "instrumented"])
        .into_iter()
        .filter(|found| !plain.contains(found))
        .collect();
    assert!(added.is_empty(), "{added:#?}");
}
