//! Files in a directory, bounded in number and size.

mod dump_file;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::quoted_path;
use birthmark_dump::render::Format;
use birthmark_dump::Dump;

use dump_file::DumpFile;

/// A directory in which dumps are kept.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    pub(crate) limits: Limits,
}

/// Limits for all dumps in a directory. Dumps of other processes count, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            files: 16,
            bytes: 1 << 30,
        }
    }
}

/// Writes the content of a file.
type WriteTo<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

impl Directory {
    /// Writes a dump to a new file, and removes old files after that. The file appears under its name when it is
    /// complete.
    pub(super) fn write(&self, dump: &Dump, format: Format) -> io::Result<PathBuf> {
        self.write_by(format, &mut |out| dump.write(format, out))
    }

    /// Writes a text to a new file, as [`Directory::write`] does.
    pub(super) fn write_text(&self, text: &str) -> io::Result<PathBuf> {
        self.write_by(Format::Text, &mut |out| out.write_all(text.as_bytes()))
    }

    fn write_by(&self, format: Format, write: &mut WriteTo<'_>) -> io::Result<PathBuf> {
        let entry = DumpFile::new(format);
        let path = self.path.join(entry.name());
        self.write_whole(write, &entry, &path)
            .map_err(|error| self.explain(&error))?;
        self.prune(&entry);
        Ok(path)
    }

    fn write_whole(
        &self,
        write: &mut WriteTo<'_>,
        entry: &DumpFile,
        path: &Path,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let unfinished = Unfinished(self.path.join(entry.unfinished_name()));
        let mut out = Limited {
            file: create(&unfinished.0)?,
            left: self.limits.bytes,
        };
        write(&mut out)?;
        // What is renamed before it is on the disk could be found empty after a loss of power.
        out.file.sync_data()?;
        fs::rename(&unfinished.0, path)
    }

    /// Removes the oldest dumps until the rest is within the limits. The dump that was just written stays, because it
    /// may look like the oldest one if the clock was set back.
    fn prune(&self, written: &DumpFile) {
        let mut left = self.limits;
        let mut entries = dump_file::newest_first(&self.path);
        if let Some(place) = entries.iter().position(|(entry, _)| entry == written) {
            entries[..=place].rotate_right(1);
        }
        for (entry, bytes) in entries {
            let fits = left.files > 0 && left.bytes >= bytes;
            if fits {
                left.files -= 1;
                left.bytes -= bytes;
            } else {
                // Nothing is kept that is older than what does not fit.
                left.files = 0;
                // Another process may have removed it; what cannot be removed will be tried again.
                let _ = fs::remove_file(self.path.join(entry.name()));
            }
        }
    }

    fn explain(&self, error: &io::Error) -> io::Error {
        let remedy = match error.kind() {
            ErrorKind::FileTooLarge => "raise the limit, or choose a filter or a smaller format",
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space",
            _ => "choose a directory in which the program may write",
        };
        let path = quoted_path(&self.path);
        let text = format!("no dump written in {path}: {error}; {remedy}; older dumps are kept");
        io::Error::new(error.kind(), text)
    }
}

/// Creates a file that only the owner can read, because names may be private. Fails if the name is taken, for example
/// by a link of another user.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file that is removed, unless it has been renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A file that does not grow beyond a limit.
struct Limited {
    file: File,
    left: u64,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            let text = "it would be larger than all dumps together may be";
            return Err(io::Error::new(ErrorKind::FileTooLarge, text));
        };
        let written = self.file.write(bytes)?;
        self.left = left + (bytes.len() - written) as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
