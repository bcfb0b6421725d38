//! The result of a call that spawns.
//!
//! If a hook has refused the task, generated code passes the verdict on by the result. If the task belongs to a subtree that
//! may be aborted, the subtree keeps an abort handle.

use std::any::TypeId;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use crate::abi::adapt::Probe;
use crate::abi::at::refused_at;
use crate::hook::{note, panic_with, take};
use crate::subtree::{begin_keeping, keep, AbortHandle};
use crate::types::site::Sites;

/// The result of [`Abort::abort`] for a handle without an `abort` of its own.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoAbort;

/// A method that a handle's own `abort` hides.
#[doc(hidden)]
pub trait Abort {
    fn abort(&self) -> NoAbort {
        NoAbort
    }
}

impl<T: ?Sized> Abort for T {}

/// Passes the verdict on by a handle. `_abort` is what its `abort` has returned: [`NoAbort`] if it
/// has none of its own.
///
/// # Panics
///
/// If the handle has no `abort`: then this is the only way to tell the spawner.
#[track_caller]
fn settle<A: 'static>(_abort: A) {
    let aborted = TypeId::of::<A>() != TypeId::of::<NoAbort>();
    let Some(task) = take() else {
        return;
    };
    task.decide(aborted);
    match aborted {
        true => note(task.refusal()),
        false => panic_with(task.refusal()),
    }
}

/// The result of [`GetAbortHandle::abort_handle`] for a handle without an `abort_handle` of its own.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoAbortHandle;

/// A method that a handle's own `abort_handle` hides.
#[doc(hidden)]
pub trait GetAbortHandle {
    fn abort_handle(&self) -> NoAbortHandle {
        NoAbortHandle
    }
}

impl<T: ?Sized> GetAbortHandle for T {}

/// The result of a spawn for which something is pending, and how it and its abort handle are used.
///
/// Each type dereferences to the next, and the first whose bound holds has the method `settle`; see
/// [`adapt`](crate::abi::adapt). A result without a method `abort_handle` may be an abort handle itself, as that of
/// `JoinSet::spawn` is. An abort handle that must not go to another thread is not kept.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct Settle<'a, H, A, B>(SettleHandle<'a, H, A, B>);

/// A result with a method `abort_handle`.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct SettleHandle<'a, H, A, B>(SettleAny<'a, H, A, B>);

/// Any other result.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct SettleAny<'a, H, A, B> {
    result: &'a H,
    abort: fn(&H) -> B,
    abort_handle: fn(&H) -> A,
}

impl<'a, H, A, B: 'static> Settle<'a, H, A, B> {
    pub fn new(result: &'a H, abort: fn(&H) -> B, abort_handle: fn(&H) -> A) -> Self {
        Settle(SettleHandle(SettleAny {
            result,
            abort,
            abort_handle,
        }))
    }
}

impl<H: Clone + Send + Sync + 'static, B: 'static> Settle<'_, H, NoAbortHandle, B> {
    /// Passes a refusal on, or keeps a clone of the result, if it has a method `abort` of its own.
    #[track_caller]
    pub fn settle<R: 'static>(&self, table: &'static Sites, entry: usize, abort: fn(&H) -> R) {
        if let Some(this) = self.0 .0.unless_refused(table, entry) {
            keep_with(|| this.result.clone(), abort);
        }
    }
}

impl<H, A: Send + Sync + 'static, B: 'static> SettleHandle<'_, H, A, B> {
    /// Passes a refusal on, or keeps the abort handle, if it has a method `abort` of its own.
    #[track_caller]
    pub fn settle<R: 'static>(&self, table: &'static Sites, entry: usize, abort: fn(&A) -> R) {
        if let Some(this) = self.0.unless_refused(table, entry) {
            keep_with(|| (this.abort_handle)(this.result), abort);
        }
    }
}

impl<H, A, B: 'static> SettleAny<'_, H, A, B> {
    /// Passes a refusal on.
    #[track_caller]
    pub fn settle<R>(&self, table: &'static Sites, entry: usize, _abort: fn(&A) -> R) {
        let _kept = self.unless_refused(table, entry);
    }

    /// Passes a refusal on if there is one. Otherwise, returns whether the result is to be kept.
    #[track_caller]
    fn unless_refused(&self, table: &'static Sites, entry: usize) -> Option<&Self> {
        if refused_at(table, entry) {
            settle((self.abort)(self.result));
            return None;
        }
        begin_keeping(table.at(entry)).then_some(self)
    }
}

fn keep_with<A: Send + Sync + 'static, R: 'static>(get: impl FnOnce() -> A, abort: fn(&A) -> R) {
    if TypeId::of::<R>() != TypeId::of::<NoAbort>() {
        let handle = get();
        keep(Arc::new(KeptHandle { handle, abort }));
    }
}

impl<'a, H, A, B> Deref for Settle<'a, H, A, B> {
    type Target = SettleHandle<'a, H, A, B>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, H, A, B> Deref for SettleHandle<'a, H, A, B> {
    type Target = SettleAny<'a, H, A, B>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

struct KeptHandle<A, R> {
    handle: A,
    abort: fn(&A) -> R,
}

impl<A: Send + Sync, R> AbortHandle for KeptHandle<A, R> {
    fn abort(&self) {
        (self.abort)(&self.handle);
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct ScopedVerdict;

#[doc(hidden)]
pub trait ViaScoped {
    fn verdict(&self) -> ScopedVerdict {
        ScopedVerdict
    }
}

impl<T> ViaScoped for &&Probe<io::Result<ScopedJoinHandle<'_, T>>> {}

impl ScopedVerdict {
    /// Waits for the thread, which ends at once. The scope of `thread::scope` would take a thread that was not joined
    /// for one that has panicked, and panic itself.
    pub fn settle<'scope, T>(
        self,
        handle: io::Result<ScopedJoinHandle<'scope, T>>,
    ) -> io::Result<ScopedJoinHandle<'scope, T>> {
        let _ended = handle.map(ScopedJoinHandle::join);
        ResultVerdict.settle(Err(io::ErrorKind::Other.into()))
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct ResultVerdict;

#[doc(hidden)]
pub trait ViaResult {
    fn verdict(&self) -> ResultVerdict {
        ResultVerdict
    }
}

impl<T> ViaResult for &Probe<io::Result<T>> {}

impl ResultVerdict {
    /// Drops the handle, and says why there is none.
    pub fn settle<T>(self, _handle: io::Result<T>) -> io::Result<T> {
        let Some(task) = take() else {
            return Err(io::Error::other("a spawn hook refused this task"));
        };
        task.decide(false);
        note(task.refusal());
        Err(io::Error::other(task.refusal().clone()))
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct HandleVerdict;

#[doc(hidden)]
pub trait ViaHandle {
    fn verdict(&self) -> HandleVerdict {
        HandleVerdict
    }
}

impl<T> ViaHandle for Probe<T> {}

impl HandleVerdict {
    #[track_caller]
    pub fn settle<T>(self, handle: T) -> T {
        settle(NoAbort);
        handle
    }
}
