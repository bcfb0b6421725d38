//! Hash functions for tables in a snapshot.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::OnceLock;

/// Hasher for ids, which are in sequence, and for addresses of statics. No attacker chooses them, so spreading is
/// enough.
pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

/// Fibonacci hashing: 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4). The upper bits are the good ones.
pub(crate) fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Mixes all bits, for tables that use lower bits, too. [`spread`] leaves those similar.
///
/// This is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(crate) fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u32(&mut self, index: u32) {
        self.write_u64(u64::from(index));
    }

    fn write_usize(&mut self, address: usize) {
        self.write_u64(address as u64);
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = spread(self.0 ^ id).rotate_left(26);
    }
}

/// Returns a keyed hash for texts from outside, such as names and labels, so that no attacker can choose collisions.
pub(crate) fn hash_keyed(value: impl Hash) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    KEYS.get_or_init(RandomState::new).hash_one(value)
}
