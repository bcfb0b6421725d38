//! Polls on the slow path.

use core::mem::ManuallyDrop;
use core::ptr;
use core::task::Waker;

use crate::platform::runtime_flags;
use crate::record::frames::Cursor;
use crate::record::root_future::{RootFuture, RootType};
use crate::record::words::state;
use crate::task::handle::{HandleContent, TaskHandle};
use crate::thread::running::{mute, restore_thread, Running};
use crate::thread::waker::{AwakablePoll, PollWaker};

/// A poll on the slow path. It is dropped only if the poll panics.
///
/// The slow path is for futures with something attached, for futures without a record on the thread of a recorded task,
/// and for the first task of a thread. A debug build has no other path.
///
/// The poll gets the waker and not the context. Otherwise, runtimes would have to keep a context in memory for each
/// poll.
pub(super) struct SlowPoll<'a> {
    handle: &'a mut TaskHandle,
    /// Where the thread stood before.
    outer: Cursor,
    /// `true` if the guards of hooks were entered.
    carries: bool,
    awakable: ManuallyDrop<AwakablePoll<'a>>,
}

impl<'a> SlowPoll<'a> {
    /// Begins a poll, unless the future is not to be polled now: it is held back.
    #[cold]
    #[inline(never)]
    pub(super) fn begin(
        handle: &'a mut TaskHandle,
        waker: &'a Waker,
        root_type: &'static RootType,
    ) -> Option<Self> {
        let (outer, carries) = match handle.content() {
            HandleContent::Plain(slot) => (Running::start(slot).into_outer(), false),
            // SAFETY: the handle is borrowed exclusively.
            HandleContent::Attached(attached) => (unsafe { attached.begin_poll(waker) }?, true),
            // There is none: see `refused.rs`.
            HandleContent::Refused(_) => return None,
            // The frames of a task that is not recorded are not those of whoever polls it.
            HandleContent::Untracked => (mute(), false),
        };
        let awakable = match handle.slot() {
            Some(task) => {
                let now = runtime_flags::flags_and_tick();
                let place = ptr::from_ref(&*handle).cast();
                let publish = || RootFuture::publish(task.slot(), place, handle.raw().0, root_type);
                AwakablePoll::begin(task, waker, now, publish)
            }
            None => AwakablePoll::none(waker),
        };
        Some(SlowPoll {
            handle,
            outer,
            carries,
            awakable: ManuallyDrop::new(awakable),
        })
    }

    /// Returns the waker of the poll.
    pub(super) fn waker(&self) -> PollWaker<'a> {
        self.awakable.waker()
    }

    /// Ends it, and with it the task if the future was ready.
    #[inline(never)]
    pub(super) fn end(self, ready: bool) {
        let this = &mut *ManuallyDrop::new(self);
        // SAFETY: taken once, because the poll, which owns it, is not dropped.
        let awakable = unsafe { ManuallyDrop::take(&mut this.awakable) };
        match this.handle.as_plain() {
            Some(slot) => {
                let running = Running::resume(slot, this.outer);
                this.handle.stop(running, awakable, ready);
            }
            None => {
                let may_have_wakers = awakable.end();
                if let Some(slot) = this.handle.slot().filter(|_| may_have_wakers) {
                    slot.set_awakable();
                }
                this.put_back(state::after_poll(ready));
            }
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
        // SAFETY: taken once, because the poll is dropped once, and not if it has ended.
        drop(unsafe { ManuallyDrop::take(&mut self.awakable) });
        self.put_back(state::PANICKED);
    }
}
