//! The result of a call that spawns.
//!
//! If a hook has refused the task, generated code passes the verdict on by the result. If the task belongs to a subtree that
//! may be aborted, the subtree keeps an abort handle.

use std::any::TypeId;
use std::fmt::Debug;
use std::io;
use std::marker::PhantomData;
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

/// The result of the `abort` of a handle itself, whatever its type.
#[doc(hidden)]
#[derive(Debug)]
pub struct OwnAbort;

/// A method that a handle's own `abort` hides.
///
/// The trait is implemented for references. So the methods of all traits that the handle itself implements come first.
#[doc(hidden)]
pub trait Abort {
    fn abort(&self) -> NoAbort {
        NoAbort
    }
}

impl<T: ?Sized> Abort for &T {}

/// A method that [`NoAbort`] hides. Generated code calls the method on the result of `abort`, which may borrow from the handle.
#[doc(hidden)]
pub trait AsOwnAbort {
    fn __birthmark_abort(&self) -> OwnAbort {
        OwnAbort
    }
}

impl<T: ?Sized> AsOwnAbort for T {}

impl NoAbort {
    pub fn __birthmark_abort(&self) -> NoAbort {
        NoAbort
    }
}

/// Passes the verdict on by a handle. `_abort` is what its `abort` has returned: [`NoAbort`] if it
/// has none of its own.
///
/// # Panics
///
/// If the handle has no `abort`: then this is the only way to tell the spawner.
#[track_caller]
fn settle<B: 'static>(_abort: B) {
    let aborted = TypeId::of::<B>() != TypeId::of::<NoAbort>();
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

/// A method that a handle's own `abort_handle` hides; see [`Abort`].
#[doc(hidden)]
pub trait GetAbortHandle {
    fn abort_handle(&self) -> NoAbortHandle {
        NoAbortHandle
    }
}

impl<T: ?Sized> GetAbortHandle for &T {}

/// The result of a spawn for which something is pending, and how it and its abort handle are used.
///
/// `F` returns `B`, which is [`OwnAbort`] or [`NoAbort`]. `G` returns `A`, the abort handle or [`NoAbortHandle`]. Both borrow the
/// result, so an `A` of any lifetime compiles.
///
/// Each type dereferences to the next, and the first whose bound holds has the method `settle`; see
/// [`adapt`](crate::abi::adapt). An abort handle that is lent, or that must not go to another thread, is not kept. A result
/// without a method `abort_handle` may be an abort handle itself, as that of `JoinSet::spawn` is.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct Settle<'a, H, A, B, F, G>(SettleClone<'a, H, A, B, F, G>);

/// A result whose method `abort_handle` lends no reference.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct SettleClone<'a, H, A, B, F, G>(SettleHandle<'a, H, A, B, F, G>);

/// A result that is no abort handle itself.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct SettleHandle<'a, H, A, B, F, G>(SettleAny<'a, H, A, B, F, G>);

/// Any other result.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    reason = "the result may be of any type"
)]
pub struct SettleAny<'a, H, A, B, F, G> {
    result: &'a H,
    abort: F,
    abort_handle: G,
    types: PhantomData<(A, B)>,
}

impl<'a, H, A, B: 'static, F: Fn() -> B, G: Fn() -> A> Settle<'a, H, A, B, F, G> {
    pub fn new(result: &'a H, abort: F, abort_handle: G) -> Self {
        Settle(SettleClone(SettleHandle(SettleAny {
            result,
            abort,
            abort_handle,
            types: PhantomData,
        })))
    }
}

impl<T: ?Sized, H, B: 'static, F: Fn() -> B, G> Settle<'_, H, &T, B, F, G> {
    /// Passes a refusal on.
    #[track_caller]
    pub fn settle<R>(&self, table: &'static Sites, entry: usize, _abort: fn(&&T) -> R) {
        let _kept = self.0 .0 .0.unless_refused(table, entry);
    }
}

impl<H, F, G> SettleClone<'_, H, NoAbortHandle, OwnAbort, F, G>
where
    H: Clone + Debug + Send + Sync + 'static,
    F: Fn() -> OwnAbort,
{
    /// Passes a refusal on, or keeps a clone of the result.
    #[track_caller]
    pub fn settle<R: 'static>(&self, table: &'static Sites, entry: usize, abort: fn(&H) -> R) {
        if let Some(this) = self.0 .0.unless_refused(table, entry) {
            keep_with(|| this.result.clone(), abort);
        }
    }
}

impl<H, A, B, F, G> SettleHandle<'_, H, A, B, F, G>
where
    A: Send + Sync + 'static,
    B: 'static,
    F: Fn() -> B,
    G: Fn() -> A,
{
    /// Passes a refusal on, or keeps the abort handle, if it has a method `abort` of its own.
    #[track_caller]
    pub fn settle<R: 'static>(&self, table: &'static Sites, entry: usize, abort: fn(&A) -> R) {
        if let Some(this) = self.0.unless_refused(table, entry) {
            keep_with(|| (this.abort_handle)(), abort);
        }
    }
}

impl<H, A, B: 'static, F: Fn() -> B, G> SettleAny<'_, H, A, B, F, G> {
    /// Passes a refusal on.
    #[track_caller]
    pub fn settle<R>(&self, table: &'static Sites, entry: usize, _abort: fn(&A) -> R) {
        let _kept = self.unless_refused(table, entry);
    }

    /// Passes a refusal on if there is one. Otherwise, returns whether the result is to be kept.
    #[track_caller]
    fn unless_refused(&self, table: &'static Sites, entry: usize) -> Option<&Self> {
        if refused_at(table, entry) {
            settle((self.abort)());
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

impl<'a, H, A, B, F, G> Deref for Settle<'a, H, A, B, F, G> {
    type Target = SettleClone<'a, H, A, B, F, G>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, H, A, B, F, G> Deref for SettleClone<'a, H, A, B, F, G> {
    type Target = SettleHandle<'a, H, A, B, F, G>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, H, A, B, F, G> Deref for SettleHandle<'a, H, A, B, F, G> {
    type Target = SettleAny<'a, H, A, B, F, G>;

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
