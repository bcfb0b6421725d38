//! Cargo's own units for birthmark, in a program that depends on it: copies of the runtime that is there.
//!
//! The compiler knows a crate by a hash of its content and takes one of two copies. A second birthmark,
//! compiled with other options, would be another crate with a registry of its own. It is a copy and not a
//! link because cargo compares its age with that of what it depends on.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::super::Build;
use super::super::command_line::Unit;
use super::super::dep_info::{escape, variables};
use super::Runtime;
use super::package::PARTS;
use crate::concern::Concern;
use crate::session::{Session, Source, replace};

/// The version of the tool, and of the runtime that it brings.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns `true` if a unit is a library of the birthmark that the program depends on.
///
/// The program may as well depend on the core alone. It gets that of the tool then, of the same version.
pub fn is(unit: &Unit, session: &Session) -> bool {
    let package = &unit.package;
    if !PARTS.contains(&package.name.as_str())
        || unit.name != package.name.replace('-', "_")
        || unit.is_program()
    {
        return false;
    }
    match &session.runtime {
        Source::Package {
            directory, parts, ..
        } => package.directory == *directory || parts.contains(&package.directory),
        Source::Embedded => package.name != "birthmark" && package.version == VERSION,
    }
}

/// Makes the files that cargo expects of the unit.
pub fn provide(unit: &Unit, build: &Build<'_>) -> Result<ExitCode> {
    let runtime = Runtime::provide(unit, build)?;
    let call = &unit.invocation;
    let file = |extension: &str| unit.out_dir.join(format!("lib{}.{extension}", unit.id()));
    let library = runtime.library(&unit.name)?;
    copy(&library.rmeta, &file("rmeta"))?;
    notify(&file("rmeta"), "metadata");
    if call.emits("link") {
        copy(&library.rlib, &file("rlib"))?;
        notify(&file("rlib"), "link");
    }
    list_sources(unit, &runtime)?;
    Ok(ExitCode::SUCCESS)
}

fn copy(original: &Path, copy: &Path) -> Result<()> {
    let content =
        std::fs::read(original).with_context(|| format!("read {}", original.display()))?;
    replace(copy, &content)
}

/// Tells cargo, as the compiler would, that a file is there.
fn notify(file: &Path, kind: &str) {
    eprintln!(
        "{}",
        serde_json::json!({ "$message_type": "artifact", "artifact": file, "emit": kind })
    );
}

fn list_sources(unit: &Unit, runtime: &Runtime) -> Result<()> {
    let mut list = format!("{}:", unit.dep_info().display());
    for source in [&unit.source, &runtime.rlib]
        .into_iter()
        .chain(&runtime.sources)
    {
        list.push(' ');
        list.push_str(&escape(source));
    }
    let concerns = [Concern::Tool, Concern::Runtime].map(Concern::variable);
    list.push_str(&format!("\n\n{}", variables(concerns)));
    replace(&unit.dep_info(), list.as_bytes()).context("write the list of birthmark's sources")
}
