//! Builds the runtime by a cargo of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::super::Build;
use super::super::command_line::Unit;
use super::package;
use super::target::Target;
use crate::session::OFFLINE;
use crate::toolchain;

/// Builds the runtime in a directory, and gives the files that a program is linked with.
pub fn files(
    target: &Target,
    directory: &Path,
    unit: &Unit,
    build: &Build<'_>,
) -> Result<Vec<PathBuf>> {
    package::write(directory, build.session)?;
    let triple = target.triple(unit)?;
    let flags: Vec<String> = target
        .flags
        .iter()
        .cloned()
        .chain(ours(directory))
        .collect();
    let mut command = cargo(unit, build);
    command
        .args([
            "build",
            "--profile",
            package::PROFILE_NAME,
            "--message-format=json",
            "--target",
            &triple,
        ])
        .arg("--manifest-path")
        .arg(directory.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(directory.join("target"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    if std::env::var_os(OFFLINE).is_some() {
        command.arg("--offline");
    }
    Ok(linked(&output(&mut command)?, &triple))
}

/// Flags of our own.
fn ours(directory: &Path) -> [String; 3] {
    [
        // Such as fat LTO can read.
        "-Cembed-bitcode=yes".into(),
        // Not to be taken for the program's own inventory or libc.
        "-Cmetadata=birthmark".into(),
        // The runtime may be linked into programs that lie elsewhere.
        format!(
            "--remap-path-prefix={}=/birthmark-runtime",
            directory.display()
        ),
    ]
}

/// A cargo that knows nothing of the one which we are called by.
fn cargo(unit: &Unit, build: &Build<'_>) -> Command {
    let mut command = Command::new(toolchain::cargo());
    let kept = [
        "CARGO_HOME",
        "CARGO_MAKEFLAGS",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
    ];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO") && !kept.iter().any(|kept| text.starts_with(kept)) {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(&build.session.workspace)
        .env_remove("RUSTFLAGS")
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        .env("RUSTC", unit.invocation.rustc());
    command
}

/// Runs cargo in the workspace, where the program's configuration holds. If that fails, runs it at the root, where only
/// the configuration of the user holds. The first run fails if the program's dependencies are vendored without ours.
fn output(command: &mut Command) -> Result<Vec<Value>> {
    let mut output = command.output().context("run cargo")?;
    if !output.status.success() {
        output = command.current_dir("/").output().context("run cargo")?;
    }
    if !output.status.success() {
        bail!(
            "compile birthmark:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let lines = output.stdout.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect())
}

/// The files that cargo says it made, and that go into a program.
fn linked(messages: &[Value], triple: &str) -> Vec<PathBuf> {
    let made = messages
        .iter()
        .filter(|message| message["reason"] == "compiler-artifact");
    let linked = made.filter(|message| is_linked(message, triple));
    let files = linked.flat_map(|message| message["filenames"].as_array().into_iter().flatten());
    files
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .collect()
}

/// Returns `true` for libraries of the target and for the macros of birthmark, but not for dependencies of build
/// scripts.
fn is_linked(message: &Value, triple: &str) -> bool {
    let file = message["filenames"][0].as_str().unwrap_or_default();
    let for_target = Path::new(file)
        .components()
        .any(|part| part.as_os_str() == triple);
    let is_macros = message["target"]["kind"][0] == "proc-macro";
    (for_target || is_macros) && message["target"]["name"] != package::NAME
}
