//! The paths of the mirror, as the compiler is to show them: as it would show those of the originals.

use std::path::{Path, PathBuf};

use super::command_line::Unit;
use super::mirror::Mirror;

/// Prefixes of the mirror and what to show for them, for `--remap-path-prefix`; later ones win.
pub fn to_shown(unit: &Unit, mirror: &Mirror) -> Vec<(PathBuf, PathBuf)> {
    let mut prefixes = to_originals(unit, mirror);
    let users: Vec<(&Path, &Path)> = unit
        .invocation
        .values("--remap-path-prefix")
        .filter_map(|value| value.rsplit_once('='))
        .map(|(from, to)| (Path::new(from), Path::new(to)))
        .collect();
    // The user's own prefixes of what is mirrored, one by one where they are longer than ours.
    for (_, original) in &mut prefixes {
        for (from, to) in &users {
            if let Ok(rest) = original.strip_prefix(from) {
                *original = join(to, rest);
            }
        }
    }
    for (from, to) in users {
        let absolute = unit.directory.join(from);
        if absolute.starts_with(&mirror.base) && unit.source.is_relative() == from.is_relative() {
            prefixes.push((mirror.of(&absolute), to.to_owned()));
        }
    }
    prefixes
}

/// Prefixes of the mirror and those of the originals, as the compiler was told: relative where the root
/// of the crate is. Later ones win.
pub fn to_originals(unit: &Unit, mirror: &Mirror) -> Vec<(PathBuf, PathBuf)> {
    let mut prefixes = vec![(mirror.directory.clone(), mirror.base.clone())];
    if unit.source.is_relative() && unit.directory.starts_with(&mirror.base) {
        prefixes.push((mirror.of(&unit.directory), PathBuf::new()));
    }
    prefixes
}

/// A path as the compiler shows it. It adds no separator where nothing is left.
pub fn apply(prefixes: &[(PathBuf, PathBuf)], path: &Path) -> PathBuf {
    let mut later = prefixes.iter().rev();
    let shown = later.find_map(|(from, to)| Some(join(to, path.strip_prefix(from).ok()?)));
    shown.unwrap_or_else(|| path.to_owned())
}

fn join(to: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() {
        to.to_owned()
    } else {
        to.join(rest)
    }
}
