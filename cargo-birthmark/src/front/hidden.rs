//! Keeps the entries of `init` out of commits and packages, because they are for one checkout.
//!
//! Git and `cargo package` take files that are not tracked unless they are ignored. A file that `init` creates is
//! ignored by a `.gitignore` beside it, which ignores itself, too.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::session::replace;

const IGNORES: &[u8] =
    b"# Written by `cargo birthmark init`.\n/.gitignore\n/birthmark\n/config.toml\n";

/// Said of entries that are in a file of the user's.
pub const SHIPPED: &str = "The entries are in a file that was there before: commits and `cargo package` take them along, unless \
     `cargo birthmark init --undo` runs first.";

fn ignore_file(config: &Path) -> PathBuf {
    config.with_file_name(".gitignore")
}

/// Has git ignore a configuration that does not exist yet. Returns whether it is ignored by a file of ours.
pub fn hide(config: &Path) -> Result<bool> {
    let ignores = ignore_file(config);
    if !config.exists() && !ignores.exists() {
        replace(&ignores, IGNORES)?;
    }
    Ok(is_hidden(config))
}

/// Returns `true` if a `.gitignore` of ours has git ignore a configuration.
pub fn is_hidden(config: &Path) -> bool {
    fs::read(ignore_file(config)).is_ok_and(|text| text == IGNORES)
}

/// Removes what was written, and the directory if nothing else is in it.
pub fn undo(config: &Path) {
    if is_hidden(config) {
        let _ = fs::remove_file(ignore_file(config));
    }
    // Others may have files in it.
    let _ = config.parent().map(fs::remove_dir);
}
