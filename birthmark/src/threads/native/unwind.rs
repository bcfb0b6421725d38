//! From a copy of a stack to the addresses of its frames.

use framehop::{CacheNative, MayAllocateDuringUnwind, UnwindIterator, Unwinder, UnwinderNative};

use super::modules;
use super::sample_slot::Sample;

/// Maximum number of frames of a stack.
const MAX_FRAMES: usize = 512;

type Cache = CacheNative<MayAllocateDuringUnwind>;

pub(super) struct Walker {
    modules: UnwinderNative<Vec<u8>, MayAllocateDuringUnwind>,
    cache: Cache,
}

/// The frames of a stack.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Innermost first: the current instruction, then an address within each call.
    pub(super) addresses: Vec<u64>,
    pub(super) complete: bool,
}

impl Walker {
    pub(super) fn new() -> Self {
        let mut walker = Walker {
            modules: UnwinderNative::new(),
            cache: Cache::new(),
        };
        for module in modules::all() {
            walker.modules.add_module(module);
        }
        walker
    }

    pub(super) fn walk(&mut self, sample: &Sample) -> Walk {
        let registers = sample.registers;
        let mut read = |address| sample.word(address).ok_or(());
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
