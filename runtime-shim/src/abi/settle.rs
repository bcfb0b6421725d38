//! How a verdict comes out of the call that spawns: generated code passes on what the callee has returned.

use std::any::TypeId;
use std::io;
use std::thread::ScopedJoinHandle;

use crate::abi::adapt::Probe;
use crate::hook::{note, panic_with, take};

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
#[doc(hidden)]
#[track_caller]
pub fn settle<A: 'static>(_abort: A) {
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
