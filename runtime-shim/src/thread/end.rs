//! The end of a task, and how it is counted.

use core::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::platform::mode;
use crate::record::pool::Completed;
use crate::record::root::ARENA;
use crate::record::slot::{state, Slot};
use crate::thread::local;
use crate::types::site::Site;

/// Ends the task of `slot`, counting how.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn end(slot: &'static Slot) {
    if slot.state() == state::COMPLETED {
        end_completed(slot);
    } else {
        end_badly(slot);
    }
}

/// Ends a task that has returned.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn end_completed(slot: &'static Slot) {
    local::with(|local| {
        let site = site_of(slot);
        if local.store.end_fast(slot) {
            // SAFETY: a store that ends tasks the short way is in use, so the thread has a block.
            unsafe { local.completed.get().add_fast(site) };
        } else {
            end_slow(slot);
        }
    });
}

#[cold]
#[inline(never)]
fn end_slow(slot: &'static Slot) {
    local::with(|local| count_completed(local.completed.get(), site_of(slot)));
    end_as(slot, state::COMPLETED);
}

#[cold]
#[inline(never)]
fn end_badly(slot: &'static Slot) {
    let counts = &site_of(slot).counts;
    let (outcome, count) = match slot.state() {
        state::PANICKED => (state::PANICKED, &counts.panicked),
        _ => (state::CANCELLED, &counts.cancelled),
    };
    count_rare(count);
    end_as(slot, outcome);
}

/// Ends a task without counting it: its slot says how, as long as others descend from it.
pub(crate) fn end_as(slot: &'static Slot, outcome: u64) {
    let status = mode::tick() | outcome;
    local::with(|local| local.with_block(|store, _| store.end(&ARENA, slot, status)));
}

/// Counts a task that has completed on the thread of these counts.
pub(crate) fn count_completed(counts: Completed, site: &'static Site) {
    if !counts.add(site) {
        count_rare(&site.counts.completed);
    }
}

fn count_rare(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// The site of a task that the caller keeps alive.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn site_of(slot: &'static Slot) -> &'static Site {
    let site = slot.site.load(Ordering::Relaxed) as usize;
    // SAFETY: births store the address of a static site, and the slot is a live task's.
    unsafe { &*ptr::with_exposed_provenance::<Site>(site) }
}
