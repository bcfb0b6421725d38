//! A release with birthmark's attribute and its feature `off` is byte for byte the release without birthmark.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use birthmark_test_support::files::root;
use serde_json::Value;

#[test]
fn release_with_feature_off_is_byte_for_byte_the_release_without_birthmark() {
    let library = birthmark_off();
    compare("attribute", &library, &["--cfg=with"], &[]);
    // Each function that a program calls counts when the compiler divides the program into units.
    let named = ["--cfg=with", "--cfg=named"];
    compare("named", &library, &named, &["-Ccodegen-units=1"]);
}

/// Compares the program with birthmark to that without.
fn compare(case: &str, library: &Path, with: &[&str], both: &[&str]) {
    let deps = library.parent().expect("a library is in a folder");
    let links = [
        format!("--extern=birthmark={}", library.display()),
        format!("-Ldependency={}", deps.display()),
        format!("-Ldependency={}", deps.join("deps").display()),
    ];
    let with: Vec<&str> = with
        .iter()
        .chain(both)
        .copied()
        .chain(links.iter().map(String::as_str))
        .collect();
    let with = compiled(&format!("{case}/with"), &with);
    let without = compiled(&format!("{case}/without"), both);
    assert_eq!(run(&without), "68\n");
    assert_eq!(run(&with), "68\n");
    let (with, without) = (read(&with), read(&without));
    let sizes = (with.len(), without.len());
    assert!(with == without, "{case}: {sizes:?} bytes");
}

/// Compiles birthmark as a release with the feature `off`, and returns the path of the library.
fn birthmark_off() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--package", "birthmark"]);
    cargo.args(["--features", "off", "--message-format", "json"]);
    let output = cargo.output().expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let messages = String::from_utf8(output.stdout).expect("messages are text");
    let messages = messages.lines().map(|line| {
        let message: Value = serde_json::from_str(line).expect("a message is JSON");
        message
    });
    let mut libraries = messages.filter(|message| message["target"]["name"] == "birthmark");
    let library = libraries.next().expect("the library is compiled");
    let path = library["filenames"][0].as_str().expect("it has a file");
    PathBuf::from(path)
}

/// Compiles the program as a release without symbols.
fn compiled(folder: &str, arguments: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("off")
        .join(folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    let program = folder.join("program");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-name=program", "-Copt-level=3"]);
    rustc.args(["-Cstrip=symbols", "--check-cfg=cfg(with, named)"]);
    rustc.arg("tests/support/tests/off_release/program.rs");
    rustc.args(arguments).arg("-o").arg(&program);
    let output = rustc.current_dir(root()).output().expect("rustc starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    program
}

fn read(program: &Path) -> Vec<u8> {
    fs::read(program).expect("a program can be read")
}

fn run(program: &Path) -> String {
    let output = Command::new(program).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("output is text")
}
