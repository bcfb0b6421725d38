//! Deadlines that never pass, and scopes that abort nothing.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};

use super::absent::absent;
use super::hooks::SubtreeTask;
use super::passes_on::passes_on;

passes_on! {
    pub struct WithDeadline<F>: |output| output => F::Output;
    pub struct Abortable<F>: |output| Ok(output) => Result<F::Output, Aborted>;
}

absent! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Aborted {
        fn is_late(&self) -> bool;
    }
}

absent!(impl Display for Aborted);

impl Error for Aborted {}

#[inline]
pub fn with_deadline<F: Future>(deadline: Instant, future: F) -> WithDeadline<F> {
    WithDeadline::around(future)
}

#[inline]
pub fn with_deadline_blocking<R>(deadline: Instant, f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub fn with_timeout<F: Future>(timeout: Duration, future: F) -> WithDeadline<F> {
    WithDeadline::around(future)
}

#[inline]
pub fn with_timeout_blocking<R>(timeout: Duration, f: impl FnOnce() -> R) -> R {
    f()
}

#[inline]
pub fn deadline() -> Option<Instant> {
    None
}

#[inline]
pub fn remaining() -> Option<Duration> {
    None
}

impl<F: Future> WithDeadline<F> {
    #[inline]
    pub fn enforce(self) -> Abortable<F> {
        Abortable::around(self.0)
    }
}

#[inline]
pub fn is_cancelled() -> bool {
    false
}

#[inline]
pub fn cancelled() -> Cancelled {
    Cancelled(())
}

/// Never ready.
#[must_use = "futures do nothing unless polled"]
pub struct Cancelled(());

impl Future for Cancelled {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cancelled")
    }
}

#[derive(Clone, Debug, Default)]
pub struct AbortScope(());

impl AbortScope {
    #[inline]
    pub fn new() -> Self {
        AbortScope(())
    }

    #[inline]
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline]
    pub fn run<F: Future>(&self, future: F) -> Abortable<F> {
        Abortable::around(future)
    }

    #[inline]
    pub fn abort(&self) -> Vec<SubtreeTask> {
        Vec::new()
    }

    #[inline]
    pub fn is_aborted(&self) -> bool {
        false
    }
}
