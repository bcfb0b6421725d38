//! Counts of awaits that were dropped before they were ready, by frame site.
//!
//! A future that is dropped while it waits leaves no other trace. If it had taken something out of a channel before, that is
//! lost. So the drop of each recorded frame is counted, unless its whole task is dropped, or the thread panics.
//!
//! # The table
//!
//! The counts are beside the sites, because constants refer to a site. The table has a fixed size and is addressed by the
//! site's address. An entry is claimed at the first suspension at its site. Until an await at the site is dropped, a
//! suspension writes nothing, so threads do not share a line that changes. From the first drop on, suspensions are counted as
//! well.
//!
//! Sites that find no entry are not counted.
//!
//! # Lost and carried
//!
//! A frame is *lost* if the code around it drops it, as `select!` drops the branches that lose. The frames inside of a lost
//! one are *carried* along. An async function that is dropped was at its carried frame.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::types::frame_site::FrameSite;

/// Number of entries, a power of two.
const ENTRIES: usize = 4096;
/// Number of entries in which a site may be.
const PROBES: usize = 8;

/// Bits of `flags`.
mod bit {
    /// An await at the site was dropped, so suspensions are counted.
    pub(super) const DROPPED: u32 = 1;
    /// The site is a branch, beside which others wait.
    pub(super) const BRANCH: u32 = 2;
}

struct Entry {
    /// Null until a site claims the entry.
    site: AtomicPtr<FrameSite>,
    /// The site while no await at it was dropped, then null. So one comparison shows that nothing is to be counted.
    quiet: AtomicPtr<FrameSite>,
    flags: AtomicU32,
    suspended: AtomicU32,
    lost: AtomicU32,
    carried: AtomicU32,
}

static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        site: AtomicPtr::new(core::ptr::null_mut()),
        quiet: AtomicPtr::new(core::ptr::null_mut()),
        flags: AtomicU32::new(0),
        suspended: AtomicU32::new(0),
        lost: AtomicU32::new(0),
        carried: AtomicU32::new(0),
    }
}; ENTRIES];

/// The counts of a site.
#[derive(Clone, Copy, Debug)]
pub struct DropCounts {
    pub site: &'static FrameSite,
    /// The site is a branch of a macro, or a future that is kept beside others.
    pub is_branch: bool,
    /// Awaits that have suspended, since one was dropped for the first time.
    pub suspended: u32,
    /// Awaits that the code around them has dropped.
    pub lost: u32,
    /// Awaits that were dropped with an await around them.
    pub carried: u32,
}

/// Returns the counts of all sites at which an await has suspended.
pub fn counts() -> Vec<DropCounts> {
    TABLE.iter().filter_map(Entry::counts).collect()
}

fn index(site: &'static FrameSite) -> usize {
    core::ptr::from_ref(site).addr() / align_of::<FrameSite>()
}

/// Returns `true` if the suspension of an await is to be counted, or is the first one at its site.
#[inline(always)]
pub(crate) fn is_counted(site: &'static FrameSite) -> bool {
    let entry = &TABLE[index(site) % ENTRIES];
    !core::ptr::eq(entry.quiet.load(Ordering::Relaxed), site)
}

/// Counts the suspension of an await.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn note_suspended(site: &'static FrameSite) {
    if let Some(entry) = Entry::of(site) {
        if entry.flags.load(Ordering::Relaxed) & bit::DROPPED != 0 {
            entry.suspended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Counts the drop of an await that has suspended.
pub(crate) fn note_dropped(site: &'static FrameSite, is_lost: bool) {
    let Some(entry) = Entry::of(site) else { return };
    let flags = match is_lost {
        true => bit::DROPPED | bit::BRANCH,
        false => bit::DROPPED,
    };
    let before = entry.flags.fetch_or(flags, Ordering::Relaxed);
    if before & bit::DROPPED == 0 {
        entry.quiet.store(core::ptr::null_mut(), Ordering::Relaxed);
        // The one that is dropped now.
        entry.suspended.fetch_add(1, Ordering::Relaxed);
    }
    let count = if is_lost { &entry.lost } else { &entry.carried };
    count.fetch_add(1, Ordering::Relaxed);
}

/// Notes that awaits at a site wait beside others.
pub(crate) fn note_branch(site: &'static FrameSite) {
    if let Some(entry) = Entry::of(site) {
        entry.flags.fetch_or(bit::BRANCH, Ordering::Relaxed);
    }
}

impl Entry {
    /// Returns the entry of a site, which the site claims if it has none yet.
    fn of(site: &'static FrameSite) -> Option<&'static Entry> {
        let new = core::ptr::from_ref(site).cast_mut();
        let start = index(site);
        (start..start + PROBES).find_map(|at| {
            let entry = &TABLE[at % ENTRIES];
            let null = core::ptr::null_mut();
            let claim =
                entry
                    .site
                    .compare_exchange(null, new, Ordering::Relaxed, Ordering::Relaxed);
            match claim {
                Ok(_) => entry.quiet.store(new, Ordering::Relaxed),
                Err(claimed) if claimed != new => return None,
                Err(_) => {}
            }
            Some(entry)
        })
    }

    fn counts(&self) -> Option<DropCounts> {
        let site = self.site.load(Ordering::Relaxed);
        // SAFETY: null, or the address of a static site, which never changes.
        let site = unsafe { site.as_ref()? };
        let count = |count: &AtomicU32| count.load(Ordering::Relaxed);
        Some(DropCounts {
            site,
            is_branch: count(&self.flags) & bit::BRANCH != 0,
            suspended: count(&self.suspended),
            lost: count(&self.lost),
            carried: count(&self.carried),
        })
    }
}
