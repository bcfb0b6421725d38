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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FramesWord", into = "FramesWord")]
pub enum Frames {
    /// The members of the workspace.
    #[default]
    Members,
    /// Dependencies, too.
    All,
    /// The members of the workspace, and dependencies that match one of these patterns.
    Packages(Vec<String>),
    /// Crates that are compiled without complete debug information. The awaits of the others are in that.
    DebugInfo,
}

/// The form in a manifest.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FramesWord {
    IsAll(bool),
    Name(String),
    Packages(Vec<String>),
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
                "`frames` is `{name}`, which is not true, false, \"{DEBUG_INFO}\" or a list of packages"
            )),
            FramesWord::Packages(patterns) => Ok(Frames::of_patterns(patterns)),
        }
    }
}

impl From<Frames> for FramesWord {
    fn from(frames: Frames) -> Self {
        match frames {
            Frames::Members => FramesWord::IsAll(false),
            Frames::All => FramesWord::IsAll(true),
            Frames::DebugInfo => FramesWord::Name(DEBUG_INFO.to_owned()),
            Frames::Packages(patterns) => FramesWord::Packages(patterns),
        }
    }
}

impl Frames {
    /// Returns the choice of the packages that match one of these patterns, besides the members of the workspace.
    pub fn of_patterns(patterns: Vec<String>) -> Frames {
        match patterns {
            patterns if patterns.is_empty() => Frames::Members,
            patterns if patterns.iter().any(|pattern| pattern == "*") => Frames::All,
            patterns => Frames::Packages(patterns),
        }
    }

    /// Returns the patterns.
    pub fn patterns(&self) -> &[String] {
        match self {
            Frames::Packages(patterns) => patterns,
            Frames::Members | Frames::All | Frames::DebugInfo => &[],
        }
    }

    /// Returns `true` if a dependency has frames.
    pub fn reach(&self, name: &str, version: &str) -> bool {
        let is_matched = |pattern: &String| matches(pattern, name, version);
        *self == Frames::All || self.patterns().iter().any(is_matched)
    }

    /// Adds another choice, which counts more. Patterns of both count.
    fn extend(&mut self, other: Frames) {
        match (&mut *self, other) {
            (_, Frames::Members) => {}
            (Frames::Packages(patterns), Frames::Packages(more)) => patterns.extend(more),
            (frames, other) => *frames = other,
        }
    }
}

/// A part of a package whose tasks a pool keeps: `sqlx-sqlite`, or a module of it as in `hyper-util:client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root<'a> {
    /// The pattern of the package.
    pub package: &'a str,
    /// The path of the module. Empty for the whole package.
    pub module: &'a str,
}

