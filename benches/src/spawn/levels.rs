//! A future that is awaited at several levels, each with whatever a variant offers to see it there.

use await_tree::InstrumentAwait as _;

use super::{AsyncBacktrace, AwaitTree, Birthmark, Raw, Spawn};

/// Awaits a future at one level, or at five.
pub trait Levels: Spawn {
    /// At one.
    fn one<F: Future<Output = ()> + Send>(inner: F) -> impl Future<Output = ()> + Send;

    /// At five.
    fn five<F: Future<Output = ()> + Send>(inner: F) -> impl Future<Output = ()> + Send {
        Self::one(Self::one(Self::one(Self::one(Self::one(inner)))))
    }
}

impl Levels for Raw {
    async fn one<F: Future<Output = ()> + Send>(inner: F) {
        inner.await;
    }
}

#[birthmark::instrument]
impl Levels for Birthmark {
    async fn one<F: Future<Output = ()> + Send>(inner: F) {
        inner.await;
    }
}

impl Levels for AsyncBacktrace {
    async fn one<F: Future<Output = ()> + Send>(inner: F) {
        async_backtrace::frame!(inner).await;
    }
}

impl Levels for AwaitTree {
    async fn one<F: Future<Output = ()> + Send>(inner: F) {
        inner.instrument_await("inner").await;
    }
}
