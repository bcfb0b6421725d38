//! Reports of compiled crates, kept for the last line of a build and for `cargo birthmark doctor`.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Build;
use super::command_line::Unit;
use crate::cache::file::old;
use crate::concern::Values;
use crate::identity::Identity;
use crate::session::{Session, replace};

/// The report of one crate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The crate.
    pub krate: String,
    /// The session in which it was compiled.
    pub session: PathBuf,
    /// The choices that led to the outcome.
    pub concerns: Values,
    /// The properties by which cargo's unit graph tells it from others.
    pub unit: Identity,
    /// Where its output lies.
    pub out_dir: PathBuf,
    /// When it was compiled. The date of the file does not tell.
    pub compiled: SystemTime,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome for a crate that may spawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its spawns are recorded.
    Instrumented {
        /// Where they are, as `file:line:column`.
        sites: Vec<String>,
        /// Where calls are that may be no spawns.
        #[serde(default)]
        probable: Vec<String>,
        /// Which spawns are not, and why.
        uncovered: Vec<String>,
        /// Which functions and files are as a plain build makes them, and why: rewritten, they do not compile.
        #[serde(default)]
        left: Vec<String>,
    },
    /// The crate is as a plain build makes it.
    LeftAlone(Reason),
}

/// Why a crate that may spawn was left alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The crate is not among the chosen ones.
    NotChosen,
    /// The text looked like a spawn, and the syntax tree has none.
    NoSpawn,
    /// The crate does without the standard library, which the runtime needs.
    NoStd,
    /// The standard library is compiled along with it.
    OwnStd,
    /// The runtime could not be built.
    Runtime(String),
    /// The original compiles and the rewritten crate does not: a fault of ours.
    DoesNotCompile(String),
    /// Its files could not be mirrored.
    Mirror(String),
}

impl Report {
    /// Keeps what was done with a unit.
    pub fn keep(unit: &Unit, build: &Build<'_>, outcome: Outcome) -> Result<()> {
        let report = Report {
            package: unit.package.name.clone(),
            version: unit.package.version.clone(),
            krate: unit.name.clone(),
            session: build.file.to_owned(),
            concerns: build.concerns(&outcome),
            unit: unit.identity(),
            out_dir: unit.out_dir.clone(),
            compiled: SystemTime::now(),
            outcome,
        };
        let text = serde_json::to_vec(&report).context("write a report")?;
        let file = Report::file(unit, build);
        replace(&file, &text)?;
        let dated = std::fs::File::options().append(true).open(&file);
        dated
            .and_then(|file| file.set_modified(old()))
            .with_context(|| format!("date {} back", file.display()))
    }

    /// The file of a unit's report. Cargo compiles the unit anew if the file is gone or has been written since, for
    /// without it nothing tells what was done.
    pub fn file(unit: &Unit, build: &Build<'_>) -> PathBuf {
        directory(&build.state()).join(format!("{}.json", unit.id()))
    }

    /// Removes what is kept of a unit that no longer holds a spawn.
    pub fn forget(unit: &Unit, build: &Build<'_>) {
        // A report is rarely there.
        let _ = std::fs::remove_file(Report::file(unit, build));
    }

    /// All reports that are kept, the newest first.
    pub fn all(state: &Path) -> Vec<Report> {
        let entries = std::fs::read_dir(directory(state)).into_iter().flatten();
        let files = entries.flatten().map(|entry| entry.path());
        // Others are being written.
        let files = files.filter(|file| file.extension().is_some_and(|it| it == "json"));
        let texts = files.filter_map(|file| std::fs::read(file).ok());
        let mut reports: Vec<Report> = texts
            .filter_map(|text| serde_json::from_slice(&text).ok())
            .collect();
        reports.sort_by_key(|report| Reverse(report.compiled));
        reports
    }

    /// Returns `true` if the output lies in the directory of a profile, such as `debug` or `release`.
    pub fn is_of_profile(&self, profile: &str, session: &Session) -> bool {
        let bases = session.build_dir.iter().chain([&session.target_dir]);
        let mut inside = bases.filter_map(|base| self.out_dir.strip_prefix(base).ok());
        let inside = inside.next().unwrap_or(&self.out_dir);
        inside.iter().any(|part| part == profile)
    }
}

/// Where they are kept.
pub fn directory(state: &Path) -> PathBuf {
    state.join("units")
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::NotChosen => f.write_str(
                "not chosen; --workspace includes all members, --deps also all dependencies",
            ),
            Reason::NoSpawn => f.write_str("has no spawn"),
            Reason::NoStd => {
                f.write_str("does without the standard library, which the runtime needs")
            }
            Reason::OwnStd => f.write_str(
                "the standard library is compiled along with it (`-Z build-std`), and the runtime is linked with the compiler's own",
            ),
            Reason::Runtime(error) => write!(f, "the runtime is missing: cannot {error}"),
            Reason::Mirror(error) => write!(f, "its mirror is missing: cannot {error}"),
            Reason::DoesNotCompile(_) => f.write_str("compiles as it is, but not when rewritten"),
        }
    }
}

impl Reason {
    /// Returns `true` if the next build may succeed, because the cause lies outside of the crate, such as a full disk.
    pub fn may_pass(&self) -> bool {
        matches!(self, Reason::Runtime(_) | Reason::Mirror(_))
    }

    /// Returns `true` if the crate was to be instrumented and could not be.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Reason::NotChosen | Reason::NoSpawn)
    }
}
