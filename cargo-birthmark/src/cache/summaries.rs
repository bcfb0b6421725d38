//! The last lines of builds, so that a build with nothing to do does not read the reports of all crates again.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;
use crate::session::replace;

/// A text, and the state in which it holds.
#[derive(Serialize, Deserialize)]
struct CachedSummary {
    state: State,
    /// Roots of the members' crates that were used.
    roots: Vec<PathBuf>,
    text: String,
}

/// The state on which a text depends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The key: the arguments of cargo, and the program.
    pub question: u64,
    /// The entry with the metadata of the program.
    pub metadata: Stamp,
    /// The directory of the reports, which changes with each report.
    pub reports: Stamp,
}

/// The number of texts that are kept.
const CAPACITY: usize = 16;

/// The texts of a program.
pub struct Summaries {
    file: PathBuf,
    newest_first: Vec<CachedSummary>,
}

impl Summaries {
    /// Reads the texts beside a session file.
    pub fn beside(session: &Path) -> Summaries {
        let file = session.with_extension("said");
        let content = fs::read(&file).unwrap_or_default();
        Summaries {
            file,
            newest_first: serde_json::from_slice(&content).unwrap_or_default(),
        }
    }

    /// Returns the text that holds in this state.
    pub fn find(&self, state: &State) -> Option<&str> {
        let mut summaries = self.newest_first.iter();
        let found = summaries.find(|summary| {
            summary.state == *state && summary.roots.iter().all(|root| root.is_file())
        });
        found.map(|summary| &*summary.text)
    }

    /// Adds a text in place of an older one for the same question.
    pub fn add(mut self, state: State, roots: Vec<PathBuf>, text: String) {
        let others = &mut self.newest_first;
        others.retain(|summary| summary.state.question != state.question);
        others.truncate(CAPACITY - 1);
        others.insert(0, CachedSummary { state, roots, text });
        // If the texts cannot be written, the next build reads the reports again.
        let _ = serde_json::to_vec(others)
            .map_err(anyhow::Error::from)
            .and_then(|content| replace(&self.file, &content));
    }
}
