//! Futures that a thread blocks on, as in `runtime.block_on(future)`.
//!
//! A thread is not polled, nor is a job. But the future that it blocks on is, and each poll of that future counts as a
//! poll of the thread's task. The future gets no record, because it is a part of its task.
//!
//! A `block_on` may be called within the poll of another future of the same task. Such a poll is a part of the outer
//! one, which counts already. So a future with a record counts its own polls alone, and an outer `block_on` only those
//! of the outer future. The same rule counts once if several functions named `block_on` hand one future on.
//!
//! Between the polls, the record has the flag [`flag::BLOCKED`]. The task then waits, although its thread runs the code
//! of an executor.

use core::any::type_name;
use core::future::Future;
use core::mem::{offset_of, ManuallyDrop};
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, Waker};

use crate::platform::runtime_flags;
use crate::record::root_future::{RootFuture, RootType};
use crate::record::slot::TaskSlot;
use crate::record::words::flag;
use crate::task::future::vtable;
use crate::thread::local::{self, Local};
use crate::thread::waker::AwakablePoll;
use crate::types::kind::Kind;

/// A future that the current task blocks on: one word more than the future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Blocked<F> {
    /// Dropped before the future, so that nobody reads a future that is being dropped.
    task: BlockedTask,
    /// Structurally pinned: nothing moves it out of a pinned `Blocked`, which has no other method than `poll`.
    future: F,
}

impl<F: Future> Blocked<F> {
    /// Wraps a future.
    #[inline]
    pub fn new(future: F) -> Self {
        let task = BlockedTask(blocking_task());
        Blocked { task, future }
    }

    /// The type of the future, for readers of its state machine. The id of the task is in the place of a handle.
    const ROOT_TYPE: &'static RootType = &RootType {
        vtable: vtable::<F>,
        from_handle: offset_of!(Self, future).wrapping_sub(offset_of!(Self, task)),
        size: size_of::<F>(),
        name: type_name::<F>,
    };
}

// The address-sensitive part is `F`; the id can move.
impl<F: Unpin> Unpin for Blocked<F> {}

impl<F: Future> Future for Blocked<F> {
    type Output = F::Output;

    // A hand-written `poll` of the program sees the same caller as without the wrapper.
    #[inline]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out of, `Blocked` has no `Drop` of its own, and it
        // is Unpin only if `F` is.
        let (future, task) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &this.task)
        };
        let Some(counted) = CountedPoll::begin(task.0, cx.waker()) else {
            return future.poll(cx);
        };
        let waker = counted.awakable.waker();
        let result = future.poll(&mut Context::from_waker(&waker));
        counted.end(result.is_pending(), task, Self::ROOT_TYPE);
        result
    }
}

/// The id of a task that blocks; 0 if its polls are not counted here.
#[derive(Debug)]
struct BlockedTask(u64);

/// The thread does not block any more, also if the future is dropped before it is ready.
impl Drop for BlockedTask {
    fn drop(&mut self) {
        local::with(|local| {
            let current = current_with_id(local, self.0);
            if let Some(task) = current.filter(|&task| runs_alone(local, task)) {
                task.clear_flags(flag::BLOCKED);
            }
        });
    }
}

/// Returns the id of the current task if it may block on a future, otherwise 0.
fn blocking_task() -> u64 {
    if runtime_flags::has(runtime_flags::OFF) {
        return 0;
    }
    local::with(|local| {
        if local.position.get().is_unknown() {
            local.look_for_main();
        }
        let task = local.current().filter(|&task| !is_polled(task));
        task.map_or(0, TaskSlot::id)
    })
}

/// Returns `true` if an executor polls the task itself.
fn is_polled(task: TaskSlot) -> bool {
    Kind::of(task.site(), task.flags()) == Kind::Future
}

/// Returns the task that the thread runs if it has this id. A function named `block_on` may hand the future to another
/// thread.
fn current_with_id(local: &Local, id: u64) -> Option<TaskSlot> {
    let current = local.current().filter(|_| id != 0);
    current.filter(|current| current.id() == id)
}

/// Returns `true` if this thread runs the task, and no other thread does at the same time. A thread may also work on behalf
/// of a task that another thread runs, and several threads may call one closure.
fn runs_alone(local: &Local, task: TaskSlot) -> bool {
    local.runs(task.slot()) && task.flags() & flag::CALLED == 0
}

/// A poll of what a task blocks on, until this is dropped.
struct CountedPoll<'a> {
    /// The task whose poll was counted around this one; 0 for none.
    outer: u64,
    /// The task, if this thread alone runs it.
    task: Option<TaskSlot>,
    awakable: ManuallyDrop<AwakablePoll<'a>>,
}

impl<'a> CountedPoll<'a> {
    /// Counts a poll for `task`, unless that is 0 or the thread is within a counted poll of the task already.
    #[inline]
    fn begin(task: u64, waker: &'a Waker) -> Option<Self> {
        if task == 0 {
            return None;
        }
        local::with(|local| {
            let outer = local.blocked.get();
            (task != outer).then(|| Self::begin_counted(local, task, waker))
        })
    }

    fn begin_counted(local: &Local, id: u64, waker: &'a Waker) -> Self {
        let current = current_with_id(local, id);
        let task = current.filter(|&task| runs_alone(local, task));
        // The flag before the count. A reader of the future may see the flag with the count of a poll that has ended.
        if let Some(task) = task {
            note_change(local, task, false);
        }
        if let Some(task) = current {
            task.add_poll();
        }
        let awakable = match task {
            Some(task) => {
                let now = runtime_flags::flags_and_tick();
                // The future is published once it waits.
                AwakablePoll::begin(task, waker, now, || ())
            }
            None => AwakablePoll::none(waker),
        };
        CountedPoll {
            outer: local.blocked.replace(id),
            task,
            awakable: ManuallyDrop::new(awakable),
        }
    }

    /// Ends a poll that has not panicked. `blocked` is beside the future.
    fn end(self, is_pending: bool, blocked: &BlockedTask, root_type: &'static RootType) {
        let task = self.task.filter(|_| is_pending);
        drop(self);
        if let Some(task) = task {
            let place = ptr::from_ref(&blocked.0).cast();
            let id = ptr::without_provenance(blocked.0 as usize);
            RootFuture::publish(task.slot(), place, id, root_type);
            local::with(|local| note_change(local, task, true));
        }
    }
}

impl Drop for CountedPoll<'_> {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        let awakable = unsafe { ManuallyDrop::take(&mut self.awakable) };
        if let Some(task) = self.task.filter(|_| awakable.end()) {
            task.set_awakable();
        }
        local::with(|local| local.blocked.set(self.outer));
    }
}

/// Notes that a task, which this thread alone runs, begins or ceases to wait.
fn note_change(local: &Local, task: TaskSlot, waits: bool) {
    let now = runtime_flags::flags_and_tick();
    task.set_status(local.register_to_run().at(now));
    match waits {
        true => task.set_flags(flag::BLOCKED),
        false => task.clear_flags(flag::BLOCKED),
    }
}
