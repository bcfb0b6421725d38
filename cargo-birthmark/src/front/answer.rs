//! Remembers what cargo said of a program, so that a build with nothing to do does not ask again: that takes
//! as long as such a build.
//!
//! An answer counts while nothing has changed that it depends on: the command line, the environment and the
//! tool, which name its place; and files (`inputs.rs`), which have to be the very same.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::arguments::Locating;
use super::inputs;
use super::project::Project;
use super::stamp::Stamp;
use crate::home::Shelf;
use crate::session::{Session, hash};
use crate::trusted;

/// What was found the last time.
#[derive(Serialize, Deserialize)]
struct Answer {
    /// The session file.
    file: PathBuf,
    /// What the answer depends on, as it was.
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

/// The place of an answer.
pub struct Place {
    shelf: Option<Shelf>,
    name: String,
    asked: SystemTime,
}

impl Place {
    /// The place for a question: all that it depends on but for files.
    pub fn of(question: &impl std::fmt::Debug) -> Place {
        let directory = env::current_dir();
        let tool = env::current_exe().map(|binary| Stamp::of(&binary));
        let key = hash(&format!(
            "{question:?} {directory:?} {:?} {tool:?}",
            variables()
        ));
        Place {
            shelf: Shelf::answers(),
            name: format!("{key:016x}.json"),
            asked: SystemTime::now(),
        }
    }

    /// The answer, if it is there and nothing that it depends on has changed.
    pub fn read(&self) -> Option<(PathBuf, Session)> {
        let shelf = self.shelf.as_ref()?;
        let entry = shelf.entry(&self.name);
        let answer: Answer = serde_json::from_slice(&trusted::read(&entry).ok()?).ok()?;
        let is_fresh = answer
            .stamps
            .iter()
            .all(|(path, old)| Stamp::of(path) == *old);
        let session = is_fresh.then(|| Session::read(&answer.file).ok())??;
        // The name of the file holds a hash of its content.
        if session.file(answer.file.parent()?).ok()? != answer.file {
            return None;
        }
        shelf.used(&entry);
        Some((answer.file, session))
    }

    /// The state of the answer, which is another one after cargo was asked again. None if it is not there.
    pub fn stamp(&self) -> Option<Stamp> {
        Stamp::of(&self.shelf.as_ref()?.entry(&self.name))
    }

    /// The question, short.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Remembers an answer, unless it may depend on what we do not see, or on what was changed just now.
    pub fn write(&self, file: &Path, project: &Project, locating: &Locating) {
        let stamps = inputs::of(project, locating).and_then(|inputs| self.stamps(inputs));
        let (Some(shelf), Some(stamps)) = (&self.shelf, stamps) else {
            return;
        };
        let answer = Answer {
            file: file.to_owned(),
            stamps,
        };
        // What cannot be remembered is asked again.
        let _ = serde_json::to_vec(&answer)
            .map_err(anyhow::Error::from)
            .and_then(|text| trusted::write(&shelf.entry(&self.name), &text));
        shelf.prune();
    }

    /// Files as they are, if none was changed so late that it could have been after cargo read it.
    fn stamps(&self, files: BTreeSet<PathBuf>) -> Option<Vec<(PathBuf, Option<Stamp>)>> {
        let stamps = files.into_iter().map(|path| {
            let stamp = Stamp::of(&path);
            let settled = stamp.as_ref().is_none_or(|it| it.is_settled(self.asked));
            settled.then_some((path, stamp))
        });
        stamps.collect()
    }
}

/// What in the environment changes what cargo says.
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
