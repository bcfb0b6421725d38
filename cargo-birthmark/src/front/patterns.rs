//! Patterns of packages that match none, which are mistakes.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use cargo_metadata::Metadata;
use toml_edit::{DocumentMut, Item};

use crate::remedy;
use crate::scope::{self, Scope};

/// The names and versions of packages.
type Packages = BTreeSet<(String, String)>;

/// Returns an error if a pattern matches no package. `place` names the origin of the patterns in the message.
pub fn check(scope: &Scope, place: &str, metadata: &Metadata) -> Result<()> {
    let patterns = || scope.patterns();
    let mut packages = of_metadata(metadata);
    if patterns().all(|pattern| matches(pattern, &packages)) {
        return Ok(());
    }
    // The metadata may be those of one platform, and leave out what no feature asks for.
    packages.extend(of_lock_file(metadata.workspace_root.as_std_path()));
    match patterns().find(|pattern| !matches(pattern, &packages)) {
        None => Ok(()),
        Some(pattern) => Err(remedy::refusal(
            format!("choose packages by `{pattern}`{place}: no package of the program matches"),
            help(pattern, &packages),
        )),
    }
}

fn matches(pattern: &str, packages: &Packages) -> bool {
    let mut packages = packages.iter();
    packages.any(|(name, version)| scope::matches(pattern, name, version))
}

fn of_metadata(metadata: &Metadata) -> Packages {
    let packages = metadata.packages.iter();
    packages
        .map(|package| (package.name.to_string(), package.version.to_string()))
        .collect()
}

/// All packages of the lock file. None if there is no file, or not one that is understood.
fn of_lock_file(workspace: &Path) -> Packages {
    let text = std::fs::read_to_string(workspace.join("Cargo.lock")).unwrap_or_default();
    let lock: DocumentMut = text.parse().unwrap_or_default();
    let packages = lock.get("package").and_then(Item::as_array_of_tables);
    let packages = packages.into_iter().flatten().filter_map(|package| {
        let text = |key| Some(package.get(key)?.as_str()?.to_owned());
        Some((text("name")?, text("version")?))
    });
    packages.collect()
}

/// Says which package may be meant.
fn help(pattern: &str, packages: &Packages) -> String {
    let name = pattern.split('@').next().unwrap_or(pattern);
    let named = packages.iter().filter(|(other, _)| other == name);
    let versions: Vec<&str> = named.map(|(_, version)| &version[..]).collect();
    if !versions.is_empty() {
        return format!("choose from its versions: {}", versions.join(", "));
    }
    match similar(name, packages) {
        Some(other) => format!("use `{other}`, which has a similar name"),
        None => "list the names by `cargo tree --prefix none`, or remove the pattern".to_owned(),
    }
}

/// The name that is most like another one, if any is.
fn similar<'a>(name: &str, packages: &'a Packages) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let name = plain(name);
    let limit = (name.chars().count() / 3).max(1);
    let distances = packages.iter().map(|(other, _)| {
        let distance = strsim::damerau_levenshtein(&name, &plain(other));
        (distance, &other[..])
    });
    let (_, other) = distances.filter(|(distance, _)| *distance <= limit).min()?;
    Some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> Packages {
        let packages = [("hyper-util", "0.1.0"), ("syn", "1.0.9"), ("syn", "2.0.1")];
        let packages = packages.map(|(name, version)| (name.to_owned(), version.to_owned()));
        packages.into()
    }

    #[test]
    fn similar_name_is_suggested() {
        for name in ["hyper_util", "Hyper-Util", "hyperutil", "hyper-utli"] {
            let help = help(name, &packages());
            assert_eq!(help, "use `hyper-util`, which has a similar name", "{name}");
        }
        assert!(help("tokio", &packages()).starts_with("list the names"));
    }

    #[test]
    fn missing_version_is_answered_with_the_others() {
        assert_eq!(
            help("syn@3.*", &packages()),
            "choose from its versions: 1.0.9, 2.0.1"
        );
        assert!(matches("syn@1.*", &packages()) && !matches("syn@3.*", &packages()));
    }
}
