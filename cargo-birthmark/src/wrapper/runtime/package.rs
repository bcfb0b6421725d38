//! The package from which the runtime is built, where the program's own is or the tool brings one.

use std::path::Path;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::locked;
use crate::session::{Session, Source, hash, replace};

/// The packages of the runtime that the tool brings: a folder for each. Links in it lead to the sources.
static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtime");
/// The manifest in each of these folders. With cargo's own name, it would keep its folder out of what is published.
const MANIFEST: &str = "package.toml";

/// Enough for a backtrace, and fast, whatever the program's own profile. All is said that a configuration
/// might say otherwise, for other programs may get the same runtime. In one unit of code the compiler takes
/// less time and makes less of it.
const PROFILE: &str = r#"
[profile.birthmark]
inherits = "release"
opt-level = 3
codegen-units = 1
lto = false
debug = "line-tables-only"
debug-assertions = false
overflow-checks = false
panic = "unwind"
strip = "none"
"#;

/// The name of this profile.
pub const PROFILE_NAME: &str = "birthmark";

/// The package that is built: one that depends on birthmark and holds nothing itself.
pub const NAME: &str = "birthmark_runtime";

/// The packages that a runtime consists of, without those that know nothing of records.
pub const PARTS: [&str; 3] = ["birthmark", "birthmark-core", "birthmark-dump"];

/// All packages that the tool brings.
const PACKAGES: [&str; 4] = [PARTS[0], PARTS[1], PARTS[2], "birthmark-stacks"];

/// Returns a hash of the runtime's input, which is a part of its key in the user cache. `None` if the user may edit the
/// input.
pub fn identity(session: &Session) -> Option<u64> {
    let lock = std::fs::read_to_string(session.workspace.join("Cargo.lock")).unwrap_or_default();
    match &session.runtime {
        Source::Embedded => {
            let (sources, features) = (contents(&SOURCES), features(session));
            let versions = locked::versions(&lock, &dependencies(&features));
            Some(hash(&(sources, PROFILE, features, versions)))
        }
        Source::Package { local: true, .. } => None,
        // A published package does not change in its place.
        Source::Package {
            directory,
            features,
            ..
        } => Some(hash(&(directory, features, PROFILE, lock))),
    }
}

/// All files that the tool brings.
fn contents<'a>(sources: &'a Dir<'_>) -> Vec<(&'a Path, &'a [u8])> {
    let files = sources.files();
    let mut all: Vec<_> = files.map(|file| (file.path(), file.contents())).collect();
    all.extend(sources.dirs().flat_map(contents));
    all
}

/// The features with which the runtime that the tool brings is built.
fn features(session: &Session) -> Vec<String> {
    let more = session.scope.runtime_features.iter().cloned();
    ["default".to_owned()].into_iter().chain(more).collect()
}

/// Returns the dependencies of the embedded runtime with these features.
fn dependencies(features: &[String]) -> Vec<String> {
    let main = manifest("birthmark");
    let enabled = enabled(&main, features);
    let of_dump: Vec<String> = enabled
        .iter()
        .filter_map(|feature| Some(feature.strip_prefix("birthmark-dump/")?.to_owned()))
        .collect();
    let dump = manifest("birthmark-dump");
    let mut all = needed(&main, &enabled);
    all.extend(needed(&dump, &self::enabled(&dump, &of_dump)));
    all.extend(needed(&manifest("birthmark-core"), &[]));
    if enabled.iter().any(|it| it == "dep:birthmark-stacks") {
        all.extend(needed(&manifest("birthmark-stacks"), &[]));
    }
    all.retain(|name| !name.starts_with("birthmark-"));
    all.sort();
    all.dedup();
    all
}

