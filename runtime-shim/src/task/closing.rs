//! The end of a closure: its task goes on until all that the closure owns is dropped.
//!
//! A closure owns two handles of its task. It mentions the [`Opening`] before its body and the [`Closing`] behind
//! it, and compilers drop captures in the order in which they are mentioned first. So the drop of a closure has
//! three stages:
//!
//! 1. The opening, or the guard into which the body has turned it, puts the handle on the thread's list of
//!    closures that are being dropped. The task is, or becomes, the thread's current one.
//! 2. The captures of the user are dropped, in their order. Their destructors run in the task. They may drop
//!    other closures, which come and go on top of the list.
//! 3. The closing takes the handle from the list, ends the task and puts the thread back to where it stood.
//!
//! Each closure takes one handle off the list if it has put one on it. The handle of a task that is not recorded is put
//! there only if the list is not empty. So a closing need not know its task, and takes no room in the closure.
//!
//! The handle has one owner at each stage, so memory is safe in whatever order a compiler drops captures. If a
//! closing came first, tasks of the thread would end at the wrong time. `tests/tests/closing.rs` would notice.

use core::mem::ManuallyDrop;

use crate::record::words::state;
use crate::task::enter::{Entered, EnteredOwned};
use crate::task::handle::{HandleContent, TaskHandle};
use crate::thread::dropping::Leave;
use crate::thread::end::end_completed;
use crate::thread::local;
use crate::thread::raw_handle::RawHandle;
use crate::thread::running::{self, Running};

/// The handle that a closure drops first, with the task, which starts with the closure's body.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Opening(ManuallyDrop<TaskHandle>);

/// The handle that a closure drops last. Its drop ends the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Closing(());

impl TaskHandle {
    /// The two handles of a closure.
    #[inline]
    pub fn closure(self) -> (Opening, Closing) {
        (Opening(ManuallyDrop::new(self)), Closing(()))
    }
}

impl Opening {
    /// Makes this the current task until the guard is dropped: for closures that may be called again.
    #[inline]
    pub fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    /// As [`Opening::enter`], for closures that are called once.
    #[inline]
    pub fn enter_owned(self) -> EnteredOwned {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once, for `this` is not dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }.enter_owned()
    }
}

impl Drop for Opening {
    // Most openings are taken by the body.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        begin_drop(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

/// Begins the drop of what a task owns that was never called, or not to its end, or that may be called many times.
#[cold]
#[inline(never)]
pub(crate) fn begin_drop(handle: TaskHandle) {
    let begun = match handle.content() {
        HandleContent::Plain(slot) => Some((running::begin_drop(slot), false)),
        HandleContent::Attached(attached) => Some(attached.begin_drop()),
        HandleContent::Untracked | HandleContent::Refused(_) => None,
    };
    let leave = begun.map_or(Leave::NOTHING, |(begun, carries)| Leave {
        outer: begun.outer,
        was_panicking: std::thread::panicking(),
        carries,
        is_transient: false,
        last: begun.before,
    });
    local::with(|local| local.dropping.push(handle.into_raw(), leave));
}

impl Closing {
    /// Mentions this behind the body of a closure that is called once, in code that is never reached.
    pub fn last_owned(self) -> ! {
        unreachable!("a body has one arm")
    }

    /// As [`Closing::last_owned`], in a closure that may be called again.
    pub fn last(&self) -> ! {
        unreachable!("a body has one arm")
    }

    /// Mentions this, so that a closure owns it.
    #[inline(always)]
    pub(crate) fn mention(&self) {}
}

impl Drop for Closing {
    #[inline(always)]
    fn drop(&mut self) {
        local::with(|local| {
            let top = &local.dropping.top;
            if top.get().as_plain().is_none() {
                if top.get() != RawHandle::NO_TASK {
                    end_drop();
                }
                return;
            }
            if std::thread::panicking() {
                return end_drop();
            }
            // Read again, so that no register has to be saved for the case that `panicking` looks closer.
            let ended = top.replace(RawHandle::NO_TASK).as_plain();
            local.position.set(local.dropping.outer.get());
            // SAFETY: it is plain by the test above, and nothing was called that changes it. The list has owned the handle,
            // which was taken off.
            unsafe { end_completed(ended.unwrap_unchecked()) };
        });
    }
}

/// Ends the drop that was begun last, and its task.
#[cold]
#[inline(never)]
pub(crate) fn end_drop() {
    if let Some((raw, leave)) = local::with(|local| local.dropping.pop()) {
        // SAFETY: the list has owned the handle, and does not any more.
        leave.end(unsafe { TaskHandle::from_raw(raw) });
    }
}

impl Leave {
    /// Ends the task.
    #[inline]
    fn end(self, handle: TaskHandle) {
        match handle.as_plain() {
            Some(slot) if self.is_transient && !self.panicked() => {
                core::mem::forget(handle);
                local::with(|local| {
                    local.note_last(slot);
                    local.position.set(self.outer);
                    // SAFETY: the handle was forgotten above.
                    unsafe { local.end_transient(slot) };
                });
            }
            _ => {
                if let Some(slot) = handle.slot().filter(|_| !self.outer.has_slot()) {
                    local::with(|local| local.note_last(slot));
                }
                self.stop(&handle);
                drop(handle);
            }
        }
        if self.is_transient {
            local::with(|local| local.on_thread_exit());
        }
    }

    /// Puts back what the closure has changed on this thread, and the task into its last state.
    pub(crate) fn stop(self, handle: &TaskHandle) {
        if let HandleContent::Attached(attached) = handle.content() {
            if self.carries {
                // SAFETY: `carries` says that `enter` has returned `true`. Each `Leave` is used once.
                unsafe { attached.leave() };
            }
        }
        if let Some(slot) = handle.slot() {
            let last = if self.panicked() {
                state::PANICKED
            } else {
                self.last
            };
            Running::resume(slot, self.outer).stop(last);
        }
    }
}
