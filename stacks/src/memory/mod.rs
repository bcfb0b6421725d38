//! Sources of memory.
//!
//! Every address that the walk follows was read from memory that may be stale or damaged. So each read may fail, and
//! the walk goes on without the bytes.

mod core_file;
mod pages;
mod process;
mod unpacked;

use std::error::Error;
use std::fmt;

pub use crate::elf::CoreThread;
pub use core_file::{CoreFile, CoreFileError, MappedFileState};
pub(crate) use pages::Pages;
pub use process::{Process, ThisProcess};

/// Memory of a process, or a copy of it.
pub trait Memory {
    /// Fills the buffer with the bytes from this address on.
    ///
    /// # Errors
    ///
    /// If not all of the bytes can be read. The content of the buffer is then unspecified.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable>;
}

impl<M: Memory + ?Sized> Memory for &M {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        (**self).read(address, buffer)
    }
}

/// Bytes that a source of memory does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Address of the first byte that was asked for.
    pub address: u64,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read memory at {:#x}", self.address)
    }
}

impl Error for Unreadable {}

/// Memory that consists of copied ranges.
///
/// ```
/// use birthmark_stacks::{Memory, Ranges};
///
/// let mut memory = Ranges::default();
/// memory.add(0x1000, vec![1, 2, 3]);
/// let mut bytes = [0; 2];
/// memory.read(0x1001, &mut bytes)?;
/// assert_eq!(bytes, [2, 3]);
/// assert!(memory.read(0x1002, &mut bytes).is_err());
/// # Ok::<(), birthmark_stacks::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    list: Vec<(u64, Vec<u8>)>,
}

impl Ranges {
    /// Adds bytes at an address. A range that was added earlier has priority.
    pub fn add(&mut self, address: u64, bytes: Vec<u8>) {
        self.list.push((address, bytes));
    }
}

impl Memory for Ranges {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), Unreadable> {
        let found = self.list.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(buffer.len())?)
        });
        buffer.copy_from_slice(found.ok_or(Unreadable { address })?);
        Ok(())
    }
}
