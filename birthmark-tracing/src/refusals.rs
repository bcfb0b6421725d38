//! Refusals as events: at most one a second for each spawn site.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use birthmark::{Refusal, Site};
use tracing::warn;

/// Sites whose last event is remembered. Further sites share the last entry.
const SITES: usize = 256;

/// The events of one site.
#[derive(Debug)]
struct Entry {
    /// Address of the site, or 0.
    site: AtomicUsize,
    /// The second of the last event, from the first refusal on, plus one.
    second: AtomicU64,
    /// Refusals since then.
    silent: AtomicU64,
}

static ENTRIES: [Entry; SITES] = [const {
    Entry {
        site: AtomicUsize::new(0),
        second: AtomicU64::new(0),
        silent: AtomicU64::new(0),
    }
}; SITES];

/// Emits an event for a refusal, unless there was one for its site in this second.
pub(crate) fn emit(refusal: &Refusal) {
    let site = refusal.site();
    let entry = entry_of(site);
    let second = seconds() + 1;
    if entry.second.swap(second, Ordering::Relaxed) == second {
        entry.silent.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let refused = 1 + entry.silent.swap(0, Ordering::Relaxed);
    warn!(
        target: "birthmark::refusal",
        reason = refusal.reason(),
        callee = site.callee(),
        role = site.role(),
        site = %site,
        refused,
        "a spawn hook refused {}",
        site.role(),
    );
}

/// Returns the entry of a site. Sites take free entries one after the other.
fn entry_of(site: &'static Site) -> &'static Entry {
    let address = std::ptr::from_ref(site).addr();
    let is_of_site = |entry: &&Entry| {
        let taken = entry
            .site
            .compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok() || taken == Err(address)
    };
    ENTRIES
        .iter()
        .find(is_of_site)
        .unwrap_or(&ENTRIES[SITES - 1])
}

fn seconds() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs()
}
