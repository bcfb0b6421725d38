//! Checks for leaks that find none.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use birthmark_core::__reader::absent;

use crate::{Dump, Filter};

absent! {
    #[derive(Debug)]
    pub struct Leaks {
        fn count(&self) -> usize;
        fn dump(&self) -> &Dump;
    }
}

absent!(impl Display for Leaks);

impl Error for Leaks {}

#[inline]
pub fn assert_no_leaks<F: Future>(future: F) -> impl Future<Output = F::Output> {
    future
}

#[inline]
pub fn leak_scope() -> LeakScope {
    LeakScope(())
}

#[derive(Clone, Debug, Default)]
#[must_use = "a check does nothing until it is run"]
pub struct LeakCheck(());

impl LeakCheck {
    #[inline]
    pub const fn new() -> Self {
        LeakCheck(())
    }

    #[inline]
    pub fn grace(self, grace: Duration) -> Self {
        self
    }

    #[inline]
    pub fn ignore(self, tasks: Filter) -> Self {
        self
    }

    #[inline]
    pub fn assert<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        future
    }

    #[allow(clippy::manual_async_fn, reason = "the signature is that of the check")]
    #[inline]
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = (F::Output, Result<(), Leaks>)> {
        async move { (future.await, Ok(())) }
    }

    #[inline]
    pub fn scope(self) -> LeakScope {
        LeakScope(())
    }
}

#[derive(Debug)]
#[must_use = "a scope ends when its guard is dropped"]
pub struct LeakScope(());

/// Does nothing. The type has a destructor because it has one while birthmark is on.
impl Drop for LeakScope {
    #[inline]
    fn drop(&mut self) {}
}
