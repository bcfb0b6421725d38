//! A poll out of the ordinary.

use core::mem::ManuallyDrop;
use core::task::Waker;

use crate::record::frames::Cursor;
use crate::record::words::state;
use crate::task::handle::{HandleContent, TaskHandle};
use crate::thread::running::{mute, restore_thread, Running};

/// A poll of a future that has something attached, is not recorded while its thread's task is, or is the
/// first to run on its thread; any, in a debug build. Dropped only when the poll panics.
///
/// It knows the waker, but not the context, of which runtimes would otherwise have to make one that lies in
/// memory on every poll.
pub(super) struct SlowPoll<'a> {
    handle: &'a mut TaskHandle,
    /// Where the thread stood before.
    outer: Cursor,
    /// What is attached to the handle was entered.
    carries: bool,
}

impl<'a> SlowPoll<'a> {
    /// Begins a poll, unless the future is not to be polled now: it is held back.
    #[cold]
    #[inline(never)]
    pub(super) fn begin(handle: &'a mut TaskHandle, waker: &Waker) -> Option<Self> {
        let (outer, carries) = match handle.content() {
            HandleContent::Plain(slot) => (Running::start(slot).into_outer(), false),
            HandleContent::Attached(attached) => attached.begin_poll(waker)?,
            // There is none: see `refused.rs`.
            HandleContent::Refused(_) => return None,
            // The frames of a task that is not recorded are not those of whoever polls it.
            HandleContent::Untracked => (mute(), false),
        };
        Some(SlowPoll {
            handle,
            outer,
            carries,
        })
    }

    /// Ends it, and with it the task if the future was ready.
    #[inline(never)]
    pub(super) fn end(self, ready: bool) {
        let this = &mut *ManuallyDrop::new(self);
        match this.handle.as_plain() {
            Some(slot) => this.handle.stop(Running::resume(slot, this.outer), ready),
            None => this.put_back(state::after_poll(ready)),
        }
    }

    fn put_back(&self, last: u64) {
        match self.handle.content() {
            HandleContent::Plain(slot) => Running::resume(slot, self.outer).stop(last),
            HandleContent::Attached(attached) => {
                if self.carries {
                    // SAFETY: `carries` says that `enter` has returned `true`. This is called once for each turn.
                    unsafe { attached.leave() };
                }
                Running::resume(attached.slot(), self.outer).stop(last);
            }
            // Without a slot the cursor was not moved; it may have found one meanwhile.
            HandleContent::Untracked if self.outer.has_slot() => restore_thread(self.outer),
            HandleContent::Untracked | HandleContent::Refused(_) => {}
        }
    }
}

impl Drop for SlowPoll<'_> {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.put_back(state::PANICKED);
    }
}
