//! The choice of crates, and the features of the runtime.

use anyhow::Result;
use globset::Glob;
use serde::{Deserialize, Serialize};

use crate::carriers;
use crate::remedy::{self, Advise};

/// The reach of instrumentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The members of the workspace that say so in their crate root or their manifest.
    #[default]
    Annotated,
    /// All members.
    Workspace,
    /// All members and all their dependencies.
    Deps,
}

/// The crates that have frames at their awaits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FramesWord", into = "FramesWord")]
pub enum Frames {
    /// The members of the workspace.
    #[default]
    Members,
    /// Dependencies, too.
    All,
    /// Crates that are compiled without complete debug information. The awaits of the others are in that.
    DebugInfo,
}

/// The form in a manifest.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FramesWord {
    IsAll(bool),
    Name(String),
}

/// The name of [`Frames::DebugInfo`].
const DEBUG_INFO: &str = "debug-info";

impl TryFrom<FramesWord> for Frames {
    type Error = String;

    fn try_from(word: FramesWord) -> std::result::Result<Self, String> {
        match word {
            FramesWord::IsAll(true) => Ok(Frames::All),
            FramesWord::IsAll(false) => Ok(Frames::Members),
            FramesWord::Name(name) if name == DEBUG_INFO => Ok(Frames::DebugInfo),
            FramesWord::Name(name) => Err(format!(
                "`frames` is `{name}`, which is not true, false or \"{DEBUG_INFO}\""
            )),
        }
    }
}

impl From<Frames> for FramesWord {
    fn from(frames: Frames) -> Self {
        match frames {
            Frames::Members => FramesWord::IsAll(false),
            Frames::All => FramesWord::IsAll(true),
            Frames::DebugInfo => FramesWord::Name(DEBUG_INFO.to_owned()),
        }
    }
}

/// Which crates are instrumented: how far it reaches, and what patterns take out of that. And what the runtime
/// with which they are linked can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scope {
    /// The reach of instrumentation.
    pub reach: Reach,
    /// If any: the only packages, by patterns of their names.
    pub only: Vec<String>,
    /// Packages that are left alone, by patterns of their names.
    pub exclude: Vec<String>,
    /// Features of the runtime that it does not have by default.
    pub runtime_features: Vec<String>,
    /// The crates that have frames.
    pub frames: Frames,
    /// The libraries that give child tasks what their spawner has, by the words of their carriers.
    pub carry: Vec<String>,
    /// The rules of programs, as in the environment.
    pub rules: Vec<String>,
}

/// Features of the runtime that it does not have by default.
const FEATURES: [&str; 3] = ["debug-stacks", "native-stacks", "pprof"];

impl Scope {
    /// Adds another scope: the farther reach, and all patterns.
    pub fn extend(&mut self, other: Scope) {
        self.reach = self.reach.max(other.reach);
        self.only.extend(other.only);
        self.exclude.extend(other.exclude);
        self.runtime_features.extend(other.runtime_features);
        self.carry.extend(other.carry);
        self.rules.extend(other.rules);
        if other.frames != Frames::Members {
            self.frames = other.frames;
        }
    }

    /// Returns `true` if the patterns admit a package. A pattern may name a version, as in `syn@1.*`.
    pub fn admits(&self, name: &str, version: &str) -> bool {
        let any = |patterns: &[String]| {
            patterns
                .iter()
                .any(|pattern| matches(pattern, name, version))
        };
        (self.only.is_empty() || any(&self.only)) && !any(&self.exclude)
    }

    /// The lists of patterns that match a package, by their names.
    pub fn lists(&self, name: &str, version: &str) -> impl Iterator<Item = &'static str> {
        let lists = [("only", &self.only), ("exclude", &self.exclude)];
        let matched = lists.map(|(list, patterns)| {
            let mut patterns = patterns.iter();
            let is_matched = patterns.any(|pattern| matches(pattern, name, version));
            is_matched.then_some(list)
        });
        matched.into_iter().flatten()
    }

    /// Checks patterns and features before a build.
    pub fn check(&self) -> Result<()> {
        let mut features = self.runtime_features.iter();
        if let Some(unknown) = features.find(|feature| !FEATURES.contains(&feature.as_str())) {
            return Err(remedy::refusal(
                format!("build the runtime with the feature `{unknown}`: it has no such feature"),
                format!("choose from {}", FEATURES.join(", ")),
            ));
        }
        let mut carry = self.carry.iter();
        if let Some(unknown) = carry.find(|word| !carriers::words().contains(&word.as_str())) {
            return Err(remedy::refusal(
                format!("carry `{unknown}`: there is no carrier of this name"),
                format!("choose from {}", carriers::words().join(", ")),
            ));
        }
        for pattern in self.only.iter().chain(&self.exclude) {
            Glob::new(pattern).advise(
                format!("read the pattern `{pattern}`"),
                "write the name of a package, with `*` for any part of it",
            )?;
        }
        Ok(())
    }
}

/// Returns `true` if a pattern matches a package.
pub fn matches(pattern: &str, name: &str, version: &str) -> bool {
    let subject = if pattern.contains('@') {
        format!("{name}@{version}")
    } else {
        name.to_owned()
    };
    Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names_and_versions() {
        let scope = Scope {
            only: vec!["hyper*".into(), "syn@1.*".into()],
            exclude: vec!["hyper-util".into()],
            ..Scope::default()
        };
        assert!(scope.admits("hyper", "1.4.0"));
        assert!(!scope.admits("hyper-util", "0.1.0"));
        assert!(scope.admits("syn", "1.0.9"));
        assert!(!scope.admits("syn", "2.0.0"));
        assert!(!scope.admits("tokio", "1.0.0"));
    }

    #[test]
    fn invalid_pattern_is_refused_with_a_remedy() {
        let scope = Scope {
            only: vec!["a[".into()],
            ..Scope::default()
        };
        let error = scope.check().unwrap_err();
        assert!(error.to_string().contains("`a[`"), "{error}");
        let help = remedy::of(&error).unwrap();
        assert!(help.starts_with("write the name of a package"), "{help}");
    }

    #[test]
    fn unknown_features_are_refused_with_the_known_ones() {
        let mut scope = Scope {
            runtime_features: vec!["pprof".into()],
            ..Scope::default()
        };
        assert!(scope.check().is_ok());
        scope.runtime_features.push("stacks".into());
        let error = scope.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "build the runtime with the feature `stacks`: it has no such feature"
        );
        assert_eq!(
            remedy::of(&error),
            Some("choose from debug-stacks, native-stacks, pprof")
        );
    }
}
