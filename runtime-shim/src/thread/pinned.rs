//! Values of locals that a thread reads.
//!
//! A thread reads the values of its task without a reference of its own. All tasks of a tenant share one atomic count,
//! which would be the slowest part of the read. Only the thread itself replaces the values meanwhile. It then leaves the
//! reference to the outermost read of the same values, which drops the reference at its end.

use core::cell::Cell;
use core::ptr;

use crate::record::local_set::{LocalSet, LocalSetRef};
use crate::record::slot::NodeSlot;
use crate::thread::local::{self, Local};

/// A read of values, on the stack of the thread.
pub(crate) struct PinnedSet {
    set: Cell<*const LocalSet>,
    /// The reference that was left to this read.
    left: Cell<Option<LocalSetRef>>,
    /// The read around this one.
    outer: Cell<*const PinnedSet>,
}

/// Calls `f` with the values of the current task's locals.
#[inline]
pub(crate) fn with_locals<R>(f: impl FnOnce(Option<&LocalSet>) -> R) -> R {
    let pinned = PinnedSet {
        set: Cell::new(ptr::null()),
        left: Cell::new(None),
        outer: Cell::new(ptr::null()),
    };
    match pinned.begin() {
        Found::Set(set) => {
            let _unpin = Unpin(&pinned);
            f(Some(set))
        }
        Found::Nothing => f(None),
        Found::Shared => {
            let set = local::with(|local| local.clone_locals());
            f(set.as_deref())
        }
    }
}

/// The values that a read has found.
enum Found<'a> {
    /// The values are pinned.
    Set(&'a LocalSet),
    Nothing,
    /// Several threads may run the task, so a read needs a reference of its own.
    Shared,
}

impl PinnedSet {
    /// Begins a read. If it returns a set, the caller makes an [`Unpin`].
    fn begin(&self) -> Found<'_> {
        local::with(|local| {
            if local.runs_shared_task() {
                return Found::Shared;
            }
            let Some(name) = local.spawn_parent().and_then(NodeSlot::as_name) else {
                return Found::Nothing;
            };
            // SAFETY: this thread runs the task, or its owner waits for this thread. If this thread gives the node up
            // meanwhile, the reference is left to this pin.
            let Some(set) = (unsafe { name.borrow_locals() }) else {
                return Found::Nothing;
            };
            self.set.set(set);
            self.outer.set(local.pinned.replace(self));
            Found::Set(set)
        })
    }
}

/// Ends a read, also by a panic.
struct Unpin<'a>(&'a PinnedSet);

impl Drop for Unpin<'_> {
    #[inline]
    fn drop(&mut self) {
        local::with(|local| local.pinned.set(self.0.outer.get()));
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
            if ptr::eq(pinned.set.get(), values.as_ptr()) {
                outermost = Some(pinned);
            }
            next = pinned.outer.get();
        }
        match outermost {
            // The read has one reference at most to the same values, so another one may be dropped.
            Some(read) => drop(read.left.replace(Some(values))),
            None => drop(values),
        }
    }
}
