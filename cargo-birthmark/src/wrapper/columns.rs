//! The macro by which changes are made to tokens (`columns/lib.rs`), compiled for the compiler that is called.
//!
//! It is small and depends on nothing. A compiler that cannot compile it gets the changes inserted where they
//! take effect, which moves columns.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::Build;
use super::command_line::Unit;
use super::kept::Place;
use super::link::link;
use super::runtime::lock;
use crate::home::Shelf;
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
    let library = directory.join(&name);
    if !library.exists() {
        make(unit, &directory, &library)?;
    }
    let found = unit.deps_dir.join(&name);
    link(&library, &found)?;
    Ok(found)
}

/// Takes over the macro that is kept for all programs, or compiles it, while others that need it wait.
fn make(unit: &Unit, directory: &Path, library: &Path) -> Result<()> {
    let lock = lock(directory)?;
    if library.exists() {
        return Ok(());
    }
    let place = place(unit);
    if place
        .as_ref()
        .and_then(|place| place.take(directory))
        .is_none()
    {
        compile(unit, directory, library)?;
        if let Some(place) = place {
            // Where nothing can be kept, the next program has it compiled again.
            let _ = place.put(&[library.to_owned()]);
        }
    }
    drop(lock);
    Ok(())
}

fn place(unit: &Unit) -> Option<Place> {
    let compiler = toolchain::full_identity(unit.invocation.rustc()).ok()?;
    Some(Place::new(Shelf::columns()?, hash(&(SOURCE, compiler))))
}

fn compile(unit: &Unit, directory: &Path, library: &Path) -> Result<()> {
    let source = directory.join("lib.rs");
    replace(&source, SOURCE.as_bytes())?;
    let unfinished = library.with_extension("new");
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
        .args([&unfinished, &source])
        .env_remove("RUSTC_BOOTSTRAP")
        .stderr(Stdio::null());
    let status = command.status().context("run the compiler")?;
    ensure!(status.success(), "compile the macro for columns");
    std::fs::rename(&unfinished, library).with_context(|| format!("write {}", library.display()))
}
