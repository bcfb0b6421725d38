//! Caches of texts that many tasks share: of sites, lineages and ages.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::snapshot::compact::hash::IdHash;
use birthmark_core::__reader::clock;

/// Maximum size of a cache. If each task has its own lineage, a cache without a bound would be larger than the dump.
const MAX_BYTES: usize = 256 * 1024;

/// Values by key. The cache is emptied when it is full.
pub(super) struct Cache<K, V> {
    values: HashMap<K, V, IdHash>,
    bytes: usize,
}

/// A value in a cache.
pub(super) trait HeapSize {
    /// Returns the number of bytes on the heap.
    fn bytes(&self) -> usize;
}

impl HeapSize for String {
    fn bytes(&self) -> usize {
        self.capacity()
    }
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Cache {
            values: HashMap::default(),
            bytes: 0,
        }
    }
}

impl<K: Hash + Eq, V: HeapSize> Cache<K, V> {
    pub(super) fn get(&mut self, key: K, make: impl FnOnce() -> V) -> &V {
        if self.bytes >= MAX_BYTES && !self.values.contains_key(&key) {
            self.values.clear();
            self.bytes = 0;
        }
        self.values.entry(key).or_insert_with(|| {
            let value = make();
            self.bytes += size_of::<(K, V)>() + value.bytes();
            value
        })
    }
}

/// The text of the last age that was requested. Tasks of the same age often follow one another.
#[derive(Default)]
pub(super) struct AgeCache {
    then: Option<u64>,
    text: String,
}

impl AgeCache {
    /// Returns the text for the time since `then`. Both times are ticks in the upper half.
    pub(super) fn ago(
        &mut self,
        then: u64,
        now: Option<u64>,
        push: impl FnOnce(&mut String, Option<Duration>),
    ) -> &str {
        let then = then >> 32;
        if self.then != Some(then) {
            self.then = Some(then);
            self.text.clear();
            let ago = now.and_then(|now| clock::since(then << 32, now));
            push(&mut self.text, ago);
        }
        &self.text
    }
}
