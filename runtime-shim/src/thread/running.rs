//! The time in which a thread runs a task.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use std::sync::atomic::Ordering;

use crate::platform::mode;
use crate::record::frames::Cursor;
use crate::record::shared::note_call;
use crate::record::slot::{flag, state, Slot};
use crate::thread::end::end_completed;
use crate::thread::handle::Handle;
use crate::thread::local::{self, Local};

/// A stretch of time in which a thread runs a task.
pub(crate) struct Running {
    slot: &'static Slot,
    outer: Cursor,
    /// The thread's own state must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Running {
    /// Makes the task of `handle` the current one of this thread, if nothing is attached to it and the
    /// thread has a block. That this calls nothing keeps registers free in the caller.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn start_fast(handle: Handle) -> Option<Self> {
        local::with(|local| {
            let slot = handle.as_plain_here(local)?;
            Some(Self::start_here(local, slot))
        })
    }

    /// As [`Running::start`], on a thread that has a block.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn start_here(local: &Local, slot: &'static Slot) -> Self {
        Self::start_as(local, slot, local.running.get(), 0)
    }

    /// Makes `slot` the current task of this thread.
    pub(crate) fn start(slot: &'static Slot) -> Self {
        local::with(|local| Self::start_as(local, slot, local.register_to_run(), 0))
    }

    /// As [`Running::start_here`], of a closure that several threads may call at once.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn start_call_here(local: &Local, slot: &'static Slot) -> Self {
        note_call(slot, mode::pulse() | local.running.get());
        Self::start_as(local, slot, local.running.get(), flag::CALLED)
    }

    /// As [`Running::start`], of such a closure.
    pub(crate) fn start_call(slot: &'static Slot) -> Self {
        note_call(slot, mode::pulse() | state::RUNNING);
        local::with(|local| Self::start_as(local, slot, local.register_to_run(), flag::CALLED))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn start_as(local: &Local, slot: &'static Slot, running: u64, flags: u64) -> Self {
        slot.status
            .store(mode::pulse() | running, Ordering::Relaxed);
        let polls = slot.polls.load(Ordering::Relaxed);
        // Whoever sees this poll counted must also see that the task runs, or has run.
        slot.polls.store(
            polls.wrapping_add(flag::COUNT_ONE) | flags,
            Ordering::Release,
        );
        let outer = local.cursor.replace(Cursor::task(slot));
        Running::resume(slot, outer)
    }

    /// Puts the thread back to what it was, and the task into `state`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn stop(self, state: u64) {
        let this = ManuallyDrop::new(self);
        put_back(this.slot, this.outer, state);
    }

    /// Puts the thread back to what it was, and ends the task: it has returned.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn complete(self) {
        let this = ManuallyDrop::new(self);
        restore_thread(this.outer);
        end_completed(this.slot);
    }

    /// Leaves the run to a guard that cannot hold this.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_outer(self) -> Cursor {
        ManuallyDrop::new(self).outer
    }

    /// The run that [`Running::into_outer`] was called on.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn resume(slot: &'static Slot, outer: Cursor) -> Self {
        Running {
            slot,
            outer,
            _not_send: PhantomData,
        }
    }
}

/// Only reached when the task panics: the others forget themselves.
impl Drop for Running {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        // By value, so that nothing has to be in memory while the task runs.
        put_back_panicked(self.slot, self.outer);
    }
}

#[cold]
#[inline(never)]
fn put_back_panicked(slot: &'static Slot, outer: Cursor) {
    put_back(slot, outer, state::PANICKED);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn put_back(slot: &'static Slot, outer: Cursor, state: u64) {
    restore_thread(outer);
    slot.status.store(mode::pulse() | state, Ordering::Relaxed);
}

/// A drop of what a task owns that was never called, or not to its end.
pub(crate) struct Begun {
    /// Where the thread stood before.
    pub(crate) outer: Cursor,
    /// The state of the task before.
    pub(crate) before: u64,
}

/// Begins to drop what the task owns, as the task, without counting that as a run.
pub(crate) fn begin_drop(slot: &'static Slot) -> Begun {
    let before = slot.state();
    local::with(|local| {
        slot.status
            .store(mode::pulse() | local.register_to_run(), Ordering::Relaxed);
        let outer = local.cursor.replace(Cursor::task(slot));
        Begun { outer, before }
    })
}

/// Makes the thread stand where no frame is recorded, though what is spawned is. Returns where it stood.
pub(crate) fn mute() -> Cursor {
    local::with(|local| local.cursor.replace(local.cursor.get().muted()))
}

/// Puts the thread back to where it stood.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn restore_thread(outer: Cursor) {
    local::with(|local| local.cursor.set(outer));
}
