//! The registers of a thread, and the top of its stack.

use birthmark_stacks::{Memory as _, Process};

use super::registers::Registers;

/// Maximum number of bytes of a stack that are copied.
const STACK_BYTES: u64 = 128 * 1024;
/// A smaller size than that of any page, so that all of a piece is readable or nothing.
const PIECE: u64 = 4096;

/// The registers of a thread, and a copy of the top of its stack.
pub(super) struct Sample {
    pub(super) registers: Registers,
    start: u64,
    bytes: Vec<u8>,
}

impl Sample {
    /// Copies the stack of a thread that does not run, until memory ends.
    pub(super) fn copy(process: u32, registers: Registers) -> Self {
        let (memory, start) = (Process { id: process }, registers.stack_pointer());
        let mut bytes = vec![0; STACK_BYTES as usize];
        if memory.read(start, &mut bytes).is_err() {
            let mut done = 0;
            while done < STACK_BYTES {
                let at = start.wrapping_add(done);
                let length = (PIECE - at % PIECE).min(STACK_BYTES - done);
                let piece = &mut bytes[done as usize..][..length as usize];
                if memory.read(at, piece).is_err() {
                    break;
                }
                done += length;
            }
            bytes.truncate(done as usize);
        }
        Sample {
            registers,
            start,
            bytes,
        }
    }

    /// Returns a word of the stack.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        let from = usize::try_from(address.checked_sub(self.start)?).ok()?;
        let bytes = self.bytes.get(from..)?.first_chunk()?;
        Some(u64::from_ne_bytes(*bytes))
    }
}
