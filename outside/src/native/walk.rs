//! From registers and a stack to the addresses of the frames.

use framehop::{CacheNative, MayAllocateDuringUnwind, UnwindIterator, Unwinder, UnwinderNative};

use super::modules;
use super::registers::Registers;
use super::sample::Sample;
use crate::memory::Memory;

/// Maximum number of frames of a stack.
const MAX_FRAMES: usize = 512;

pub(super) struct Walker {
    modules: UnwinderNative<Vec<u8>, MayAllocateDuringUnwind>,
    cache: CacheNative<MayAllocateDuringUnwind>,
}

/// The frames of a stack.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// Innermost first: the current instruction, then an address within each call.
    pub(super) addresses: Vec<u64>,
    pub(super) complete: bool,
}

impl Walker {
    /// Copies the unwind information of the files that begin at these addresses.
    pub(super) fn new(memory: &Memory, starts: impl Iterator<Item = u64>) -> Self {
        let mut walker = Walker {
            modules: UnwinderNative::new(),
            cache: CacheNative::new(),
        };
        for module in modules::at(memory, starts) {
            walker.modules.add_module(module);
        }
        walker
    }

    pub(super) fn walk(&mut self, sample: &Sample) -> Walk {
        self.walk_in(sample.registers, &mut |address| {
            sample.word(address).ok_or(())
        })
    }

    /// Walks a stack whose words a function returns.
    pub(super) fn walk_in(
        &mut self,
        registers: Registers,
        word: &mut dyn FnMut(u64) -> Result<u64, ()>,
    ) -> Walk {
        let mut read = |address| word(address);
        let mut frames = UnwindIterator::new(
            &self.modules,
            registers.instruction_pointer(),
            registers.to_unwind(),
            &mut self.cache,
            &mut read,
        );
        let mut walk = Walk::default();
        while walk.addresses.len() < MAX_FRAMES {
            match frames.next() {
                Ok(Some(frame)) => walk.addresses.push(frame.address_for_lookup()),
                Ok(None) => {
                    walk.complete = true;
                    break;
                }
                Err(_) => break,
            }
        }
        walk
    }
}
