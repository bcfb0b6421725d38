//! The macro by which changes are made to tokens (`columns/lib.rs`), compiled for the compiler that is called.
//!
//! The macro is small and depends on nothing. If a compiler cannot compile it, changes are inserted where they take
//! effect, which moves columns.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::Build;
use super::command_line::Unit;
use super::link::link;
use crate::cache::artifacts::{Artifacts, SharedEntry};
use crate::cache::user::UserCache;
use crate::session::{hash, replace};
use crate::source::engine::COLUMNS;
use crate::toolchain;

const SOURCE: &str = include_str!("../../columns/lib.rs");

/// Compiles the macro unless it is there, and has the compiler find it for this unit and what depends on it.
pub fn provide(unit: &Unit, build: &Build<'_>) -> Result<PathBuf> {
    let key = hash(&(SOURCE, toolchain::identity(unit.invocation.rustc())));
    let directory = build.state().join("columns").join(format!("{key:016x}"));
    let name = format!(
        "{}{COLUMNS}-{key:016x}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let artifacts = Artifacts {
        directory: &directory,
        inside: "lib",
        sources: &[],
    };
    let files = artifacts.provide(|| shared(unit), || compile(unit, &directory, &name))?;
    let library = files.first().context("find the macro for columns")?;
    let found = unit.deps_dir.join(name);
    link(library, &found)?;
    Ok(found)
}

fn shared(unit: &Unit) -> Option<SharedEntry> {
    let compiler = toolchain::full_identity(unit.invocation.rustc()).ok()?;
    let key = hash(&(SOURCE, compiler));
    Some(SharedEntry::new(UserCache::columns()?, key))
}

fn compile(unit: &Unit, directory: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let source = directory.join("lib.rs");
    replace(&source, SOURCE.as_bytes())?;
    let library = directory.join(name);
    let mut command = Command::new(unit.invocation.rustc());
    command
        .args([
            "--edition=2024",
            "--crate-type=proc-macro",
            "--crate-name",
            COLUMNS,
        ])
        .args([
            "-Copt-level=3",
            "-Cprefer-dynamic",
            "-Cmetadata=birthmark",
            "-o",
        ])
        .args([&library, &source])
        .env_remove("RUSTC_BOOTSTRAP")
        .stderr(Stdio::null());
    let status = command.status().context("run the compiler")?;
    ensure!(status.success(), "compile the macro for columns");
    Ok(vec![library])
}
