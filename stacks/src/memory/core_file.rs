//! Memory of a process that has ended, out of a core file.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::unpacked::unpacked;
use super::{Memory, Unreadable};
use crate::elf::{self, CoreThread, Image, Section};
use crate::maps::Mapped;

/// The memory of a process, out of a core file.
///
/// A core file does not contain all memory. Parts that were not written, such as code, are read from the files that
/// were mapped there.
///
/// ```no_run
/// use birthmark_stacks::{CoreFile, DebugInfo, Options, Root, Unchanging};
///
/// # let (address, function) = (1, 2);
/// let core = CoreFile::open("core.1234")?;
/// let mut info = DebugInfo::of_core_file(&core)?;
/// let root = Root::by_function(address, function, "F");
/// println!("{}", info.stack(&core, &root, &Unchanging, &Options::new()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CoreFile {
    path: PathBuf,
    /// Memory that the file contains, by address.
    segments: Vec<(u64, Section)>,
    files: Vec<MappedFile>,
    process: elf::Ended,
    missing: u64,
}

/// State of a file that was mapped when a core file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappedFileState {
    /// The file is there, and its build id is that of the mapped one, as far as both are known.
    Readable,
    /// There is no such file, or it is no ELF file.
    Unreadable,
    /// The file at the path has another build id than the mapped one.
    OtherBuild,
}

/// A range of a file that was mapped.
struct MappedFile {
    range: Mapped,
    content: OnceLock<Section>,
}

/// Largest content of a packed core file.
const MAX_UNPACKED: u64 = 8 << 30;

/// Error of opening a core file.
#[derive(Debug)]
#[non_exhaustive]
pub enum CoreFileError {
    /// The file cannot be read.
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The content of the file, which is packed by gzip or zstd, cannot be unpacked.
    Unpack {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The file is no core file of a 64-bit little-endian process.
    NotACoreFile {
        /// Path of the file.
        path: PathBuf,
    },
}

impl fmt::Display for CoreFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Unpack { path, source } => {
                write!(f, "cannot unpack {}: {source}", path.display())
            }
            Self::NotACoreFile { path } => write!(
                f,
                "cannot use {}: the file is no core file of a 64-bit process on Linux\nhelp: unpack it first, if it is packed by \
                 another program than gzip and zstd",
                path.display()
            ),
        }
    }
}

impl Error for CoreFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Unpack { source, .. } => Some(source),
            Self::NotACoreFile { .. } => None,
        }
    }
}

