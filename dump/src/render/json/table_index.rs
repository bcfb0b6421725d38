//! The indices of items in a table that has a part of the snapshot.

use crate::snapshot::compact::bit_set::BitSet;

/// The index in the table of each item of the snapshot that the table has.
#[derive(Default)]
pub(super) struct TableIndex {
    used: BitSet,
    /// For each word of bits, the number of bits that are set before it.
    before: Vec<u32>,
}

impl TableIndex {
    /// Numbers the used items.
    pub(super) fn of(used: BitSet) -> Self {
        let mut count = 0;
        let before = used.words().map(|word| {
            count += word.count_ones();
            count - word.count_ones()
        });
        TableIndex {
            before: before.collect(),
            used,
        }
    }

    /// Returns the index in the table of an item of the snapshot.
    pub(super) fn get(&self, item: usize) -> Option<u32> {
        if !self.used.has(item) {
            return None;
        }
        Some(self.before[item / BitSet::WORD] + self.used.before_in_word(item))
    }
}

#[cfg(test)]
mod tests {
    use super::{BitSet, TableIndex};

    #[test]
    fn used_items_are_numbered_in_order() {
        let mut used = BitSet::none(200);
        let items = [0, 3, 63, 64, 100, 128, 199];
        items.iter().for_each(|&item| assert!(used.add(item)));
        let numbers = TableIndex::of(used);
        for (number, item) in items.into_iter().enumerate() {
            assert_eq!(numbers.get(item), Some(number as u32));
        }
        assert_eq!(
            [1, 65, 198, 10_000].map(|item| numbers.get(item)),
            [None; 4]
        );
    }
}
