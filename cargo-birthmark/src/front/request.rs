//! A request to one of the tool's own commands.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;

use super::project::Project;
use crate::scope::Scope;

/// Which program is meant, and which crates of it.
#[derive(Debug)]
pub struct Request {
    /// `--manifest-path`.
    pub manifest: Option<PathBuf>,
    /// Which crates.
    pub scope: Scope,
    /// Options that `cargo metadata` gets, too.
    pub metadata: Vec<OsString>,
}

impl Request {
    /// Asks cargo about the program.
    pub fn project(&self) -> Result<Project> {
        Project::load(self.manifest.as_deref(), &self.metadata)
    }
}
