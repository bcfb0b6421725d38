//! The time in which a thread runs a task.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::sync::atomic::{compiler_fence, Ordering};

use crate::platform::runtime_flags;
use crate::record::frames::Cursor;
use crate::record::root_future::RootFuture;
use crate::record::slot::TaskSlot;
use crate::record::words::{flag, state, Status};
use crate::thread::end::end_completed;
use crate::thread::local::{self, Local};
use crate::thread::raw_handle::RawHandle;

/// A stretch of time in which a thread runs a task.
pub(crate) struct Running {
    task: TaskSlot,
    outer: Cursor,
    /// The thread's own state must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Running {
    /// Makes the task of `handle` the current one of this thread, if nothing is attached to it and the
    /// thread has a state. That this calls nothing keeps registers free in the caller. Returns the runtime flags and the
    /// tick, too.
    #[inline(always)]
    pub(crate) fn start_fast(raw: RawHandle) -> Option<(Self, u64)> {
        local::with(|local| {
            let task = raw.as_plain_here(local)?;
            let now = runtime_flags::flags_and_tick();
            let running = Self::start_as(local, task, local.running.get().at(now), 0);
            Some((running, now))
        })
    }

    /// As [`Running::start`], on a thread that has a state.
    #[inline(always)]
    pub(crate) fn start_here(local: &Local, task: TaskSlot) -> Self {
        let now = runtime_flags::flags_and_tick();
        Self::start_as(local, task, local.running.get().at(now), 0)
    }

    /// Makes `task` the current task of this thread.
    pub(crate) fn start(task: TaskSlot) -> Self {
        let now = runtime_flags::flags_and_tick();
        local::with(|local| Self::start_as(local, task, local.register_to_run().at(now), 0))
    }

    /// As [`Running::start_here`], of a closure that several threads may call at once.
    #[inline(always)]
    pub(crate) fn start_call_here(local: &Local, task: TaskSlot) -> Self {
        let status = local.running.get().at(runtime_flags::flags_and_tick());
        task.note_call(status);
        Self::start_as(local, task, status, flag::CALLED)
    }

    /// As [`Running::start`], of such a closure.
    pub(crate) fn start_call(task: TaskSlot) -> Self {
        let now = runtime_flags::flags_and_tick();
        task.note_call(Status::of(state::RUNNING).at(now));
        local::with(|local| {
            let status = local.register_to_run().at(now);
            Self::start_as(local, task, status, flag::CALLED)
        })
    }

    #[inline(always)]
    fn start_as(local: &Local, task: TaskSlot, status: Status, flags: u64) -> Self {
        task.set_status(status);
        task.count_poll(flags);
        // A reader of the future relies on the order; see `root_future.rs`.
        compiler_fence(Ordering::SeqCst);
        let outer = local.position.get();
        local.position.set(local.cursor_in(task, outer));
        Running::resume(task, outer)
    }

    #[inline(always)]
    pub(crate) fn task(&self) -> TaskSlot {
        self.task
    }

    /// Puts the thread back to what it was, and the task into `state`.
    #[inline(always)]
    pub(crate) fn stop(self, state: u64) {
        let this = ManuallyDrop::new(self);
        put_back(this.task, this.outer, state);
    }

    /// Puts the thread back to what it was, and ends the task: it has returned.
    ///
    /// # Safety
    ///
    /// As for [`end_completed`].
    #[inline(always)]
    pub(crate) unsafe fn complete(self) {
        let this = ManuallyDrop::new(self);
        restore_thread(this.outer);
        // SAFETY: by the contract.
        unsafe { end_completed(this.task) };
    }

    /// Leaves the run to a guard that cannot hold this.
    #[inline(always)]
    pub(crate) fn into_outer(self) -> Cursor {
        ManuallyDrop::new(self).outer
    }

    /// The run that [`Running::into_outer`] was called on.
    #[inline(always)]
    pub(crate) fn resume(task: TaskSlot, outer: Cursor) -> Self {
        Running {
            task,
            outer,
            _not_send: PhantomData,
        }
    }
}

/// Only reached when the task panics: the others forget themselves.
impl Drop for Running {
    #[inline(always)]
    fn drop(&mut self) {
        // By value, so that nothing has to be in memory while the task runs.
        put_back_panicked(self.task, self.outer);
    }
}

#[cold]
#[inline(never)]
fn put_back_panicked(task: TaskSlot, outer: Cursor) {
    put_back(task, outer, state::PANICKED);
}

#[inline(always)]
fn put_back(task: TaskSlot, outer: Cursor, state: u64) {
    restore_thread(outer);
    compiler_fence(Ordering::SeqCst);
    task.set_status(Status::of(state).at(runtime_flags::flags_and_tick()));
}

/// A drop of what a task owns that was never called, or not to its end.
pub(crate) struct Begun {
    /// Where the thread stood before.
    pub(crate) outer: Cursor,
    /// The state of the task before.
    pub(crate) before: u64,
}

/// Begins to drop what the task owns, as the task, without counting that as a run.
pub(crate) fn begin_drop(task: TaskSlot) -> Begun {
    RootFuture::forget(task.slot());
    let before = task.state();
    local::with(|local| {
        task.set_status(local.register_to_run().at(runtime_flags::flags_and_tick()));
        let outer = local.position.get();
        local.position.set(local.cursor_in(task, outer));
        Begun { outer, before }
    })
}

/// Makes the thread stand where no frame is recorded, though what is spawned is. Returns where it stood.
pub(crate) fn mute() -> Cursor {
    local::with(|local| local.position.replace(local.position.get().muted()))
}

/// Puts the thread back to where it stood.
#[inline(always)]
pub(crate) fn restore_thread(outer: Cursor) {
    local::with(|local| local.position.set(outer));
}

impl Local {
    /// Returns the cursor in a task that runs within `outer`.
    #[inline(always)]
    fn cursor_in(&self, task: TaskSlot, outer: Cursor) -> Cursor {
        let cursor = Cursor::task(task);
        if outer.is_at_bottom() {
            cursor
        } else {
            self.cursor_above(cursor, outer)
        }
    }

    /// Returns the cursor above the frames of another task, which are on the shadow stack.
    #[cold]
    #[inline(never)]
    fn cursor_above(&self, cursor: Cursor, outer: Cursor) -> Cursor {
        let cursor = cursor.at_level_of(outer);
        if !cursor.records() {
            return cursor;
        }
        self.position.push_task(outer);
        cursor.deeper()
    }
}
