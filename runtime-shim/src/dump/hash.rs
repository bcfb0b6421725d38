//! How numbers are spread over tables.

use std::hash::{BuildHasherDefault, Hasher};

/// Ids are numbers in sequence, and addresses of statics are not chosen by anybody: spreading them
/// is enough.
pub(super) type IdHash = BuildHasherDefault<IdHasher>;

#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

/// Fibonacci hashing: 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4). The upper bits are the good ones.
pub(super) fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
