//! Origins of wakes. A row has the number of its one. Tasks that follow one another often have the same.

use super::chunked_vec::ChunkedVec;
use birthmark_core::__reader::record::WokenBy;

/// The number of an origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct WakerRef(u32);

impl WakerRef {
    /// No wake is known.
    pub(crate) const NONE: WakerRef = WakerRef(0);
}

/// The origins, as words.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    all: ChunkedVec<u64>,
    last: WakerRef,
}

impl Wakers {
    /// Adds an origin, unless it is the last one that was added.
    #[inline]
    pub(crate) fn add(&mut self, by: WokenBy) -> WakerRef {
        if self.get(self.last) != Some(by) {
            self.last = WakerRef(self.all.push(by.to_word()) + 1);
        }
        self.last
    }

    pub(crate) fn get(&self, WakerRef(number): WakerRef) -> Option<WokenBy> {
        let place = number.checked_sub(1)?;
        Some(WokenBy::from_word(*self.all.get(place)?))
    }
}