impl CoreFile {
    /// Opens a core file. One that is packed by gzip or zstd, as `coredumpctl` keeps it, is unpacked into a temporary file
    /// without a name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or unpacked, or is no core file. The content of a packed file has at most 8 GiB.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CoreFileError> {
        let path = path.as_ref().to_owned();
        let file = match elf::open(&path) {
            Ok(file) => file,
            Err(source) => return Err(CoreFileError::Read { path, source }),
        };
        let file = match unpacked(file, MAX_UNPACKED) {
            Ok(file) => file,
            Err(source) => return Err(CoreFileError::Unpack { path, source }),
        };
        let Some(core) = elf::read_core_file(file) else {
            return Err(CoreFileError::NotACoreFile { path });
        };
        let mut segments = core.segments;
        segments.sort_by_key(|(address, _)| *address);
        let files = core.files.into_iter().map(|range| MappedFile {
            range,
            content: OnceLock::new(),
        });
        Ok(Self {
            path,
            segments,
            files: files.collect(),
            process: core.process,
            missing: core.missing,
        })
    }

    /// Returns the id of the process, or `None` if the file does not have it.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.id
    }

    /// Returns the beginning of the command line. The kernel keeps 80 bytes, with a blank after each argument.
    #[must_use]
    pub fn command(&self) -> String {
        String::from_utf8_lossy(&self.process.command).into_owned()
    }

    /// Returns the threads. The one that received the signal is the first.
    #[must_use]
    pub fn threads(&self) -> &[CoreThread] {
        &self.process.threads
    }

    /// Returns the address and the size of each range of memory that the file contains, by address.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.segments
            .iter()
            .map(|(start, content)| (*start, content.len()))
    }

    /// Returns the files that were mapped: the path, the first address, the address after the last one, and the offset in
    /// the file.
    pub fn mapped_files(&self) -> impl Iterator<Item = (&Path, u64, u64, u64)> + '_ {
        let files = self.files.iter().map(|file| &file.range);
        files.map(|file| (file.path.as_path(), file.start, file.end, file.offset))
    }

    /// Reads the executable from another path than the one by which it was mapped. Returns `false` if no file of this
    /// name was mapped.
    pub fn replace_file(&mut self, name: &str, path: &Path) -> bool {
        let mut found = false;
        for file in &mut self.files {
            if file.range.path.file_name().is_some_and(|it| it == name) {
                path.clone_into(&mut file.range.path);
                found = true;
            }
        }
        found
    }

    /// Returns the number of bytes that the core file should have and lacks, because it was truncated.
    #[must_use]
    pub fn missing_bytes(&self) -> u64 {
        self.missing
    }

    /// Returns the path of the file that was mapped around an address, and its state. The path is the one by which it is
    /// read.
    #[must_use]
    pub fn mapped_file_at(&self, address: u64) -> Option<(&Path, MappedFileState)> {
        let mut files = self.files();
        let path = &files
            .find(|file| (file.start..file.end).contains(&address))?
            .path;
        Some((path, self.state_of(path)))
    }

    fn state_of(&self, path: &Path) -> MappedFileState {
        let mut files = self.files();
        let first = files.find(|file| file.path == path && file.offset == 0);
        let mapped = first.and_then(|first| self.build_id_at(first.start));
        match (Image::open(path), mapped) {
            (None, _) => MappedFileState::Unreadable,
            (Some(image), Some(mapped)) if image.build_id.as_ref() != Some(&mapped) => {
                MappedFileState::OtherBuild
            }
            _ => MappedFileState::Readable,
        }
    }

    /// Returns the build id of the file that was mapped at an address, if the core file has the beginning of its memory.
    pub(crate) fn build_id_at(&self, start: u64) -> Option<Vec<u8>> {
        let after = self.segments.partition_point(|(at, _)| *at <= start);
        let (at, content) = &self.segments[after.checked_sub(1)?];
        let head = content.read_up_to(start - at, elf::MAX_HEAD)?;
        elf::build_id_of_head(&head)
    }

    /// Returns the path of the core file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the files that were mapped.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Mapped> {
        self.files.iter().map(|file| &file.range)
    }

    /// Returns what the core file or a mapped file has from an address on, at most `length` bytes.
    fn part(&self, address: u64, length: u64) -> Option<elf::Bytes> {
        let after = self
            .segments
            .partition_point(|(start, _)| *start <= address);
        let written = after.checked_sub(1).map(|index| &self.segments[index]);
        if let Some((start, content)) =
            written.filter(|(start, content)| address - start < content.len())
        {
            return content.read_up_to(address - start, length);
        }
        let file = self
            .files
            .iter()
            .find(|file| (file.range.start..file.range.end).contains(&address))?;
        let content = file
            .content
            .get_or_init(|| match self.state_of(&file.range.path) {
                // The bytes are others.
                MappedFileState::OtherBuild => Section::default(),
                _ => elf::range_of_file(&file.range).unwrap_or_default(),
            });
        content
            .read_up_to(address - file.range.start, length)
            .filter(|bytes| !bytes.is_empty())
    }
}

impl Memory for CoreFile {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        let mut done = 0;
        while done < buffer.len() {
            let at = address
                .checked_add(done as u64)
                .ok_or(Unreadable { address })?;
            let part = self
                .part(at, (buffer.len() - done) as u64)
                .ok_or(Unreadable { address })?;
            buffer[done..][..part.len()].copy_from_slice(&part);
            done += part.len();
        }
        Ok(())
    }
}

impl fmt::Debug for CoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreFile")
            .field("path", &self.path)
            .field("segments", &self.segments.len())
            .field("files", &self.files.len())
            .finish()
    }
}