impl<'a> Root<'a> {
    /// Reads the text of a manifest.
    pub fn of(text: &'a str) -> Root<'a> {
        let (package, module) = text.split_once(':').unwrap_or((text, ""));
        let module = module.trim_start_matches(':');
        Root { package, module }
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
    /// The packages, and modules of packages, whose tasks a pool keeps: roots, which inherit nothing.
    pub roots: Vec<String>,
    /// The libraries that give child tasks what their spawner has, by the words of their carriers.
    pub carry: Vec<String>,
    /// The rules of programs, as in the environment.
    pub rules: Vec<String>,
    /// The crates, modules and functions whose spawns keep their stack, by patterns.
    pub spawn_stacks: Vec<String>,
}

/// Features of the runtime that it does not have by default.
const FEATURES: [&str; 3] = ["debug-stacks", NATIVE_STACKS, "pprof"];
const NATIVE_STACKS: &str = "native-stacks";

impl Scope {
    /// Adds another scope: the farther reach, and all patterns.
    pub fn extend(&mut self, other: Scope) {
        self.reach = self.reach.max(other.reach);
        self.only.extend(other.only);
        self.exclude.extend(other.exclude);
        self.runtime_features.extend(other.runtime_features);
        self.carry.extend(other.carry);
        self.rules.extend(other.rules);
        self.spawn_stacks.extend(other.spawn_stacks);
        self.roots.extend(other.roots);
        self.frames.extend(other.frames);
    }

    /// Adds the features of the runtime that other choices need.
    pub fn complete(&mut self) {
        let needed = NATIVE_STACKS.to_owned();
        if !self.spawn_stacks.is_empty() && !self.runtime_features.contains(&needed) {
            self.runtime_features.push(needed);
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
        let lists = [
            ("only", &self.only[..]),
            ("exclude", &self.exclude),
            ("frames", self.frames.patterns()),
        ];
        let matched = lists.map(|(list, patterns)| {
            let mut patterns = patterns.iter();
            let is_matched = patterns.any(|pattern| matches(pattern, name, version));
            is_matched.then_some(list)
        });
        matched.into_iter().flatten()
    }

    /// Returns the modules of a package whose tasks a pool keeps. An empty path is the whole package.
    pub fn roots_of(&self, name: &str, version: &str) -> Vec<String> {
        let roots = self.roots.iter().map(|text| Root::of(text));
        let matched = roots.filter(|root| matches(root.package, name, version));
        matched.map(|root| root.module.to_owned()).collect()
    }

    /// Returns all patterns of packages.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.only[..], &self.exclude, self.frames.patterns()];
        let patterns = lists.into_iter().flatten().map(|pattern| &pattern[..]);
        patterns.chain(self.roots.iter().map(|text| Root::of(text).package))
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
        let is_name = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
        let is_path = |text: &&String| Root::of(text).module.chars().all(is_name);
        if let Some(root) = self.roots.iter().find(|text| !is_path(text)) {
            return Err(remedy::refusal(
                format!(
                    "read the root `{root}`: what follows the package is not the path of a module"
                ),
                "write a package, or a package and a module as in `hyper-util:client`",
            ));
        }
        for pattern in self.patterns() {
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
    fn frames_reach_members_alone_all_or_packages_that_match() {
        let packages = Frames::of_patterns(vec!["hyper*".into(), "axum@0.8.*".into()]);
        assert!(packages.reach("hyper-util", "0.1.0") && packages.reach("axum", "0.8.9"));
        assert!(!packages.reach("axum", "0.7.0"));
        assert!(!Frames::Members.reach("axum", "0.8.9"));
        assert_eq!(
            Frames::of_patterns(vec!["a".into(), "*".into()]),
            Frames::All
        );
        assert_eq!(Frames::of_patterns(Vec::new()), Frames::Members);
        let mut frames = packages;
        frames.extend(Frames::of_patterns(vec!["sqlx-core".into()]));
        assert_eq!(frames.patterns(), ["hyper*", "axum@0.8.*", "sqlx-core"]);
        frames.extend(Frames::DebugInfo);
        assert_eq!(frames, Frames::DebugInfo);
    }

    #[test]
    fn frames_of_a_manifest_are_a_word_a_list_or_an_error() {
        let read = |text: &str| serde_json::from_str::<Frames>(text);
        assert_eq!(read("true").unwrap(), Frames::All);
        assert_eq!(read("\"debug-info\"").unwrap(), Frames::DebugInfo);
        let list = Frames::Packages(vec!["sqlx-core".into()]);
        assert_eq!(read("[\"sqlx-core\"]").unwrap(), list);
        let error = read("\"sqlx-core\"").unwrap_err().to_string();
        assert!(error.contains("or a list of packages"), "{error}");
        assert!(read("7").is_err());
    }

    #[test]
    fn roots_are_packages_or_modules_of_packages() {
        let scope = Scope {
            roots: vec![
                "sqlx-sqlite".into(),
                "hyper-util@0.1.*:client::legacy".into(),
            ],
            ..Scope::default()
        };
        assert_eq!(scope.roots_of("sqlx-sqlite", "0.8.6"), [""]);
        assert_eq!(scope.roots_of("hyper-util", "0.1.2"), ["client::legacy"]);
        assert!(scope.roots_of("hyper-util", "0.2.0").is_empty());
        assert!(scope.check().is_ok());
        let wrong = Scope {
            roots: vec!["hyper-util:client/legacy".into()],
            ..Scope::default()
        };
        let error = wrong.check().unwrap_err();
        assert!(
            error.to_string().contains("`hyper-util:client/legacy`"),
            "{error}"
        );
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
