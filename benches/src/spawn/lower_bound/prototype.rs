//! The prototype from which the budgets come.

use std::ptr;
use std::sync::atomic::Ordering;

use super::Handle;
use super::record::{CURRENT, FREE, Record, SITE, fresh};

/// The prototype: a record of one cache line with its frames, from the thread's own list. The record has an id of the
/// slot and its generation, the state, and a count of polls. `Drop` alone notices the end, on any thread. The record
/// leaves out, besides: counts, the outcome, and the time of the end.
#[derive(Debug)]
pub struct Prototype(&'static Record);

impl Handle for Prototype {
    type Outer = *const Record;
    type Level = PrototypeFrame;

    #[inline(always)]
    fn born() -> Self {
        // SAFETY: null, or leaked by `fresh`.
        let record = unsafe { FREE.get().as_ref() }.unwrap_or_else(|| fresh());
        FREE.set(record.parent.load(Ordering::Relaxed));
        // SAFETY: as above.
        let parent = unsafe { CURRENT.get().as_ref() };
        let parent = parent.map_or(0, |parent| parent.id.load(Ordering::Relaxed));
        let generation = record.born.load(Ordering::Relaxed) + 1;
        record.born.store(generation, Ordering::Relaxed);
        record.site.store(parent, Ordering::Relaxed);
        record.polls.store(0, Ordering::Relaxed);
        record.status.store(0, Ordering::Relaxed);
        let id = generation << 32 | u64::from(ptr::from_ref(record).addr() as u32);
        record.id.store(id, Ordering::Release);
        Prototype(record)
    }

    #[inline(always)]
    fn start(&self) -> *const Record {
        let record = self.0;
        record.status.store(2, Ordering::Relaxed);
        record.depth.store(0, Ordering::Relaxed);
        let polls = record.polls.load(Ordering::Relaxed);
        record.polls.store(polls + 1, Ordering::Relaxed);
        CURRENT.replace(record)
    }

    #[inline(always)]
    fn stop(&mut self, outer: *const Record, _: bool) {
        CURRENT.set(outer);
        self.0.status.store(1, Ordering::Relaxed);
    }
}

impl Drop for Prototype {
    #[inline]
    fn drop(&mut self) {
        self.0.id.store(0, Ordering::Release);
        let below = FREE.replace(self.0);
        self.0.parent.store(below.cast_mut(), Ordering::Relaxed);
    }
}

/// Its frame: a site and a depth that are stored on each poll, beside the record. It leaves out: a task that waits
/// on several branches, futures that are moved or held, and whether the thread runs a task at all.
#[derive(Debug)]
pub struct PrototypeFrame;

impl Handle for PrototypeFrame {
    type Outer = (&'static Record, u64);
    type Level = PrototypeFrame;

    #[inline(always)]
    fn born() -> Self {
        PrototypeFrame
    }

    #[inline(always)]
    fn start(&self) -> (&'static Record, u64) {
        // SAFETY: leaked by `fresh`; only a task of the prototype polls a level.
        let record = unsafe { &*CURRENT.get() };
        let depth = record.depth.load(Ordering::Relaxed);
        let site = ptr::from_ref(&SITE).expose_provenance() as u64;
        if let Some(frame) = record.frames.get(depth as usize) {
            frame.store(site, Ordering::Relaxed);
        }
        record.depth.store(depth + 1, Ordering::Relaxed);
        (record, depth)
    }

    #[inline(always)]
    fn stop(&mut self, (record, depth): (&'static Record, u64), done: bool) {
        if done {
            record.depth.store(depth, Ordering::Relaxed);
        }
    }
}
