//! Copies of pages, made once for each attempt at a stack.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Memory;

/// A smaller size than that of any page, so that all of a copy is readable or nothing.
const PAGE: u64 = 4096;

/// Memory that is copied page by page.
pub(crate) struct Pages<'a> {
    memory: &'a dyn Memory,
    /// Copied pages by their number. `None` is an unreadable page.
    copies: RefCell<HashMap<u64, Option<Box<[u8]>>>>,
    /// Number of bytes that may still be copied.
    remaining: Cell<u64>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(memory: &'a dyn Memory, max_bytes: u64) -> Self {
        Self {
            memory,
            copies: RefCell::default(),
            remaining: Cell::new(max_bytes),
        }
    }

    /// Forgets all copies, so that the next reads see the present content.
    pub(crate) fn clear(&self) {
        self.copies.borrow_mut().clear();
    }

    /// Returns `true` if the limit of copied bytes was reached.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.remaining.get() == 0
    }

    /// Fills the buffer, or returns `None` if a byte is not readable.
    pub(crate) fn read(&self, address: u64, buffer: &mut [u8]) -> Option<()> {
        let end = address.checked_add(buffer.len() as u64)?;
        let mut at = address;
        while at < end {
            let page = at / PAGE;
            let from = (at % PAGE) as usize;
            let length = (PAGE - at % PAGE).min(end - at) as usize;
            let target = &mut buffer[(at - address) as usize..][..length];
            if !self.copy(page, from, target) {
                // The source may have parts of a page.
                self.spend(length as u64)?;
                self.memory.read(at, target).ok()?;
            }
            at += length as u64;
        }
        Some(())
    }

    fn copy(&self, page: u64, from: usize, target: &mut [u8]) -> bool {
        let mut copies = self.copies.borrow_mut();
        let copy = copies.entry(page).or_insert_with(|| {
            self.spend(PAGE)?;
            let mut bytes = vec![0; PAGE as usize].into_boxed_slice();
            let read = self.memory.read(page * PAGE, &mut bytes);
            read.is_ok().then_some(bytes)
        });
        match copy {
            Some(bytes) => {
                target.copy_from_slice(&bytes[from..][..target.len()]);
                true
            }
            None => false,
        }
    }

    fn spend(&self, bytes: u64) -> Option<()> {
        let rest = self.remaining.get().checked_sub(bytes);
        self.remaining.set(rest.unwrap_or(0));
        rest.map(|_| ())
    }

    /// Reads a number of up to 8 bytes.
    pub(crate) fn number(&self, address: u64, size: u64) -> Option<u64> {
        let size = usize::try_from(size).ok().filter(|size| *size <= 8)?;
        let mut bytes = [0; 8];
        self.read(address, &mut bytes[..size])?;
        Some(u64::from_le_bytes(bytes))
    }

    /// Reads a pointer.
    pub(crate) fn pointer(&self, address: u64) -> Option<u64> {
        self.number(address, 8)
    }
}
