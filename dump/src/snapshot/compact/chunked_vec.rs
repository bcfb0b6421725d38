//! A list that grows without a copy.

const CHUNK_LEN: usize = 1 << 14;

#[derive(Clone, Debug)]
pub(crate) struct ChunkedVec<T>(Vec<Vec<T>>);

impl<T> Default for ChunkedVec<T> {
    fn default() -> Self {
        ChunkedVec(Vec::new())
    }
}

impl<T> ChunkedVec<T> {
    /// Appends an entry, and returns its index.
    pub(crate) fn push(&mut self, entry: T) -> u32 {
        let place = self.len();
        if place.is_multiple_of(CHUNK_LEN) {
            // The first one grows: most lists stay short.
            let room = if place == 0 { 0 } else { CHUNK_LEN };
            self.0.push(Vec::with_capacity(room));
        }
        self.0[place / CHUNK_LEN].push(entry);
        place as u32
    }

    /// Removes and returns the last entry.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let entry = self.0.last_mut()?.pop();
        if self.0.last().is_some_and(Vec::is_empty) {
            self.0.pop();
        }
        entry
    }

    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.0.get(place / CHUNK_LEN)?.get(place % CHUNK_LEN)
    }

    pub(crate) fn len(&self) -> usize {
        let full = self.0.len().saturating_sub(1) * CHUNK_LEN;
        full + self.0.last().map_or(0, Vec::len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::{ChunkedVec, CHUNK_LEN};

    #[test]
    fn entries_stay_where_they_are() {
        let mut list = ChunkedVec::default();
        for number in 0..2 * CHUNK_LEN + 1 {
            assert_eq!(list.len(), number);
            assert_eq!(list.get(number as u32), None);
            assert_eq!(list.push(number), number as u32);
        }
        assert!(list.iter().copied().eq(0..2 * CHUNK_LEN + 1));
        assert_eq!(list.get(CHUNK_LEN as u32), Some(&CHUNK_LEN));
        assert_eq!(list.get(u32::MAX), None);
    }

    #[test]
    fn entries_are_taken_away_from_the_end() {
        let mut list = ChunkedVec::default();
        for number in 0..CHUNK_LEN + 2 {
            list.push(number);
        }
        for number in (0..CHUNK_LEN + 2).rev() {
            assert_eq!((list.pop(), list.len()), (Some(number), number));
        }
        assert!(list.pop().is_none() && list.is_empty());
        assert_eq!(list.push(7), 0);
    }
}
