//! Packages that this workspace depends on.

use std::process::Command;

use serde_json::Value;

/// Returns an entry of `cargo metadata` for each package that is compiled for this machine.
///
/// Crates for other platforms are left out. Cargo has not fetched them on a machine that builds this workspace only,
/// and without them `cargo metadata --offline` fails.
///
/// # Panics
///
/// If cargo or rustc cannot be run, or if a crate for this machine has not been fetched.
#[must_use]
pub fn of_this_machine() -> Vec<Value> {
    let host = output(Command::new("rustc").args(["--print", "host-tuple"]));
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", host.trim()]);
    list(&output(&mut cargo))
}

/// Returns an entry of `cargo metadata` for each member of this workspace.
///
/// # Panics
///
/// If cargo cannot be run.
#[must_use]
pub fn of_this_workspace() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    list(&output(cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ])))
}

/// Returns an entry of `cargo metadata` for each member of this workspace that is published.
///
/// # Panics
///
/// If cargo cannot be run.
#[must_use]
pub fn published() -> Vec<Value> {
    let mut packages = of_this_workspace();
    // An empty list marks a package that is not published.
    packages.retain(|package| !package["publish"].is_array());
    packages
}

fn list(metadata: &str) -> Vec<Value> {
    let mut metadata: Value = serde_json::from_str(metadata).expect("cargo prints JSON");
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("packages are a list: {other}"),
    }
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{command:?} failed: {output:?}");
    String::from_utf8(output.stdout).expect("the command prints text")
}
