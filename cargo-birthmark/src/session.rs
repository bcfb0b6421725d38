//! The session: the file by which the front end configures the wrapper. The environment has its path.
//!
//! The file's name holds a hash of all that is in it. What of it concerns one crate is in other variables
//! (`concern.rs`), which the crate's dep-info names. So cargo itself compiles the crate anew when that changes.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::remedy::Advise;
use crate::scope::{Reach, Scope};
use crate::signals;

/// The environment variable that holds the path of the session file.
pub const VARIABLE: &str = "CARGO_BIRTHMARK";

/// The environment variable that is set if cargo may not use the network. The cargo that builds the runtime then does
/// not use it either. The session does not contain this choice, because it changes nothing in the compiled code.
pub const OFFLINE: &str = "CARGO_BIRTHMARK_OFFLINE";

/// The configuration of a build.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// The version of the tool. Another version starts afresh.
    pub tool: String,
    /// Which crates are instrumented.
    pub scope: Scope,
    /// The root of the workspace.
    pub workspace: PathBuf,
    /// The target directory of instrumented builds.
    pub target_dir: PathBuf,
    /// Our directory for intermediate files, if cargo's is configured to lie elsewhere. Otherwise cargo would take the
    /// files of a plain build for fresh.
    #[serde(default)]
    pub build_dir: Option<PathBuf>,
    /// The members of the workspace by the directory of their manifest, each with its settings.
    pub members: BTreeMap<PathBuf, Settings>,
    /// The choices that concern single packages, by the variable of each (`concern.rs`).
    #[serde(default)]
    pub packages: BTreeMap<String, String>,
    /// Each test of a member is a root, at whose end leaks are looked for.
    #[serde(default)]
    pub tests_are_roots: bool,
    /// The source of the runtime.
    pub runtime: Source,
    /// The compiler wrapper that is called around the compiler, if the user has one.
    pub inner: Option<PathBuf>,
}

/// `[package.metadata.birthmark]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Takes the package as if its roots were annotated, or leaves it alone.
    pub instrument: Option<bool>,
}

/// The source of the runtime.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The tool brings its own, because the program has none.
    Embedded,
    /// The package that the program depends on.
    Package {
        /// The directory of its manifest.
        directory: PathBuf,
        /// The directories of the packages that it consists of besides.
        #[serde(default)]
        parts: Vec<PathBuf>,
        /// The features with which it is resolved.
        features: Vec<String>,
        /// `true` if the user may edit its files, as those of a path dependency.
        local: bool,
    },
}

impl Session {
    /// Reads the session of the build that this process is part of, if there is one.
    pub fn of_environment() -> Result<Option<(PathBuf, Session)>> {
        let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
            return Ok(None);
        };
        let session = Session::read(&path)?;
        Ok(Some((path, session)))
    }

    /// Reads a session file.
    pub fn read(path: &Path) -> Result<Session> {
        let (shown, again) = (path.display(), "run `cargo birthmark` again");
        let text = std::fs::read_to_string(path)
            .advise(format!("read the session file {shown}"), again)?;
        serde_json::from_str(&text).advise(format!("parse the session file {shown}"), again)
    }

    /// Writes the session below `directory` and returns the path of its file.
    pub fn write(&self, directory: &Path) -> Result<PathBuf> {
        let (path, text) = (self.file(directory)?, self.text()?);
        // A file that is there may be damaged.
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            replace(&path, text.as_bytes())?;
        }
        Ok(path)
    }

    /// The path of its file below `directory`.
    pub fn file(&self, directory: &Path) -> Result<PathBuf> {
        Ok(directory.join(format!("session-{:016x}.json", hash(&self.text()?))))
    }

    fn text(&self) -> Result<String> {
        serde_json::to_string_pretty(self).context("write the session")
    }

    /// Returns the directory of our files. It lies beside cargo's, so that `cargo clean` removes both.
    pub fn state(&self) -> PathBuf {
        self.target_dir.join(".birthmark")
    }

    /// Returns `true` if executables get the runtime even though none of their spawns is instrumented.
    pub fn is_implicit(&self) -> bool {
        self.scope.reach > Reach::Annotated
    }
}

/// A hash that is the same in each run of the same build of the tool.
pub fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The name of a file while it is written, which no other process uses: also not in another container, where the
/// same number stands for another process.
pub fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanoseconds = now.unwrap_or_default().subsec_nanos();
    path.with_file_name(format!(".{name}.{}-{nanoseconds}", std::process::id()))
}

/// Writes a file so that nobody ever sees half of it.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = temporary(path);
    let parent = path.parent().unwrap_or(Path::new("."));
    let write = || {
        std::fs::create_dir_all(parent)?;
        let written =
            std::fs::write(&temporary, content).and_then(|()| std::fs::rename(&temporary, path));
        written.inspect_err(|_| drop(std::fs::remove_file(&temporary)))
    };
    signals::held(write).with_context(|| format!("write {}", path.display()))
}
