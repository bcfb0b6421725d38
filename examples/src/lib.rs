//! Programs that a newcomer runs first: `cargo run --example request_names`.

use std::io::Read;
use std::path::Path;
use std::process::Command;

/// Runs an example as the README says, but for the package, without which cargo would build its
/// dependencies anew with the features of others. Returns what it writes: both streams go into one
/// pipe, as on a terminal.
///
/// # Panics
///
/// If it fails.
#[must_use]
pub fn run(example: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut reader, writer) = std::io::pipe().expect("there are pipes");
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "-q", "-p", "birthmark-examples"])
        .args(["--example", example])
        .current_dir(root)
        .env("RUST_BACKTRACE", "0")
        .env_remove("BIRTHMARK")
        .stdout(writer.try_clone().expect("a pipe can be shared"))
        .stderr(writer);
    let mut child = command.spawn().expect("cargo can be run");
    // It holds the writing ends, without which the pipe is at its end when the child is.
    drop(command);
    let mut output = String::new();
    reader.read_to_string(&mut output).expect("it writes text");
    assert!(child.wait().expect("it ends").success(), "{output}");
    output
}

/// The code in the README, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
