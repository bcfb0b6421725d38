//! The time in which a thread runs a task.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use std::sync::atomic::Ordering;

use crate::birth::end_completed;
use crate::clock;
use crate::local;
use crate::registry::slot::{state, Slot};

/// A stretch of time in which a thread runs a task.
pub(crate) struct Running {
    slot: &'static Slot,
    outer: *const Slot,
    /// The thread's own state must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Running {
    /// Makes `slot` the current task of this thread.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn start(slot: &'static Slot) -> Self {
        local::with(|local| {
            let running = match local.running.get() {
                0 => local.register_to_run(),
                running => running,
            };
            slot.status.store(clock::now() | running, Ordering::Relaxed);
            slot.polls.store(
                slot.polls.load(Ordering::Relaxed).wrapping_add(1),
                Ordering::Relaxed,
            );
            let outer = local.scope.replace(slot.scope.as_ptr());
            Running {
                slot,
                outer,
                _not_send: PhantomData,
            }
        })
    }

    /// Puts the thread back to what it was, and the task into `state`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn stop(self, state: u64) {
        ManuallyDrop::new(self).put_back(state);
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn put_back(&self, state: u64) {
        self.restore_thread();
        self.slot
            .status
            .store(clock::now() | state, Ordering::Relaxed);
    }

    /// Puts the thread back to what it was, and ends the task: it has returned.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn complete(self) {
        let this = ManuallyDrop::new(self);
        this.restore_thread();
        end_completed(this.slot);
    }

    /// Leaves the run to a guard that cannot hold this.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_outer(self) -> *const Slot {
        ManuallyDrop::new(self).outer
    }

    /// The run that [`Running::into_outer`] was called on.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn resume(slot: &'static Slot, outer: *const Slot) -> Self {
        Running {
            slot,
            outer,
            _not_send: PhantomData,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn restore_thread(&self) {
        local::with(|local| local.scope.set(self.outer));
    }
}

/// Only reached when the task panics: the others forget themselves.
impl Drop for Running {
    #[cold]
    fn drop(&mut self) {
        self.put_back(state::PANICKED);
    }
}

/// Does `f` while `slot` is the current task, without counting it as a run.
pub(crate) fn as_current(slot: &'static Slot, f: impl FnOnce()) {
    let scope = slot.scope.as_ptr();
    let outer = local::with(|local| local.scope.replace(scope));
    let _restore = OnDrop(|| local::with(|local| local.scope.set(outer)));
    f();
}

/// Does something when it goes out of scope, also by a panic.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
