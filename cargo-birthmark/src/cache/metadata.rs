//! Cargo's description of a program, so that a build with nothing to do does not ask cargo again. Asking takes as long
//! as such a build.
//!
//! The key has the command line, the environment and this binary. The files are the [inputs](super::fingerprint).

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::file;
use super::fingerprint::Program;
use super::stamp::Stamp;
use super::user::UserCache;
use crate::session::{Session, hash};

/// The content of an entry.
#[derive(Serialize, Deserialize)]
struct Metadata {
    /// The session file.
    file: PathBuf,
    /// The inputs as they were.
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

/// An entry of the cache, which may be missing.
pub struct Entry {
    cache: Option<UserCache>,
    name: String,
    asked: SystemTime,
}

impl Entry {
    /// Returns the entry for the parts of a command line that choose the program.
    pub fn of(question: &impl std::fmt::Debug) -> Entry {
        let directory = env::current_dir();
        let tool = env::current_exe().map(|binary| Stamp::of(&binary));
        let key = hash(&format!(
            "{question:?} {directory:?} {:?} {tool:?}",
            variables()
        ));
        Entry {
            cache: UserCache::metadata(),
            name: format!("{key:016x}.json"),
            asked: SystemTime::now(),
        }
    }

    /// Reads the session file and its content, if the entry is there and not stale.
    pub fn read(&self) -> Option<(PathBuf, Session)> {
        let cache = self.cache.as_ref()?;
        let entry = cache.entry(&self.name);
        let metadata: Metadata = serde_json::from_slice(&file::read(&entry).ok()?).ok()?;
        let is_fresh = metadata
            .stamps
            .iter()
            .all(|(path, old)| Stamp::of(path) == *old);
        let session = is_fresh.then(|| Session::read(&metadata.file).ok())??;
        // The name of the file holds a hash of its content.
        if session.file(metadata.file.parent()?).ok()? != metadata.file {
            return None;
        }
        cache.touch(&entry);
        Some((metadata.file, session))
    }

    /// Returns the stamp of the entry, which differs after cargo was asked again. `None` if the entry is missing.
    pub fn stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.cache.as_ref()?.entry(&self.name))
    }

    /// Returns the name of the entry, which contains its key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the entry, unless it has inputs that are not known, or that were changed just now.
    pub fn write(&self, file: &Path, program: &Program) {
        let stamps = program.inputs().and_then(|inputs| self.stamps(inputs));
        let (Some(cache), Some(stamps)) = (&self.cache, stamps) else {
            return;
        };
        let metadata = Metadata {
            file: file.to_owned(),
            stamps,
        };
        // If the entry cannot be written, the next build asks cargo again.
        let _ = serde_json::to_vec(&metadata)
            .map_err(anyhow::Error::from)
            .and_then(|text| file::write(&cache.entry(&self.name), &text));
        cache.evict();
    }

    /// Returns the stamps of files, unless one was changed so late that cargo may have read it before.
    fn stamps(&self, files: BTreeSet<PathBuf>) -> Option<Vec<(PathBuf, Option<Stamp>)>> {
        let stamps = files.into_iter().map(|path| {
            let stamp = Stamp::of(&path);
            let settled = stamp.as_ref().is_none_or(|it| it.is_settled(self.asked));
            settled.then_some((path, stamp))
        });
        stamps.collect()
    }
}

/// Returns the variables that change the metadata.
fn variables() -> Vec<(OsString, OsString)> {
    let others = ["RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"];
    let mut variables: Vec<_> = env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO") || others.contains(&&*name)
        })
        .collect();
    variables.sort();
    variables
}
