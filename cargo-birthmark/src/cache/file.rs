//! Files of the caches. Their content is linked into programs or names what is run. So a file counts only if no other
//! user can have written it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};

use super::user::remove;
use crate::session::temporary;
use crate::signals;

/// Older than any crate. Cargo takes a crate for outdated if a file that it was made from is younger.
const OLD: Duration = Duration::from_secs(1_000_000_000);

/// The date of files that cargo must never take for changed.
pub fn old() -> SystemTime {
    SystemTime::UNIX_EPOCH + OLD
}

/// Reads a file, unless somebody else may have written it.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let read = || {
        let mut file = open(path)?;
        let metadata = file.metadata()?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        io::Result::Ok((metadata, content))
    };
    let (metadata, content) = read().with_context(|| format!("read {}", path.display()))?;
    ensure!(
        metadata.is_file() && is_ours(&metadata),
        "read {}: another user may have written it",
        path.display()
    );
    Ok(content)
}

/// Writes a file so that nobody ever sees half of it, also after a loss of power, and nobody else can write it.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    place(path, content, None)
}

/// Does the same as [`write()`], and dates the file back.
pub fn write_old(path: &Path, content: &[u8]) -> Result<()> {
    place(path, content, Some(old()))
}

fn place(path: &Path, content: &[u8], date: Option<SystemTime>) -> Result<()> {
    let temporary = temporary(path);
    let fill = || {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .open(&temporary)?;
        protect(&file)?;
        file.write_all(content)?;
        if let Some(date) = date {
            file.set_modified(date)?;
        }
        file.sync_all()?;
        if path.is_dir() {
            remove(path);
        }
        fs::rename(&temporary, path)
    };
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fill().inspect_err(|_| drop(fs::remove_file(&temporary)))
    };
    signals::held(write).with_context(|| format!("write {}", path.display()))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // The flags neither follow a link, which may lead to a file of ours, nor wait for the writer of a pipe.
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Returns whether only this user, or root, can have written a file.
#[cfg(unix)]
fn is_ours(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = nix::unistd::geteuid().as_raw();
    [user, 0].contains(&metadata.uid()) && metadata.mode() & OTHERS_WRITE == 0
}

/// Returns `true`: the system's lists of who may write a file are not read.
#[cfg(not(unix))]
fn is_ours(_: &Metadata) -> bool {
    true
}

#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// Takes the right to write from others, which the user's mask may leave to a group.
#[cfg(unix)]
fn protect(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = file.metadata()?.permissions();
    permissions.set_mode(permissions.mode() & !OTHERS_WRITE);
    file.set_permissions(permissions)
}

#[cfg(not(unix))]
fn protect(_: &File) -> io::Result<()> {
    Ok(())
}
