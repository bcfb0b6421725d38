//! Strings of a section, read block by block.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::elf::{Bytes, Section};

const BLOCK: u64 = 1 << 16;
/// Number of blocks that are kept, which are 16 MiB.
const MAX_BLOCKS: usize = 256;
/// Longer strings are truncated.
const MAX_LENGTH: usize = 1 << 16;

/// A section of strings that end with a zero.
#[derive(Default)]
pub(crate) struct Strings {
    section: Section,
    blocks: Mutex<HashMap<u64, Bytes>>,
}

impl Strings {
    pub(crate) fn new(section: Section) -> Self {
        Self {
            section,
            blocks: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, offset: u64) -> Option<Arc<str>> {
        let mut text = Vec::new();
        let mut at = offset;
        while text.len() < MAX_LENGTH {
            let block = self.block(at / BLOCK)?;
            let rest = block
                .get((at % BLOCK) as usize..)
                .filter(|rest| !rest.is_empty())?;
            if let Some(end) = rest.iter().position(|byte| *byte == 0) {
                text.extend_from_slice(&rest[..end]);
                break;
            }
            text.extend_from_slice(rest);
            at += rest.len() as u64;
        }
        text.truncate(MAX_LENGTH);
        Some(String::from_utf8_lossy(&text).into())
    }

    fn block(&self, number: u64) -> Option<Bytes> {
        let mut blocks = self.blocks.lock().ok()?;
        if let Some(block) = blocks.get(&number) {
            return Some(block.clone());
        }
        if blocks.len() >= MAX_BLOCKS {
            blocks.clear();
        }
        let block = self.section.read_up_to(number.checked_mul(BLOCK)?, BLOCK)?;
        blocks.insert(number, block.clone());
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_across_blocks_is_whole() {
        let mut bytes = vec![b'a'; BLOCK as usize + 10];
        bytes.extend_from_slice(b"\0rest");
        let strings = Strings::new(Section::Memory(bytes.into()));
        let text = strings.get(BLOCK - 5).expect("the string ends");
        assert_eq!(&*text, "a".repeat(15));
        assert_eq!(strings.get(BLOCK + 11), None, "no zero at the end");
        assert_eq!(strings.get(u64::MAX), None);
    }
}
