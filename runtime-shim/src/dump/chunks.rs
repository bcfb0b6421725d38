//! A list that grows without being copied: a list of a million entries that doubles would take up to three
//! times its size on the way.

const CHUNK: usize = 1 << 14;

#[derive(Debug)]
pub(super) struct Chunks<T>(Vec<Vec<T>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// Appends an entry, and returns its place.
    pub(super) fn push(&mut self, entry: T) -> u32 {
        let place = self.len();
        if place.is_multiple_of(CHUNK) {
            self.0.push(Vec::with_capacity(CHUNK));
        }
        self.0[place / CHUNK].push(entry);
        place as u32
    }

    pub(super) fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.0.get(place / CHUNK)?.get(place % CHUNK)
    }

    pub(super) fn len(&self) -> usize {
        let full = self.0.len().saturating_sub(1) * CHUNK;
        full + self.0.last().map_or(0, Vec::len)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunks, CHUNK};

    #[test]
    fn entries_stay_where_they_are() {
        let mut list = Chunks::default();
        for number in 0..2 * CHUNK + 1 {
            assert_eq!(list.len(), number);
            assert_eq!(list.get(number as u32), None);
            assert_eq!(list.push(number), number as u32);
        }
        assert!(list.iter().copied().eq(0..2 * CHUNK + 1));
        assert_eq!(list.get(CHUNK as u32), Some(&CHUNK));
        assert_eq!(list.get(u32::MAX), None);
    }
}
