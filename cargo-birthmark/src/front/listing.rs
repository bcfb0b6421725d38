//! The crates of the program as they would be instrumented, without building any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::Request;
use super::nothing::Nothing;
use super::survey::{SkipReason, Surveyed, Tests, for_host, shown, survey};
use crate::source::engine::Krate;

/// One crate, and what the engine would make of it.
pub struct Listed {
    /// The name of its package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The crate as the engine has rewritten it.
    pub krate: Krate,
    /// The names of its files, as they are the same on every machine.
    pub names: BTreeMap<PathBuf, String>,
}

/// A package that was chosen and is left alone although it may spawn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SkippedPackage {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The reason.
    pub reason: String,
}

/// The crates that were chosen.
pub struct Listing {
    /// The crates that would be instrumented.
    pub crates: Vec<Listed>,
    /// The packages that would be left alone.
    pub left: BTreeSet<SkippedPackage>,
}

/// All crates that were chosen, or why none would be instrumented. Targets of one package share files, and each file
/// counts once.
pub fn list(request: Request) -> Result<Result<Listing, Nothing>> {
    let project = for_host(&request)?;
    let session = project.session(request.scope, None)?;
    let surveyed = survey(&project, &session, Tests::Included);
    let is_empty = |one: &Surveyed<'_>| {
        let krate = one.found.as_ref().ok();
        krate.is_none_or(|krate| krate.files.is_empty() && krate.unparsed.is_empty())
    };
    if surveyed.iter().all(is_empty) {
        return Ok(Err(Nothing::of(&surveyed, &session)));
    }
    let is_bare = |one: &&Surveyed<'_>| matches!(one.found, Err(SkipReason::NoStd));
    let left = surveyed.iter().filter(is_bare).map(|one| SkippedPackage {
        package: one.package.name.to_string(),
        version: one.package.version.to_string(),
        reason: SkipReason::NoStd.to_string(),
    });
    let left = left.collect();
    let crates = surveyed.into_iter().filter_map(|surveyed| {
        let krate = surveyed.found.ok()?;
        let shown = shown(&project, surveyed.package);
        let names = krate.files.keys().map(|path| (path.clone(), shown(path)));
        Some(Listed {
            package: surveyed.package.name.to_string(),
            version: surveyed.package.version.to_string(),
            names: names.collect(),
            krate,
        })
    });
    Ok(Ok(Listing {
        crates: crates.collect(),
        left,
    }))
}