/// The manifest of one of the packages that the tool brings.
fn manifest(package: &str) -> DocumentMut {
    let file = SOURCES.get_file(Path::new(package).join(MANIFEST));
    let text = file
        .and_then(|file| file.contents_utf8())
        .unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// Returns the names of a package's dependencies if these features are enabled.
fn needed(manifest: &DocumentMut, enabled: &[String]) -> Vec<String> {
    let targets = manifest.get("target").and_then(Item::as_table_like);
    let targets = targets.into_iter().flat_map(|table| table.iter());
    let tables = targets.filter_map(|(_, target)| target.get("dependencies"));
    let tables = tables.chain(manifest.get("dependencies"));
    let entries = tables
        .filter_map(Item::as_table_like)
        .flat_map(|it| it.iter());
    let needed = entries.filter(|(name, entry)| {
        entry.get("optional").is_none() || enabled.contains(&format!("dep:{name}"))
    });
    needed.map(|(name, _)| name.to_owned()).collect()
}

/// These features, and all that they enable.
fn enabled(manifest: &DocumentMut, features: &[String]) -> Vec<String> {
    let mut enabled = features.to_vec();
    let mut next = 0;
    while let Some(feature) = enabled.get(next) {
        let table = manifest.get("features").and_then(|it| it.get(feature));
        let more = table.and_then(Item::as_array).into_iter().flatten();
        let more = more.filter_map(|it| it.as_str()).map(String::from);
        let more: Vec<_> = more.collect();
        enabled.extend(more);
        next += 1;
    }
    enabled
}

/// Writes the package into a directory.
pub fn write(directory: &Path, session: &Session) -> Result<()> {
    let manifest = match &session.runtime {
        Source::Embedded => {
            write_sources(directory, &SOURCES)?;
            around(&directory.join("birthmark"), &features(session))
        }
        Source::Package {
            directory,
            features,
            ..
        } => around(directory, features),
    };
    // The versions that the program has are there already.
    if let Ok(lock) = std::fs::read(session.workspace.join("Cargo.lock")) {
        replace(&directory.join("Cargo.lock"), &lock)?;
    }
    replace(&directory.join("src/lib.rs"), b"")?;
    replace(
        &directory.join("Cargo.toml"),
        (manifest + PROFILE).as_bytes(),
    )
}

fn write_sources(directory: &Path, sources: &Dir<'_>) -> Result<()> {
    for file in sources.files() {
        let path = match file.path() {
            path if path.ends_with(MANIFEST) => path.with_file_name("Cargo.toml"),
            path => path.to_owned(),
        };
        replace(&directory.join(path), file.contents())?;
    }
    sources
        .dirs()
        .try_for_each(|inner| write_sources(directory, inner))
        .with_context(|| format!("unpack the runtime into {}", directory.display()))
}

/// A manifest that depends on a birthmark with these features.
fn around(package: &Path, features: &[String]) -> String {
    let mut dependency = Table::new();
    dependency["path"] = value(package.display().to_string());
    // The list contains features that are on by default, if they are on.
    dependency["default-features"] = value(false);
    dependency["features"] = value(features.iter().collect::<Array>());
    let mut manifest = DocumentMut::new();
    manifest["package"]["name"] = value(NAME);
    manifest["package"]["version"] = value("0.0.0");
    manifest["package"]["edition"] = value("2021");
    manifest["dependencies"]["birthmark"] = Item::Table(dependency);
    // Members have what is optional resolved, too, for which there may be no network.
    let mut workspace = Table::new();
    workspace["exclude"] = value(Array::from_iter(PACKAGES));
    manifest["workspace"] = Item::Table(workspace);
    manifest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_agree_with_those_of_the_runtime() {
        let theirs = [
            include_str!("../../../../birthmark/Cargo.toml"),
            include_str!("../../../../runtime-shim/Cargo.toml"),
            include_str!("../../../../dump/Cargo.toml"),
            include_str!("../../../../stacks/Cargo.toml"),
        ];
        for (name, theirs) in PACKAGES.into_iter().zip(theirs) {
            let (ours, theirs) = (manifest(name), theirs.parse::<DocumentMut>().unwrap());
            assert_eq!(foreign_entries(&ours), foreign_entries(&theirs), "{name}");
            for feature in ["signal", "pprof", "native-stacks", "debug-stacks"] {
                let feature = |manifest: &DocumentMut| {
                    let feature = manifest.get("features").and_then(|it| it.get(feature));
                    feature.map(ToString::to_string)
                };
                assert_eq!(feature(&ours), feature(&theirs), "{name}");
            }
            let text = |manifest: &DocumentMut, key| manifest["package"][key].to_string();
            assert_eq!(text(&ours, "name"), text(&theirs, "name"));
            assert_eq!(text(&ours, "edition"), text(&theirs, "edition"), "{name}");
            let version = ours["package"]["version"].as_str();
            assert_eq!(version, Some(env!("CARGO_PKG_VERSION")), "{name}");
        }
    }

    /// The dependencies on packages of others, each with its target.
    fn foreign_entries(manifest: &DocumentMut) -> std::collections::BTreeSet<String> {
        let targets = manifest["target"].as_table().unwrap().iter();
        let tables =
            targets.map(|(target, table)| (target.to_owned(), table["dependencies"].clone()));
        let plain = [(String::new(), manifest["dependencies"].clone())];
        let entries = plain.into_iter().chain(tables).flat_map(|(target, table)| {
            let entries = table.as_table().unwrap().iter();
            let foreign = entries.filter(|(name, _)| !name.starts_with("birthmark-"));
            let entries = foreign.map(|(name, entry)| format!("{target} {name} {entry}"));
            entries.collect::<Vec<_>>()
        });
        entries.collect()
    }

    #[test]
    fn optional_dependency_counts_if_enabled() {
        let dependencies = |features: &[&str]| {
            let features: Vec<_> = features.iter().map(|&it| it.into()).collect();
            let mut dependencies = dependencies(&features);
            dependencies.sort();
            dependencies
        };
        let usual = ["inventory", "libc", "signal-hook-registry"];
        assert_eq!(dependencies(&["default"]), usual);
        let more = dependencies(&["default", "pprof"]);
        assert!(more.contains(&"flate2".to_owned()) && more.len() == usual.len() + 1);
    }

    #[test]
    fn runtime_identity_depends_on_its_input() {
        let workspace = tempfile::tempdir().unwrap();
        let identity = |runtime: &str, versions: [u32; 2]| {
            let [libc, other] = versions;
            let lock = format!(
                "[[package]]\nname = \"libc\"\nversion = \"0.2.{libc}\"\n\
                 [[package]]\nname = \"other\"\nversion = \"1.0.{other}\"\n"
            );
            std::fs::write(workspace.path().join("Cargo.lock"), lock).unwrap();
            let session = format!(
                r#"{{"tool": "", "scope": {{}}, "workspace": {:?}, "target-dir": "/t",
                    "members": {{}}, "runtime": {runtime}, "inner": null}}"#,
                workspace.path()
            );
            super::identity(&serde_json::from_str(&session).unwrap())
        };
        let ours = r#""embedded""#;
        assert_eq!(identity(ours, [1, 1]), identity(ours, [1, 2]));
        assert_ne!(identity(ours, [1, 1]), identity(ours, [2, 1]));
        let package = |local: bool| {
            format!(r#"{{"package": {{"directory": "/p", "features": [], "local": {local}}}}}"#)
        };
        assert_ne!(
            identity(&package(false), [1, 1]),
            identity(&package(false), [1, 2])
        );
        assert_eq!(identity(&package(true), [1, 1]), None);
    }

    #[test]
    fn program_s_own_runtime_keeps_its_features() {
        let text = around(Path::new("/p"), &["attribute".into(), "default".into()]);
        let manifest: DocumentMut = text.parse().unwrap();
        let dependency = &manifest["dependencies"]["birthmark"];
        assert_eq!(dependency["path"].as_str(), Some("/p"));
        assert_eq!(dependency["features"].as_array().map(Array::len), Some(2));
    }
}
