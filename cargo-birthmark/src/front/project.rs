//! The program as cargo describes it: its packages, and the settings in their manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Node, Package};
use serde::de::DeserializeOwned;

use super::patterns;
use crate::concern;
use crate::remedy::{self, Advise};
use crate::scope::{Reach, Scope};
use crate::session::{Session, Settings, Source};

/// The program, as `cargo metadata` tells it.
pub struct Project {
    /// All of it.
    pub metadata: Metadata,
}

impl Project {
    /// Asks cargo. `options` are those of the user's that change the answer.
    pub fn load(manifest: Option<&Path>, options: &[OsString]) -> Result<Project> {
        let mut command = MetadataCommand::new();
        // Cargo asks the compiler only for its version. The doctor reports a missing wrapper.
        command
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
        if let Some(manifest) = manifest {
            command.manifest_path(manifest);
        }
        let options = options
            .iter()
            .map(|option| option.to_string_lossy().into_owned());
        command.other_options(options.collect::<Vec<_>>());
        let metadata = command
            .exec()
            .map_err(plain)
            .context("read the metadata of the program")?;
        Ok(Project { metadata })
    }

    /// The target directory of instrumented builds, within that of plain ones.
    fn target_dir(&self) -> PathBuf {
        ours(self.metadata.target_directory.as_std_path())
    }

    /// The directory for what is in between, if it is configured to be another one.
    fn build_dir(&self) -> Option<PathBuf> {
        let plain = self.metadata.build_directory.as_ref();
        let other = plain.filter(|plain| **plain != self.metadata.target_directory);
        other.map(|plain| ours(plain.as_std_path()))
    }

    /// The session in which what the manifest says is added to `scope`.
    pub fn session(&self, mut scope: Scope, inner: Option<PathBuf>) -> Result<Session> {
        let chosen = self.chosen()?;
        scope.check()?;
        chosen.check()?;
        patterns::check(&scope, "", &self.metadata)?;
        let place = " in [workspace.metadata.birthmark]";
        patterns::check(&chosen, place, &self.metadata)?;
        require_dependencies(&scope, &chosen)?;
        scope.extend(chosen);
        scope.complete();
        let runtime = self.runtime(&scope.runtime_features)?;
        let packages = self.packages(&scope)?;
        Ok(Session {
            tool: tool()?,
            scope,
            packages,
            target_dir: self.target_dir(),
            build_dir: self.build_dir(),
            workspace: self.metadata.workspace_root.clone().into(),
            members: self.members()?,
            tests_are_roots: looks_for_leaks(),
            runtime,
            inner,
        })
    }

    /// The choices that the manifest of the workspace makes. As in the options, patterns of packages take
    /// dependencies, too, unless the manifest names another reach.
    fn chosen(&self) -> Result<Scope> {
        let metadata = &self.metadata.workspace_metadata;
        let mut chosen: Scope = settings(metadata, "workspace")?;
        if !chosen.only.is_empty() && metadata["birthmark"].get("reach").is_none() {
            chosen.reach = Reach::Deps;
        }
        Ok(chosen)
    }

    fn members(&self) -> Result<BTreeMap<PathBuf, Settings>> {
        let members = self.metadata.workspace_packages();
        let settings = members.into_iter().map(|package| {
            Ok((
                directory(package),
                settings(&package.metadata, &package.name)?,
            ))
        });
        settings.collect()
    }

    /// Returns the choices that concern single packages: patterns, settings of their manifests, and their place outside
    /// of the workspace.
    fn packages(&self, scope: &Scope) -> Result<BTreeMap<String, String>> {
        let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in &self.metadata.packages {
            let version = package.version.to_string();
            let mut words: BTreeSet<String> = scope
                .lists(&package.name, &version)
                .map(String::from)
                .collect();
            let roots = scope.roots_of(&package.name, &version).into_iter();
            words.extend(roots.map(|module| format!("root={module}")));
            if self.metadata.workspace_members.contains(&package.id) {
                let settings: Settings = settings(&package.metadata, &package.name)?;
                words.extend(settings.instrument.map(|it| format!("instrument={it}")));
            } else if package.source.is_none() {
                // The package may become a member.
                words.insert("outside".into());
            }
            if !words.is_empty() {
                let variable = concern::package(&package.name, &version);
                said.entry(variable).or_default().extend(words);
            }
        }
        let said = said.into_iter().map(|(variable, words)| {
            let words: Vec<String> = words.into_iter().collect();
            (variable, words.join(" "))
        });
        Ok(said.collect())
    }

