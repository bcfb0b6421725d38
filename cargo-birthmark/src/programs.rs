//! Programs on the path.

use std::path::{Path, PathBuf};

/// Returns the path of a program as the system finds it, or its name if it does not.
pub fn find(program: &Path) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&paths).map(|directory| directory.join(program));
    let found = places.find(|place| place.is_file());
    let found = found.unwrap_or_else(|| program.to_owned());
    found.canonicalize().unwrap_or(found)
}
