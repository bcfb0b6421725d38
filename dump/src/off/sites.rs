//! Sites, of which there are none.

use std::time::Duration;

use birthmark_core::__reader::absent;
use birthmark_core::{Kind, Site};

#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteStats {
    pub site: &'static Site,
    pub kind: Kind,
    pub live: u64,
    pub max_age: Option<Duration>,
    pub completed: u64,
    pub panicked: u64,
    pub cancelled: u64,
    pub refused: u64,
    pub passed_through: u64,
    pub delays: Option<Delays>,
}

absent! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Delays {
        fn count(&self) -> u64;
        fn sum(&self) -> Duration;
        fn longest(&self) -> Duration;
        fn average(&self) -> Duration;
    }
}

impl Delays {
    #[inline]
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        std::iter::empty()
    }

    #[doc(hidden)]
    #[inline]
    pub fn add(&mut self, other: &Delays) {}
}

impl SiteStats {
    #[inline]
    pub fn spawned(&self) -> u64 {
        self.completed + self.panicked + self.cancelled + self.live
    }
}

#[inline]
pub fn is_instrumented() -> bool {
    false
}

#[inline]
pub fn sites() -> Vec<SiteStats> {
    Vec::new()
}
