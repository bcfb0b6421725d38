//! The runtime, built ahead of the crates that need it.
//!
//! Cargo does not know that an instrumented crate depends on birthmark, and would compile a birthmark that
//! the program has at any time. So the runtime is built by a cargo of its own when the first crate
//! needs it, once for each compiler, target and set of flags that code must have in common, kept for other
//! programs (`wrapper/kept.rs`), and linked into the directory where cargo has the compiler look for dependencies. Where the program has a birthmark,
//! cargo's own unit for it becomes a copy of this one (`unit.rs`): there is but one in a program.

mod build;
mod locked;
mod package;
mod target;
pub mod unit;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use fs4::fs_std::FileExt;
use serde::{Deserialize, Serialize};

use super::Build;
use super::command_line::Unit;
use super::kept::Place;
use super::link::link;
use crate::home::Shelf;
use crate::session::{Source, hash, replace};
use crate::toolchain;
use target::Target;

/// What the build of the runtime made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Runtime {
    /// The library of birthmark itself.
    pub rlib: PathBuf,
    /// Its metadata alone, as `cargo check` makes it.
    pub rmeta: PathBuf,
    /// All that a program which contains it is linked with.
    files: Vec<PathBuf>,
    /// Files of the user's that it was made from.
    pub sources: Vec<PathBuf>,
}

impl Runtime {
    /// Builds the runtime unless it is there, and has the compiler find it for this unit.
    pub fn provide(unit: &Unit, build: &Build<'_>) -> Result<Runtime> {
        let target = Target::of(unit);
        let directory = build.state().join("runtime").join(target.key(unit, build));
        let runtime = match Runtime::read(&directory) {
            Some(runtime) => runtime,
            None => Runtime::build(&target, &directory, unit, build)?,
        };
        for file in &runtime.files {
            let name = file.file_name().unwrap_or_default();
            link(file, &unit.deps_dir.join(name))?;
        }
        Ok(runtime)
    }

    /// Builds the runtime, while others that need it wait.
    fn build(target: &Target, directory: &Path, unit: &Unit, build: &Build<'_>) -> Result<Runtime> {
        let lock = lock(directory)?;
        if let Some(runtime) = Runtime::read(directory) {
            return Ok(runtime);
        }
        let files = Runtime::files(target, directory, unit, build)?;
        let runtime = Runtime::of(files, build)?;
        let text = serde_json::to_vec(&runtime).context("describe the runtime")?;
        replace(&directory.join(DONE), &text)?;
        drop(lock);
        Ok(runtime)
    }

    /// The files of the runtime: those that are kept, or new ones.
    fn files(
        target: &Target,
        directory: &Path,
        unit: &Unit,
        build: &Build<'_>,
    ) -> Result<Vec<PathBuf>> {
        let place = place(target, unit, build);
        let kept = place
            .as_ref()
            .and_then(|place| place.take(&directory.join(LIBRARY)));
        if let Some(files) = kept {
            return Ok(files);
        }
        let files = build::files(target, directory, unit, build).context("build the runtime")?;
        if let Some(place) = place {
            // Where nothing can be kept, the next program has it built again.
            let _ = place.put(&files);
        }
        Ok(files)
    }

    /// The runtime that was built before, if it is still there and no older than its sources.
    fn read(directory: &Path) -> Option<Runtime> {
        let done = directory.join(DONE);
        let made = modified(&done)?;
        let runtime: Runtime = serde_json::from_slice(&fs::read(&done).ok()?).ok()?;
        let is_fresh = runtime
            .sources
            .iter()
            .all(|source| modified(source).is_some_and(|time| time < made));
        (is_fresh && runtime.files.iter().all(|file| file.exists())).then_some(runtime)
    }

    fn of(files: Vec<PathBuf>, build: &Build<'_>) -> Result<Runtime> {
        let find = |extension: &str| {
            let mut found = files.iter().filter(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("libbirthmark-") && name.ends_with(extension)
            });
            found
                .next()
                .cloned()
                .with_context(|| format!("find birthmark's {extension} in what cargo made"))
        };
        Ok(Runtime {
            rlib: find(".rlib")?,
            rmeta: find(".rmeta")?,
            sources: sources(&build.session.runtime),
            files,
        })
    }
}

/// Where a runtime is kept for other programs. Nowhere if the user may edit its source.
fn place(target: &Target, unit: &Unit, build: &Build<'_>) -> Option<Place> {
    let source = package::identity(build.session)?;
    let compiler = toolchain::full_identity(unit.invocation.rustc()).ok()?;
    let key = hash(&(target, compiler, source, environment()));
    Some(Place::new(Shelf::runtimes()?, key))
}

/// Variables that change what the compiler or libc's build script does.
fn environment() -> Vec<(String, Option<String>)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
        .filter(|(name, _)| name == "RUSTC_BOOTSTRAP" || name.starts_with("RUST_LIBC_"))
        .collect();
    variables.sort();
    variables
}

/// Where its files are.
const LIBRARY: &str = "lib";

/// What is written when a runtime is there as a whole.
const DONE: &str = "done.json";

/// Held until the file is dropped; the system frees it if we are killed.
pub fn lock(directory: &Path) -> Result<fs::File> {
    fs::create_dir_all(directory)
        .and_then(|()| fs::File::create(directory.join("lock")))
        .and_then(|file| FileExt::lock_exclusive(&file).map(|()| file))
        .with_context(|| format!("lock {}", directory.display()))
}

/// When a file was changed last.
fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// The files of a runtime that the user may edit.
fn sources(source: &Source) -> Vec<PathBuf> {
    match source {
        Source::Package {
            directory,
            local: true,
            ..
        } => crate::source::search::rust_files(&directory.join("src")),
        _ => Vec::new(),
    }
}
