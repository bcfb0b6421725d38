//! The runtime, built ahead of the crates that need it.
//!
//! Cargo does not know that an instrumented crate depends on birthmark. It would compile a birthmark that the program
//! has at any time. So a cargo of its own builds the runtime when the first crate needs it.
//!
//! There is one runtime for each compiler, target and set of flags that code must have in common. The user cache keeps
//! it for other programs (`cache/artifacts.rs`). The runtime is linked into the directory where cargo has the compiler
//! look for dependencies. If the program has a birthmark, cargo's own unit for it becomes a copy of this one
//! (`unit.rs`), so that a program has only one.

mod build;
mod locked;
mod package;
mod target;
pub mod unit;

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Build;
use super::command_line::Unit;
use super::link::link;
use crate::cache::artifacts::{Artifacts, SharedEntry};
use crate::cache::user::UserCache;
use crate::session::{Source, hash};
use crate::source::search::rust_files;
use crate::toolchain;
use target::Target;

/// The files that the build of the runtime made.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The library of birthmark itself.
    pub rlib: PathBuf,
    /// Files of the user's that it was made from.
    pub sources: Vec<PathBuf>,
    /// All files that the build has made.
    files: Vec<PathBuf>,
}

/// A library of the runtime.
pub struct Library {
    pub rlib: PathBuf,
    /// Its metadata alone, as `cargo check` makes it.
    pub rmeta: PathBuf,
}

impl Runtime {
    /// Builds the runtime unless it is there, and has the compiler find it for this unit.
    pub fn provide(unit: &Unit, build: &Build<'_>) -> Result<Runtime> {
        let target = Target::of(unit);
        let directory = build.state().join("runtime").join(target.key(unit, build));
        let sources = sources(&build.session.runtime);
        let artifacts = Artifacts {
            directory: &directory,
            inside: LIBRARY,
            sources: &sources,
        };
        let files = artifacts.provide(
            || shared(&target, unit, build),
            || build::files(&target, &directory, unit, build).context("build the runtime"),
        )?;
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            link(file, &unit.deps_dir.join(name))?;
        }
        Runtime::of(files, sources)
    }

    fn of(files: Vec<PathBuf>, sources: Vec<PathBuf>) -> Result<Runtime> {
        let Library { rlib, .. } = library(&files, "birthmark")?;
        Ok(Runtime {
            rlib,
            sources,
            files,
        })
    }

    /// One of the libraries that the runtime consists of, by the name of the crate.
    pub fn library(&self, name: &str) -> Result<Library> {
        library(&self.files, name)
    }
}

fn library(files: &[PathBuf], name: &str) -> Result<Library> {
    let start = format!("lib{name}-");
    let find = |extension: &str| {
        let mut found = files.iter().filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&start) && name.ends_with(extension)
        });
        found
            .next()
            .cloned()
            .with_context(|| format!("find {name}'s {extension} in what cargo made"))
    };
    Ok(Library {
        rlib: find(".rlib")?,
        rmeta: find(".rmeta")?,
    })
}

/// Returns the entry of a runtime for all programs. `None` if the user may edit its source.
fn shared(target: &Target, unit: &Unit, build: &Build<'_>) -> Option<SharedEntry> {
    let source = package::identity(build.session)?;
    let compiler = toolchain::full_identity(unit.invocation.rustc()).ok()?;
    let key = hash(&(target, compiler, source, environment()));
    Some(SharedEntry::new(UserCache::runtimes()?, key))
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

/// The files of a runtime that the user may edit.
fn sources(source: &Source) -> Vec<PathBuf> {
    match source {
        Source::Package {
            directory,
            parts,
            local: true,
            ..
        } => std::iter::once(directory)
            .chain(parts)
            .flat_map(|package| rust_files(&package.join("src")))
            .collect(),
        _ => Vec::new(),
    }
}
