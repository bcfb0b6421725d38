//! Links where the platform has them, copies where not.

use std::path::Path;

use anyhow::{Context, Result};

use crate::signals;

/// Makes `link` stand for `original`, replacing what was there.
pub fn link(original: &Path, link: &Path) -> Result<()> {
    if std::fs::read_link(link).is_ok_and(|target| target == original) {
        return Ok(());
    }
    let temporary = link.with_extension(format!("link-{}", std::process::id()));
    signals::held(|| make(original, &temporary).and_then(|()| std::fs::rename(&temporary, link)))
        .with_context(|| format!("link {} to {}", link.display(), original.display()))
}

#[cfg(unix)]
fn make(original: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

#[cfg(not(unix))]
fn make(original: &Path, link: &Path) -> std::io::Result<()> {
    if original.is_dir() {
        std::fs::create_dir_all(link)?;
        for entry in std::fs::read_dir(original)? {
            let entry = entry?;
            make(&entry.path(), &link.join(entry.file_name()))?;
        }
        return Ok(());
    }
    std::fs::hard_link(original, link).or_else(|_| std::fs::copy(original, link).map(drop))
}
