//! An index of a list by key, in six to seven bytes an entry, also while it grows.
//!
//! The index is a hash table of numbers. The keys are in the list. The table has parts that grow by half, at different
//! times, so that only a small part exists twice at a time.

/// Number of entries up to which an index has one part.
const SMALL: usize = 1 << 10;
const PARTS: usize = 64;
const FREE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct CompactIndex {
    parts: Vec<Part>,
    len: usize,
}

/// Open addressing with linear probing, at most three quarters full.
#[derive(Debug, Default)]
struct Part {
    entries: Vec<u32>,
    len: usize,
}

impl CompactIndex {
    /// Returns the entry with this hash for which `is` returns `true`.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let part = self.parts.get(part_of(hash, self.parts.len()))?;
        part.find(hash, is)
    }

    /// Adds an entry that the index does not have.
    pub(crate) fn add(&mut self, entry: u32, hash_of: impl Fn(u32) -> u64) {
        match self.len {
            0 => self.parts = vec![Part::default()],
            SMALL => self.divide(&hash_of),
            _ => {}
        }
        self.len += 1;
        self.put(entry, &hash_of);
    }

    fn put(&mut self, entry: u32, hash_of: &impl Fn(u32) -> u64) {
        let part = part_of(hash_of(entry), self.parts.len());
        self.parts[part].add(entry, hash_of);
    }

    fn divide(&mut self, hash_of: &impl Fn(u32) -> u64) {
        let small = std::mem::take(&mut self.parts);
        // Of sizes that are half as large again from first to last, so that they grow at different times.
        self.parts = (0..PARTS).map(|n| Part::with_room(32 + n / 4)).collect();
        for entry in small.iter().flat_map(Part::all) {
            self.put(entry, hash_of);
        }
    }
}

/// Returns the part of a hash, by its highest bits.
fn part_of(hash: u64, parts: usize) -> usize {
    scaled(hash >> 32, parts)
}

/// Scales a number of 32 bits down to one below `to`.
fn scaled(number: u64, to: usize) -> usize {
    ((number * to as u64) >> 32) as usize
}

impl Part {
    fn with_room(room: usize) -> Self {
        Part {
            entries: vec![FREE; room],
            len: 0,
        }
    }

    fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut slot = self.start(hash);
        loop {
            match *self.entries.get(slot)? {
                FREE => return None,
                entry if is(entry) => return Some(entry),
                _ => slot = self.after(slot),
            }
        }
    }

    fn add(&mut self, entry: u32, hash_of: &impl Fn(u32) -> u64) {
        if self.entries.len() * 3 <= self.len * 4 {
            self.grow(hash_of);
        }
        self.put(entry, hash_of(entry));
        self.len += 1;
    }

    fn put(&mut self, entry: u32, hash: u64) {
        let mut slot = self.start(hash);
        while self.entries[slot] != FREE {
            slot = self.after(slot);
        }
        self.entries[slot] = entry;
    }

    fn grow(&mut self, hash_of: &impl Fn(u32) -> u64) {
        let room = (self.entries.len() * 3 / 2).max(8);
        // What is hashed lies anywhere in memory: read for all of them at a time, and not one after the other.
        let hashes: Vec<u64> = self.all().map(hash_of).collect();
        let old = std::mem::replace(&mut self.entries, vec![FREE; room]);
        let entries = old.into_iter().filter(|&entry| entry != FREE);
        for (entry, hash) in entries.zip(hashes) {
            self.put(entry, hash);
        }
    }

    fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().copied().filter(|&entry| entry != FREE)
    }

    /// Returns the first slot of a hash, by bits that do not select the part.
    fn start(&self, hash: u64) -> usize {
        scaled(hash >> 20 & 0xffff_ffff, self.entries.len())
    }

    fn after(&self, slot: usize) -> usize {
        if slot + 1 == self.entries.len() {
            0
        } else {
            slot + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::mixed;
    use super::CompactIndex;

    fn ids(count: u64) -> Vec<u64> {
        (0..count).map(|number| 1 + number * 7).collect()
    }

    #[test]
    fn index_finds_the_entries_that_were_added_and_no_others() {
        let ids = ids(20_000);
        let hash_of = |entry: u32| mixed(ids[entry as usize]);
        let mut index = CompactIndex::default();
        let find =
            |index: &CompactIndex, id| index.find(mixed(id), |entry| ids[entry as usize] == id);
        for entry in 0..ids.len() as u32 {
            assert_eq!(find(&index, ids[entry as usize]), None);
            index.add(entry, hash_of);
        }
        for entry in 0..ids.len() as u32 {
            assert_eq!(find(&index, ids[entry as usize]), Some(entry));
        }
        assert_eq!(find(&index, 3), None);
    }

    #[test]
    fn index_takes_at_most_seven_bytes_an_entry() {
        let ids = ids(50_000);
        let mut index = CompactIndex::default();
        for entry in 0..ids.len() as u32 {
            index.add(entry, |entry| mixed(ids[entry as usize]));
            let room: usize = index.parts.iter().map(|part| part.entries.len()).sum();
            assert!(entry < 10_000 || room * 4 <= 7 * index.len, "{entry}");
        }
    }
}
