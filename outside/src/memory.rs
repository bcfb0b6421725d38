//! The memory of a target. Each read may fail, and no content is trusted.

use std::cell::RefCell;
use std::collections::HashMap;

/// A smaller size than that of any page, so that all of a piece is readable or nothing.
const PIECE: usize = 4096;
/// Maximum number of pieces with constants that are kept.
const MAX_PIECES: usize = 16 * 1024;

/// Memory of another process, or out of a core file.
pub(crate) struct Memory {
    source: Box<dyn birthmark_stacks::Memory>,
    /// `true` if nothing writes to it: it is out of a core file.
    pub(crate) is_still: bool,
    /// Pieces with texts of the program, which never change. `None` is an unreadable piece.
    constants: RefCell<HashMap<u64, Option<Box<[u8]>>>>,
}

impl Memory {
    pub(crate) fn new(source: Box<dyn birthmark_stacks::Memory>, is_still: bool) -> Self {
        Memory {
            source,
            is_still,
            constants: RefCell::default(),
        }
    }

    /// Returns the memory for readers of stacks.
    pub(crate) fn source(&self) -> &dyn birthmark_stacks::Memory {
        &*self.source
    }

    /// Fills the buffer, or returns `None` if a byte is not readable.
    pub(crate) fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        address.checked_add(buffer.len() as u64)?;
        self.source.read(address, buffer).ok()
    }

    /// Fills the buffer, with zeros for pieces that are not readable. The address is a multiple of a piece's size.
    pub(crate) fn read_readable(&self, address: u64, buffer: &mut [u8]) {
        if self.read(address, buffer).is_some() {
            return;
        }
        if buffer.len() <= PIECE {
            return buffer.fill(0);
        }
        let half = (buffer.len() / 2).next_multiple_of(PIECE);
        let (first, second) = buffer.split_at_mut(half);
        self.read_readable(address, first);
        self.read_readable(address.saturating_add(half as u64), second);
    }

    /// Reads words.
    pub(crate) fn words<const N: usize>(&self, address: u64) -> Option<[u64; N]> {
        let mut bytes = [[0; 8]; N];
        self.read(address, bytes.as_flattened_mut())?;
        Some(bytes.map(u64::from_ne_bytes))
    }

    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        self.words(address).map(|[word]| word)
    }

    pub(crate) fn half_word(&self, address: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes)?;
        Some(u32::from_ne_bytes(bytes))
    }

    pub(crate) fn byte(&self, address: u64) -> Option<u8> {
        let mut byte = [0];
        self.read(address, &mut byte)?;
        Some(byte[0])
    }

    /// Reads `count` words, or those before the first piece that is not readable.
    pub(crate) fn array(&self, address: u64, count: usize) -> Vec<u64> {
        let mut bytes = vec![0; count.saturating_mul(8)];
        if self.read(address, &mut bytes).is_none() {
            let mut done = 0;
            for piece in bytes.chunks_mut(PIECE) {
                let at = address.checked_add(done as u64);
                if at.and_then(|at| self.read(at, piece)).is_none() {
                    break;
                }
                done += piece.len();
            }
            bytes.truncate(done);
        }
        words_of(&bytes).collect()
    }

    /// Fills the buffer with what never changes.
    pub(crate) fn constant(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        let end = address.checked_add(buffer.len() as u64)?;
        let mut at = address;
        while at < end {
            let from = (at % PIECE as u64) as usize;
            let length = (PIECE - from).min((end - at) as usize);
            let into = &mut buffer[(at - address) as usize..][..length];
            self.copy_constant(at - from as u64, from, into)?;
            at += length as u64;
        }
        Some(())
    }

    fn copy_constant(&self, piece: u64, from: usize, into: &mut [u8]) -> Option<()> {
        let mut constants = self.constants.borrow_mut();
        if constants.len() >= MAX_PIECES {
            constants.clear();
        }
        let content = constants.entry(piece).or_insert_with(|| {
            let mut bytes = vec![0; PIECE].into_boxed_slice();
            self.read(piece, &mut bytes).map(|()| bytes)
        });
        match content {
            Some(bytes) => into.copy_from_slice(&bytes[from..][..into.len()]),
            // The source may have parts of a page.
            None => self.read(piece.checked_add(from as u64)?, into)?,
        }
        Some(())
    }
}

/// Returns the words of bytes. A rest of less than a word is left out.
pub(crate) fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let words = bytes.as_chunks::<8>().0;
    words.iter().map(|word| u64::from_ne_bytes(*word))
}
