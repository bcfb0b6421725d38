//! The end of a task, and how it is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::platform::runtime_flags;
use crate::record::globals::ARENA;
use crate::record::slot::TaskSlot;
use crate::record::thread_states::Completed;
use crate::record::words::{state, Status};
use crate::thread::{gone, local};
use crate::types::site::Site;

/// Ends a task in the state that it has, and counts the end.
///
/// # Safety
///
/// The caller owns the handle of the task, gives it up, and uses no copy of `task` any more.
#[inline]
pub(crate) unsafe fn end(task: TaskSlot) {
    // SAFETY: by the contract.
    unsafe {
        if task.state() == state::COMPLETED {
            end_completed(task);
        } else {
            end_badly(task);
        }
    }
}

/// Ends a task that has returned.
///
/// # Safety
///
/// As for [`end`].
#[inline]
pub(crate) unsafe fn end_completed(task: TaskSlot) {
    local::with(|local| {
        let site = task.site();
        // SAFETY: by the contract. A store that ends tasks on the fast path is in use, so the thread has a state.
        unsafe {
            if local.cache.end_fast(task) {
                local.completed.get().add_fast(site);
            } else {
                end_slow(task);
            }
        }
    });
}

/// # Safety
///
/// As for [`end`].
#[cold]
#[inline(never)]
unsafe fn end_slow(task: TaskSlot) {
    local::with(|local| count_completed(local.completed.get(), task.site()));
    // SAFETY: by the contract.
    unsafe { end_as(task, state::COMPLETED) };
}

/// # Safety
///
/// As for [`end`].
#[cold]
#[inline(never)]
unsafe fn end_badly(task: TaskSlot) {
    let counts = task.site().counts();
    let (outcome, count) = match task.state() {
        state::PANICKED => (state::PANICKED, &counts.panicked),
        _ => (state::CANCELLED, &counts.cancelled),
    };
    count_rare(count);
    gone::note_end(task, outcome);
    // SAFETY: by the contract.
    unsafe { end_as(task, outcome) };
}

/// Ends a task without counting it. Its slot has the outcome as long as others descend from it.
///
/// # Safety
///
/// As for [`end`].
pub(crate) unsafe fn end_as(task: TaskSlot, outcome: u64) {
    let status = Status::of(outcome).at(runtime_flags::tick());
    // SAFETY: by the contract.
    let values = unsafe { task.take_locals() };
    // SAFETY: by the contract.
    local::with(|local| local.with_cache(|cache, _| unsafe { cache.end(&ARENA, task, status) }));
    // Runs the program's code, so it is last.
    drop(values);
}

/// Counts a task that has completed on the thread of these counts.
pub(crate) fn count_completed(counts: Completed, site: &'static Site) {
    if !counts.add(site) {
        count_rare(&site.counts().completed);
    }
}

fn count_rare(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}
