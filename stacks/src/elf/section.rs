//! A section of a file, read in parts.
//!
//! Sections are not mapped. A mapped file that is truncated, as by a new build, ends the process with SIGBUS. A read of
//! such a file is an error.

use std::fs::File;
use std::sync::Arc;

/// Bytes of a section.
pub(crate) type Bytes = Arc<[u8]>;

/// Content of a section.
#[derive(Clone, Default)]
pub(crate) enum Section {
    /// The file has no such section.
    #[default]
    Absent,
    /// A range of a file.
    File {
        file: Arc<File>,
        start: u64,
        length: u64,
    },
    /// Bytes in memory, because they were compressed.
    Memory(Bytes),
}

impl Section {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::File { length, .. } => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads a range, or `None` if it is not all there.
    pub(crate) fn read(&self, offset: u64, length: u64) -> Option<Bytes> {
        if offset.checked_add(length)? > self.len() {
            return None;
        }
        match self {
            Self::Absent => Some(Bytes::default()),
            Self::File { file, start, .. } => {
                let mut bytes = vec![0; usize::try_from(length).ok()?];
                read_exact_at(file, &mut bytes, start.checked_add(offset)?)?;
                Some(bytes.into())
            }
            Self::Memory(bytes) => {
                let from = usize::try_from(offset).ok()?;
                Some(bytes[from..][..usize::try_from(length).ok()?].into())
            }
        }
    }

    /// Reads from an offset on, at most `length` bytes.
    pub(crate) fn read_up_to(&self, offset: u64, length: u64) -> Option<Bytes> {
        let rest = self.len().checked_sub(offset)?;
        self.read(offset, rest.min(length))
    }

    pub(crate) fn read_all(&self) -> Option<Bytes> {
        match self {
            Self::Memory(bytes) => Some(bytes.clone()),
            _ => self.read(0, self.len()),
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> Option<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset).ok()
}

#[cfg(not(unix))]
fn read_exact_at(_file: &File, _bytes: &mut [u8], _offset: u64) -> Option<()> {
    None
}
