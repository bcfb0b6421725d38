//! The package from which the runtime is built, where the program's own is or the tool brings one.

use std::path::Path;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::locked;
use crate::session::{Session, Source, hash, replace};

/// The sources of the runtime that the tool brings. A link in the package leads to them.
static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtime");
const MANIFEST: &str = include_str!("../../../runtime.toml");

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

/// What a runtime is built from, for the key under which it is kept for other programs; nothing where the
/// user may edit it.
pub fn identity(session: &Session) -> Option<u64> {
    let lock = std::fs::read_to_string(session.workspace.join("Cargo.lock")).unwrap_or_default();
    match &session.runtime {
        Source::Embedded => {
            let sources = contents(&SOURCES);
            let versions = locked::versions(&lock, &dependencies());
            Some(hash(&(sources, MANIFEST, PROFILE, versions)))
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

/// What the runtime that the tool brings depends on.
fn dependencies() -> Vec<String> {
    let manifest: DocumentMut = MANIFEST.parse().unwrap_or_default();
    let tables = [
        manifest.get("dependencies"),
        manifest
            .get("target")
            .and_then(|target| target.get("cfg(unix)")?.get("dependencies")),
    ];
    let tables = tables.into_iter().flatten().filter_map(Item::as_table_like);
    tables
        .flat_map(|table| table.iter().map(|(name, _)| name.to_owned()))
        .collect()
}

/// Writes the package into a directory.
pub fn write(directory: &Path, session: &Session) -> Result<()> {
    let manifest = match &session.runtime {
        Source::Embedded => {
            let package = directory.join("birthmark");
            write_sources(&package.join("src"), &SOURCES)?;
            replace(&package.join("Cargo.toml"), MANIFEST.as_bytes())?;
            around(&package, &["default".into()])
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
        replace(&directory.join(file.path()), file.contents())?;
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
    // Those that are on by default are among the features, if they are on.
    dependency["default-features"] = value(false);
    dependency["features"] = value(features.iter().collect::<Array>());
    let mut manifest = DocumentMut::new();
    manifest["package"]["name"] = value(NAME);
    manifest["package"]["version"] = value("0.0.0");
    manifest["package"]["edition"] = value("2021");
    manifest["dependencies"]["birthmark"] = Item::Table(dependency);
    manifest["workspace"] = Item::Table(Table::new());
    manifest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_agrees_with_that_of_the_runtime() {
        let ours: DocumentMut = MANIFEST.parse().unwrap();
        let theirs = include_str!("../../../../runtime-shim/Cargo.toml");
        let theirs: DocumentMut = theirs.parse().unwrap();
        let unix = |manifest: &DocumentMut| {
            let unix = &manifest["target"]["cfg(unix)"]["dependencies"];
            let dependencies = unix.as_table().unwrap().iter();
            let dependencies = dependencies.map(|(name, value)| format!("{name} {value}"));
            dependencies.collect::<Vec<_>>()
        };
        assert_eq!(unix(&ours), unix(&theirs));
        let inventory = |manifest: &DocumentMut| manifest["dependencies"]["inventory"].to_string();
        assert_eq!(inventory(&ours), inventory(&theirs));
        let edition = |manifest: &DocumentMut| manifest["package"]["edition"].to_string();
        assert_eq!(edition(&ours), edition(&theirs));
        let version = ours["package"]["version"].as_str();
        assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn what_is_kept_is_told_apart_by_what_it_is_built_from() {
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
    fn the_program_s_own_runtime_keeps_its_features() {
        let text = around(Path::new("/p"), &["attribute".into(), "default".into()]);
        let manifest: DocumentMut = text.parse().unwrap();
        let dependency = &manifest["dependencies"]["birthmark"];
        assert_eq!(dependency["path"].as_str(), Some("/p"));
        assert_eq!(dependency["features"].as_array().map(Array::len), Some(2));
    }
}
