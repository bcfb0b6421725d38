//! The numbers of what is in a table, which is not all that the snapshot holds.

use crate::dump::nodes::NONE;

/// For each item of the snapshot its index in a table, or `NONE`.
#[derive(Default)]
pub(super) struct Numbers(Vec<u32>);

impl Numbers {
    /// Numbers the items that are used.
    pub(super) fn of(used: impl IntoIterator<Item = bool>) -> Self {
        let mut next = 0;
        let number = |used| {
            let number = if used { next } else { NONE };
            next += u32::from(used);
            number
        };
        Numbers(used.into_iter().map(number).collect())
    }

    /// The index in the table of an item of the snapshot.
    pub(super) fn get(&self, item: usize) -> Option<u32> {
        let number = *self.0.get(item)?;
        (number != NONE).then_some(number)
    }
}
