//! The wrapper around a spawned future.

mod refused;
mod slow_poll;

use core::any::{type_name, TypeId};
use core::future::Future;
use core::mem::{self, ManuallyDrop, MaybeUninit};
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};

use self::slow_poll::SlowPoll;
use crate::platform::unwind::{catch_user_panic, OnDrop};
use crate::record::root_future::{RootFuture, RootType};
use crate::record::words::state;
use crate::task::closing;
use crate::task::handle::TaskHandle;
use crate::task::spawn::NewHandle;
use crate::thread::local;
use crate::thread::running::Running;
use crate::thread::waker::AwakablePoll;

/// A spawned future with its handle: one word more than the future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Instrumented<F> {
    /// Untracked once the future has completed, which ends the task; there is nothing to drop then.
    handle: ManuallyDrop<TaskHandle>,
    /// Dropped by our own `drop`, while the task is current. Structurally pinned. Uninitialised if, and only if, the
    /// handle is refused.
    future: MaybeUninit<F>,
}

/// Wraps a future.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn future<F: Future>(handle: TaskHandle, future: F) -> Instrumented<F> {
    let may_be_refused = true;
    let handle = NewHandle {
        handle,
        may_be_refused,
    };
    Instrumented::new(handle, future)
}

/// Wraps a function that makes the future where it will run. If it is refused, the function is dropped here.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn future_fn<F, Fut>(handle: TaskHandle, f: F) -> impl FnOnce() -> Instrumented<Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    let f = match handle.is_refused() {
        true => {
            drop(f);
            None
        }
        false => Some(f),
    };
    move || match f {
        Some(f) => future(handle, f()),
        None => Instrumented::empty(handle),
    }
}

impl<F> Instrumented<F> {
    /// Wraps a future. If it is refused, it is dropped here, by the spawner, before the callee is called.
    #[inline(always)]
    pub(crate) fn new(new: NewHandle, future: F) -> Self {
        let NewHandle {
            handle,
            may_be_refused,
        } = new;
        if may_be_refused && handle.is_refused() {
            let future = ManuallyDrop::new(future);
            // SAFETY: read once, from what is not dropped. A copy of its own spares the usual way one: there the
            // address of the future is not taken.
            return Instrumented::refused(handle, unsafe { ptr::read(&*future) });
        }
        Instrumented {
            handle: ManuallyDrop::new(handle),
            future: MaybeUninit::new(future),
        }
    }

    /// Wraps a future without a record.
    pub(crate) fn unrecorded(future: F) -> Self {
        Instrumented::new(NewHandle::accepted(TaskHandle::untracked()), future)
    }

    /// Gives a record to a future that has none, before its first poll.
    pub(crate) fn begin(self: Pin<&mut Self>, handle: TaskHandle) {
        debug_assert!(self.handle.is_untracked() && !handle.is_refused());
        // SAFETY: nothing is moved out of it, and the handle is not structurally pinned.
        let this = unsafe { self.get_unchecked_mut() };
        this.handle = ManuallyDrop::new(handle);
    }

    #[cold]
    #[inline(never)]
    fn refused(handle: TaskHandle, future: F) -> Self {
        drop(future);
        Instrumented::empty(handle)
    }

    /// Returns the wrapper that is left of a refused future.
    fn empty(handle: TaskHandle) -> Self {
        debug_assert!(handle.is_refused());
        Instrumented {
            handle: ManuallyDrop::new(handle),
            future: MaybeUninit::uninit(),
        }
    }
}

impl<F: Future> Instrumented<F> {
    /// The type of the future, for readers of its state machine.
    const ROOT_TYPE: &'static RootType = &RootType {
        vtable: vtable::<F>,
        from_handle: mem::offset_of!(Self, future).wrapping_sub(mem::offset_of!(Self, handle)),
        size: size_of::<F>(),
        name: type_name::<F>,
    };
}

/// A trait whose vtables lead to the types of futures.
///
/// Compilers and linkers merge vtables with equal contents, so each vtable has a function that returns something else. The
/// vtable of `Future` would do as well. But it refers to `poll`, which is then not inlined where it is called.
trait Identified {
    #[expect(
        dead_code,
        reason = "debug information and readers use the vtable alone"
    )]
    fn identity(&self) -> TypeId
    where
        Self: 'static;
}

impl<F> Identified for F {
    fn identity(&self) -> TypeId
    where
        Self: 'static,
    {
        TypeId::of::<F>()
    }
}

