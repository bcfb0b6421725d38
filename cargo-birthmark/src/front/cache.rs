//! Remembers the session of a command, so that a build with nothing to do does not ask cargo first what
//! the program consists of: that takes as long as such a build.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::project::{Project, directory};
use crate::session::{Session, hash, replace};

/// What was found the last time.
#[derive(Serialize, Deserialize)]
pub struct Cached {
    /// The session file.
    pub file: PathBuf,
    /// What the answer depends on, as it was.
    stamps: Vec<(PathBuf, Stamp)>,
}

/// When a file was changed last, and how long it is; nothing of one that is not there.
type Stamp = Option<(SystemTime, u64)>;

/// The place of an answer.
pub struct Place(Option<PathBuf>);

impl Place {
    /// The place for a question: all that it depends on but for files.
    pub fn of(question: &impl std::fmt::Debug) -> Place {
        let directory = env::current_dir();
        let cargo = |(name, _): &(OsString, OsString)| name.to_string_lossy().starts_with("CARGO");
        let mut variables: Vec<_> = env::vars_os().filter(cargo).collect();
        variables.extend(
            ["RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"]
                .map(|name| (name.into(), env::var_os(name).unwrap_or_default())),
        );
        variables.sort();
        let tool = env::current_exe().map(|binary| stamp(&binary));
        let key = hash(&format!(
            "{question:?} {directory:?} {variables:?} {tool:?}"
        ));
        Place(home().map(|home| home.join("birthmark").join(format!("{key:016x}.json"))))
    }

    /// The answer, if it is there and nothing that it depends on has changed.
    pub fn read(&self) -> Option<(PathBuf, Session)> {
        let cached: Cached = serde_json::from_slice(&fs::read(self.0.as_ref()?).ok()?).ok()?;
        let is_fresh = cached.stamps.iter().all(|(path, old)| stamp(path) == *old);
        let session = is_fresh
            .then(|| Session::read(&cached.file).ok())
            .flatten()?;
        Some((cached.file, session))
    }

    /// Remembers an answer.
    pub fn write(&self, file: &Path, project: &Project) -> Result<()> {
        let Some(place) = &self.0 else {
            return Ok(());
        };
        let stamps = dependencies(project).into_iter().map(|path| {
            let stamp = stamp(&path);
            (path, stamp)
        });
        let cached = Cached {
            file: file.to_owned(),
            stamps: stamps.collect(),
        };
        replace(place, &serde_json::to_vec(&cached)?)
    }
}

fn home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The lock file, all manifests that may be edited, the directories in which a member may appear, and the
/// places of cargo's configuration.
fn dependencies(project: &Project) -> Vec<PathBuf> {
    let workspace = PathBuf::from(&project.metadata.workspace_root);
    let mut paths = vec![workspace.join("Cargo.toml"), workspace.join("Cargo.lock")];
    let local = project
        .metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none());
    for directory in local.map(directory) {
        paths.push(directory.join("Cargo.toml"));
        paths.extend(
            directory
                .parent()
                .filter(|_| directory != workspace)
                .map(Path::to_owned),
        );
    }
    let here = env::current_dir().unwrap_or_default();
    for directory in here
        .ancestors()
        .map(|directory| directory.join(".cargo"))
        .chain(home())
    {
        paths.extend(["config", "config.toml"].map(|name| directory.join(name)));
    }
    paths.sort();
    paths.dedup();
    paths
}
