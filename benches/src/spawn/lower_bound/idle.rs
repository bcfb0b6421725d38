//! The least of a wrapper that is switched off, and could be switched on.

use std::sync::atomic::{AtomicU64, Ordering};

use super::record::{CURRENT, NONE, SPECIAL};
use super::{Handle, Word, end_badly};

/// A handle without a record, as it is while recording is off. It only tests for that, where a count or a frame depends
/// on it.
#[derive(Debug)]
pub struct Idle(usize);

static IS_ON: AtomicU64 = AtomicU64::new(0);
/// A dump says how many tasks it does not know.
static UNKNOWN: AtomicU64 = AtomicU64::new(0);
/// A thread that runs no task is somewhere below.
const NOWHERE: usize = 63;

impl Handle for Idle {
    type Outer = ();
    type Level = Word;

    #[inline(always)]
    fn born() -> Self {
        if IS_ON.load(Ordering::Relaxed) != 0 {
            end_badly();
        }
        UNKNOWN.fetch_add(1, Ordering::Relaxed);
        Idle(NONE)
    }

    #[inline(always)]
    fn start(&self) {
        // There may be a record: it may have been on when the task was born.
        let has_record = self.0 & SPECIAL.get() == 0;
        // And the thread may run a task that has one, of which these frames are not.
        if has_record || self.0 | CURRENT.get().addr() > NOWHERE {
            end_badly();
        }
    }

    #[inline(always)]
    fn stop(&mut self, (): (), _: bool) {}
}

impl Drop for Idle {
    #[inline]
    fn drop(&mut self) {
        if self.0 != NONE {
            end_badly();
        }
    }
}