    /// The birthmark that the program depends on, if it does. It gets more features than the program asks for, as
    /// it would of another package.
    fn runtime(&self, more: &[String]) -> Result<Source> {
        let resolve = self.metadata.resolve.as_ref();
        let nodes = resolve
            .map(|resolve| &resolve.nodes[..])
            .unwrap_or_default();
        let mut found = nodes.iter().filter_map(|node| {
            let package = &self.metadata[&node.id];
            (package.name == "birthmark" && has_runtime(package)).then_some((package, node))
        });
        let Some((package, node)) = found.next() else {
            return self.embedded(nodes);
        };
        if let Some((other, _)) = found.next() {
            return Err(remedy::refusal(
                format!(
                    "choose a runtime: the program depends on birthmark {} and {}",
                    package.version, other.version
                ),
                "run `cargo update -p birthmark`, which may unify them",
            ));
        }
        require_own_version(package, "and generated code")?;
        let features = node.features.iter().map(|feature| feature.to_string());
        let features: BTreeSet<String> = features.chain(more.iter().cloned()).collect();
        Ok(Source::Package {
            directory: directory(package),
            parts: nodes
                .iter()
                .map(|node| &self.metadata[&node.id])
                .filter(|part| matches!(part.name.as_str(), "birthmark-core" | "birthmark-dump"))
                .map(directory)
                .collect(),
            features: features.into_iter().collect(),
            local: package.source.is_none(),
        })
    }

    /// The runtime that the tool brings. A library of the program may depend on the core alone, which cannot be there
    /// twice: the tool's own takes its place.
    fn embedded(&self, nodes: &[Node]) -> Result<Source> {
        let packages = nodes.iter().map(|node| &self.metadata[&node.id]);
        packages
            .filter(|package| package.name == "birthmark-core")
            .try_for_each(|package| require_own_version(package, "whose runtime"))?;
        Ok(Source::Embedded)
    }
}

/// Checks that dependencies are chosen if the command line asks for frames in some.
fn require_dependencies(scope: &Scope, chosen: &Scope) -> Result<()> {
    let patterns = scope.frames.patterns();
    if patterns.is_empty() || scope.reach.max(chosen.reach) == Reach::Deps {
        return Ok(());
    }
    Err(remedy::refusal(
        format!(
            "record awaits in {}: no dependency is instrumented",
            patterns.join(", ")
        ),
        "add `--deps`, or leave `--frames` out, because members have frames anyway",
    ))
}

/// Checks that a package of the program has the version of this tool. `part` names what fits that version alone.
fn require_own_version(package: &Package, part: &str) -> Result<()> {
    let (name, version) = (&package.name, &package.version);
    let own = env!("CARGO_PKG_VERSION");
    if version.to_string() == own {
        return Ok(());
    }
    Err(remedy::refusal(
        format!(
            "use the program's {name} {version}: this is cargo-birthmark {own}, {part} fits its own version only"
        ),
        format!("run `cargo install cargo-birthmark --version {version}`"),
    ))
}

/// The name of our directory in the target directory.
pub const TARGET_DIR: &str = "birthmark";

/// Our directory within one of cargo's, unless it is that already: `init` has entered it.
fn ours(plain: &Path) -> PathBuf {
    if plain.file_name().is_some_and(|name| name == TARGET_DIR) {
        plain.to_owned()
    } else {
        plain.join(TARGET_DIR)
    }
}

/// A package that happens to have our name is none of ours.
fn has_runtime(package: &Package) -> bool {
    package
        .dependencies
        .iter()
        .any(|dependency| dependency.name == "birthmark-core")
}

/// Where a package's manifest is.
pub fn directory(package: &Package) -> PathBuf {
    package
        .manifest_path
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default()
}

fn settings<T: DeserializeOwned + Default>(metadata: &serde_json::Value, of: &str) -> Result<T> {
    match metadata.get("birthmark") {
        None => Ok(T::default()),
        Some(value) => serde_json::from_value(value.clone()).advise(
            format!("read `metadata.birthmark` in the manifest of `{of}`"),
            "compare its keys with those in `cargo birthmark --help`",
        ),
    }
}

/// Cargo's own words, without what `cargo_metadata` puts before them.
fn plain(error: cargo_metadata::Error) -> anyhow::Error {
    match error {
        cargo_metadata::Error::CargoMetadata { stderr } => {
            anyhow::anyhow!("{}", stderr.trim().trim_start_matches("error: "))
        }
        other => other.into(),
    }
}

/// The tool as it is: its version, and of one that is being worked on, the build.
fn tool() -> Result<String> {
    let binary = crate::toolchain::this_binary()?;
    let built = std::fs::metadata(&binary).and_then(|metadata| metadata.modified());
    let built = built.context("find out when cargo-birthmark was built")?;
    Ok(format!("{} {built:?}", env!("CARGO_PKG_VERSION")))
}

/// Returns `true` if the configuration of the program asks for leaks of tests.
fn looks_for_leaks() -> bool {
    let words = std::env::var("BIRTHMARK").unwrap_or_default();
    words.split(',').any(|word| word.trim() == "leaks=fail")
}
