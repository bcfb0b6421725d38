//! Values of locals that a thread reads.
//!
//! A thread reads the values of its task without a reference of its own. All tasks of a tenant share one atomic count,
//! which would be the slowest part of the read. Only the thread itself replaces the values meanwhile. It then leaves the
//! reference to the outermost read of the same values, which drops the reference at its end.

use core::cell::Cell;
use core::ptr;

use crate::record::local_set::{LocalSet, LocalSetRef};
use crate::thread::local::{self, Local};

/// A read of values, on the stack of the thread.
pub(crate) struct PinnedSet {
    set: *const LocalSet,
    /// The reference that was left to this read.
    left: Cell<Option<LocalSetRef>>,
    /// The read around this one.
    outer: *const PinnedSet,
}

/// Calls `f` with the values of the current task's locals.
pub(crate) fn with_locals<R>(f: impl FnOnce(Option<&LocalSet>) -> R) -> R {
    let set = local::with(|local| {
        if local.runs_shared_task() {
            return None;
        }
        // SAFETY: this thread runs the task, or its owner waits for this thread. If this thread gives the node up
        // meanwhile, the reference is left to the pin below.
        unsafe { local.spawn_parent()?.as_name()?.borrow_locals() }
    });
    let Some(set) = set else {
        let set = local::with(|local| local.clone_locals());
        return f(set.as_deref());
    };
    let pinned = PinnedSet {
        set,
        left: Cell::new(None),
        outer: local::with(|local| local.pinned.get()),
    };
    let _unpin = Unpin(&pinned);
    local::with(|local| local.pinned.set(&pinned));
    f(Some(set))
}

/// Ends a read, also by a panic.
struct Unpin<'a>(&'a PinnedSet);

impl Drop for Unpin<'_> {
    fn drop(&mut self) {
        local::with(|local| local.pinned.set(self.0.outer));
        // Runs the program's code, so it is last.
        drop(self.0.left.take());
    }
}

impl Local {
    /// Drops a reference to values, at the end of all reads of them by this thread.
    pub(crate) fn drop_unless_pinned(&self, values: LocalSetRef) {
        let mut outermost = None;
        let mut next = self.pinned.get();
        // SAFETY: null or a read that has not ended, because reads are nested and take themselves off the list.
        while let Some(pinned) = unsafe { next.as_ref() } {
            if ptr::eq(pinned.set, values.as_ptr()) {
                outermost = Some(pinned);
            }
            next = pinned.outer;
        }
        match outermost {
            // The read has one reference at most to the same values, so another one may be dropped.
            Some(read) => drop(read.left.replace(Some(values))),
            None => drop(values),
        }
    }
}
