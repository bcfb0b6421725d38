//! A set of numbers, one bit each.

#[derive(Clone, Debug, Default)]
pub(crate) struct BitSet(Vec<u64>);

impl BitSet {
    /// Number of bits in a word.
    pub(crate) const WORD: usize = 64;

    /// Returns an empty set for numbers below `count`.
    pub(crate) fn none(count: usize) -> Self {
        BitSet(vec![0; count.div_ceil(Self::WORD)])
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.word(number) >> (number % Self::WORD) & 1 != 0
    }

    /// Adds a number. Returns `true` if the set did not have it.
    pub(crate) fn add(&mut self, number: usize) -> bool {
        let word = &mut self.0[number / Self::WORD];
        let bit = 1 << (number % Self::WORD);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().copied()
    }

    /// Returns the count of lower numbers in the same word.
    pub(crate) fn before_in_word(&self, number: usize) -> u32 {
        let below = (1 << (number % Self::WORD)) - 1;
        (self.word(number) & below).count_ones()
    }

    /// Returns the word of a number. Words beyond the last one are empty.
    fn word(&self, number: usize) -> u64 {
        self.0.get(number / Self::WORD).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::BitSet;

    #[test]
    fn bit_set_has_the_numbers_that_were_added() {
        let mut bits = BitSet::none(130);
        assert!(bits.add(0) && bits.add(64) && bits.add(129) && !bits.add(64));
        let all: Vec<usize> = (0..1000).filter(|&number| bits.has(number)).collect();
        assert_eq!(all, [0, 64, 129]);
        assert_eq!(
            [0, 63, 65, 129].map(|number| bits.before_in_word(number)),
            [0, 1, 1, 0]
        );
    }
}
