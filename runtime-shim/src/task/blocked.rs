//! Futures that a thread blocks on, as in `runtime.block_on(future)`.
//!
//! A thread is not polled, nor is a job. But the future that it blocks on is, and each poll of that future counts as a
//! poll of the thread's task. The future gets no record, because it is a part of its task.
//!
//! A `block_on` may be called within the poll of another future of the same task. Such a poll is a part of the outer
//! one, which counts already. So a future with a record counts its own polls alone, and an outer `block_on` only those
//! of the outer future. The same rule counts once if several functions named `block_on` hand one future on.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::platform::runtime_flags;
use crate::record::slot::TaskSlot;
use crate::thread::local::{self, Local};
use crate::types::kind::Kind;

/// A future that the current task blocks on: one word more than the future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Blocked<F> {
    /// Structurally pinned: nothing moves it out of a pinned `Blocked`, which has no other method than `poll`.
    future: F,
    /// The id of the task that blocks; 0 if its polls are not counted here.
    task: u64,
}

impl<F: Future> Blocked<F> {
    /// Wraps a future.
    #[inline]
    pub fn new(future: F) -> Self {
        let task = blocking_task();
        Blocked { future, task }
    }
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
            (Pin::new_unchecked(&mut this.future), this.task)
        };
        let _counted = Counted::begin(task);
        future.poll(cx)
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

/// A poll of what a task blocks on, until this is dropped.
struct Counted {
    /// The task whose poll was counted around this one; 0 for none.
    outer: u64,
}

impl Counted {
    /// Counts a poll for `task`, unless that is 0 or the thread is within a counted poll of the task already.
    #[inline]
    fn begin(task: u64) -> Option<Self> {
        if task == 0 {
            return None;
        }
        local::with(|local| {
            let outer = local.blocked.get();
            (task != outer).then(|| {
                count_poll(local, task);
                local.blocked.set(task);
                Counted { outer }
            })
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        local::with(|local| local.blocked.set(self.outer));
    }
}

/// Counts a poll if the thread still runs the task. A function named `block_on` may hand the future to another thread.
fn count_poll(local: &Local, task: u64) {
    let current = local.current();
    if let Some(task) = current.filter(|current| current.id() == task) {
        task.add_poll();
    }
}
