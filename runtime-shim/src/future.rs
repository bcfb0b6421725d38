//! The wrapper around a spawned future.

use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::birth::{contained, Birth, Status};
use crate::frame::Inside;
use crate::registry::slot::state;
use crate::running::Running;

/// A spawned future with its birth: one word more than the future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Instrumented<F> {
    /// Untracked once the future has completed, which ends the task; there is nothing to drop then.
    birth: ManuallyDrop<Birth>,
    /// Dropped by our own `drop`, while the task is current. Structurally pinned.
    future: ManuallyDrop<F>,
}

/// Wraps a future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn future<F: Future>(birth: Birth, future: F) -> Instrumented<F> {
    Instrumented {
        birth: ManuallyDrop::new(birth),
        future: ManuallyDrop::new(future),
    }
}

/// Wraps a function that makes the future where it will run.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn future_fn<F, Fut>(birth: Birth, f: F) -> impl FnOnce() -> Instrumented<Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    move || future(birth, f())
}

// The address-sensitive part is `F`; the birth can move.
impl<F: Unpin> Unpin for Instrumented<F> {}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is structurally pinned: it is never moved out of, it is dropped in
        // place, and Unpin is implemented only where F is.
        let (birth, future) = unsafe {
            let this = self.get_unchecked_mut();
            (&mut this.birth, Pin::new_unchecked(&mut *this.future))
        };
        if SHARED {
            return poll_special(birth, future, cx);
        }
        if birth.is_untracked() && !Inside::records() {
            return future.poll(cx);
        }
        let Some(running) = birth.as_plain().and_then(Running::start_fast) else {
            return poll_special(birth, future, cx);
        };
        let result = future.poll(cx);
        birth.stop(running, result.is_ready());
        result
    }
}

/// Whether all types of futures share one copy of what is done around them, which is slower, but
/// compiles faster. That is what a debug build is for.
const SHARED: bool = cfg!(debug_assertions);

/// Polls a future that is refused, has something attached, is not recorded while its thread's task
/// is, or is the first to run on its thread; any, where it is shared.
#[cold]
fn poll_special<F: Future>(
    birth: &mut Birth,
    mut future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    let mut result = Poll::Pending;
    // As little as possible is compiled anew for each type of future.
    birth.poll_by(cx, &mut |cx| {
        result = future.as_mut().poll(cx);
        result.is_ready()
    });
    result
}

impl Birth {
    /// Polls by `poll`, which returns whether the future was ready.
    fn poll_by(&mut self, cx: &mut Context<'_>, poll: &mut dyn FnMut(&mut Context<'_>) -> bool) {
        match self.status() {
            Status::Plain(slot) => {
                let running = Running::start(slot);
                let ready = poll(cx);
                self.stop(running, ready);
            }
            Status::Attached(attached) => attached.poll(cx, poll),
            // Whoever spawned it is told by the callee's own means (see `refusal.rs`).
            Status::Refused(_) => {}
            Status::Untracked => {
                // The frames of a task that is not recorded are not those of whoever polls it.
                let _muted = Inside::muted();
                poll(cx);
            }
        }
    }

    /// Ends a poll, and with it the task if the future was ready.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn stop(&mut self, running: Running, ready: bool) {
        if ready {
            running.complete();
            core::mem::forget(core::mem::replace(self, Birth::untracked()));
        } else {
            running.stop(state::SUSPENDED);
        }
    }

    /// Drops a future that has not completed, as its task, and with it the task.
    #[inline(never)]
    fn drop_unfinished(self, drop_future: &mut dyn FnMut()) {
        match self.status() {
            Status::Plain(slot) => crate::running::as_current(slot, drop_future),
            Status::Attached(attached) => attached.during_drop(drop_future),
            Status::Untracked | Status::Refused(_) => drop_future(),
        }
    }
}

impl<F> Drop for Instrumented<F> {
    // As little as possible is on the way of a task that has completed.
    #[inline]
    fn drop(&mut self) {
        if !SHARED && self.birth.is_untracked() {
            // SAFETY: dropped here, once, in place; nothing uses it afterwards.
            unsafe { ManuallyDrop::drop(&mut self.future) };
        } else if SHARED || core::mem::needs_drop::<F>() {
            drop_unfinished(self);
        } else {
            // By value, so that the wrapper need not be in memory.
            // SAFETY: taken here, once; nothing uses it afterwards.
            end_unfinished(unsafe { ManuallyDrop::take(&mut self.birth) });
        }
    }
}

/// Ends a task whose future has nothing to drop. Declared as what cannot unwind, which spares the
/// runtime all that it would do about that.
#[cold]
#[inline(never)]
extern "C" fn end_unfinished(birth: Birth) {
    contained(|| drop(birth));
}

#[cold]
#[inline(never)]
fn drop_unfinished<F>(this: &mut Instrumented<F>) {
    // SAFETY: as above. The birth is dropped after the future, also if that panics.
    let birth = unsafe { ManuallyDrop::take(&mut this.birth) };
    // SAFETY: as above.
    birth.drop_unfinished(&mut || unsafe { ManuallyDrop::drop(&mut this.future) });
}
