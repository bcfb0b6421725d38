//! A small decision for each spawn site, made once.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Site;

/// Entries of a cache. A site whose entry another one takes is decided again.
const ENTRIES: usize = 256;

/// Bits of an entry below the address of the site. A site contains pointers, so these bits of its address are zero.
const BITS: usize = 0b111;

/// An entry has the address of a site, whether the spawn is a root (1), and the decision plus one (2 and 4).
#[derive(Debug)]
pub(crate) struct SiteCache([AtomicUsize; ENTRIES]);

const _: () = assert!(align_of::<Site>() > BITS);

impl Default for SiteCache {
    fn default() -> Self {
        SiteCache([const { AtomicUsize::new(0) }; ENTRIES])
    }
}

impl SiteCache {
    /// Returns the decision about a site: 0, 1 or 2.
    pub(crate) fn get(&self, site: &'static Site, root: bool, decide: impl Fn() -> usize) -> usize {
        let key = std::ptr::from_ref(site).addr() | usize::from(root);
        let entry = &self.0[(key >> 5) % ENTRIES];
        let known = entry.load(Ordering::Relaxed);
        let (decision, of) = ((known & BITS) >> 1, known & !0b110);
        if of == key && decision > 0 {
            return decision - 1;
        }
        let decision = decide();
        entry.store(key | ((decision + 1) << 1), Ordering::Relaxed);
        decision
    }
}