/// Returns the address of the vtable.
pub(super) fn vtable<'a, F: 'a>() -> *const () {
    let object: *const (dyn Identified + 'a) = ptr::null::<F>();
    // SAFETY: a pointer to a trait object consists of two pointers, that of the value and that of the vtable. The sizes
    // are compared at compile time.
    let [_, vtable] =
        unsafe { mem::transmute::<*const (dyn Identified + 'a), [*const (); 2]>(object) };
    vtable
}

// The address-sensitive part is `F`; the handle can move.
impl<F: Unpin> Unpin for Instrumented<F> {}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    // A `poll` of the user's that asks for its caller is told the same as without the wrapper.
    #[inline(always)]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of it; see below for the future.
        let this = unsafe { self.get_unchecked_mut() };
        let (handle, future) = (&mut this.handle, &mut this.future);
        // Made where it is polled. A closure would hide the caller.
        macro_rules! future {
            () => {
                // SAFETY: `future` is structurally pinned: it is never moved out of, it is dropped in place, and Unpin
                // is implemented only where F is. It is initialised, because the handle is not refused here.
                unsafe { Pin::new_unchecked(future.assume_init_mut()) }
            };
        }
        if !SHARED {
            // It has a slot, so it is not refused.
            if let Some((running, now)) = Running::start_fast(handle.raw()) {
                let (task, place) = (running.task(), ptr::from_ref(&**handle));
                let publish = || {
                    RootFuture::publish(task.slot(), place.cast(), handle.raw().0, Self::ROOT_TYPE)
                };
                let awakable = AwakablePoll::begin(task, cx.waker(), now, publish);
                let waker = awakable.waker();
                let result = future!().poll(&mut Context::from_waker(&waker));
                handle.stop(running, awakable, result.is_ready());
                return result;
            }
            if handle.is_untracked_at(local::with(|local| local.position.get())) {
                return future!().poll(cx);
            }
        }
        if handle.is_refused() {
            return refused::poll(handle, cx.waker());
        }
        let Some(slow_poll) = SlowPoll::begin(handle, cx.waker(), Self::ROOT_TYPE) else {
            return Poll::Pending;
        };
        let waker = slow_poll.waker();
        let result = future!().poll(&mut Context::from_waker(&waker));
        slow_poll.end(result.is_ready());
        result
    }
}

/// `true` if all types of futures share one copy of the code around a poll. It is slower, and compiles faster, which
/// suits a debug build.
const SHARED: bool = cfg!(debug_assertions);

impl TaskHandle {
    /// Ends a poll, and with it the task if the future was ready.
    #[inline(always)]
    fn stop(&mut self, running: Running, awakable: AwakablePoll<'_>, ready: bool) {
        let may_have_wakers = awakable.end();
        if ready {
            if may_have_wakers {
                running.task().set_awakable();
            }
            // SAFETY: the handle is forgotten below.
            unsafe { running.complete() };
            mem::forget(mem::replace(self, TaskHandle::untracked()));
        } else {
            running.stop(state::SUSPENDED);
        }
    }
}

impl<F> Drop for Instrumented<F> {
    // As little as possible is on the way of a task that has completed.
    #[inline]
    fn drop(&mut self) {
        // By value: otherwise whoever moves the wrapper keeps a copy in memory on account of this.
        // SAFETY: taken here, once; nothing uses it afterwards.
        let handle = unsafe { ManuallyDrop::take(&mut self.handle) };
        // SAFETY: called once below, in place, if the handle is not refused; nothing uses it afterwards.
        let mut drop_future = || unsafe { self.future.assume_init_drop() };
        if SHARED {
            drop_unfinished(handle, &mut drop_future);
        } else if handle.is_untracked() {
            drop_future();
        } else {
            let owns_future = begin_drop(handle);
            let _drop_guard = OnDrop(end_drop);
            if owns_future {
                drop_future();
            }
        }
    }
}

/// Drops a future that has not completed: as its task, which ends with it, also by a panic. The handle is on the
/// thread's [list](crate::thread::dropping::Dropping) meanwhile.
fn drop_unfinished(handle: TaskHandle, drop_future: &mut dyn FnMut()) {
    let owns_future = begin_drop(handle);
    let _drop_guard = OnDrop(end_drop);
    if owns_future {
        drop_future();
    }
}

/// Begins to drop the future as its task. Panics of hooks end here. Returns `true` if there is a future: it was not
/// refused.
#[cold]
#[inline(never)]
fn begin_drop(handle: TaskHandle) -> bool {
    let owns_future = !handle.is_refused();
    catch_user_panic(|| closing::begin_drop(handle));
    owns_future
}

#[cold]
#[inline(never)]
fn end_drop() {
    catch_user_panic(closing::end_drop);
}
