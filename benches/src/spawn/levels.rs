//! A future that is awaited at several levels, each with whatever a variant offers to see it there.

use await_tree::InstrumentAwait as _;

use super::{AsyncBacktrace, AwaitTree, Birthmark, Raw, Spawn};

/// Makes a future and awaits it, at one level or at five.
pub trait Levels: Spawn {
    /// At one.
    fn one<F, M>(make: M) -> impl Future<Output = ()> + Send
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send;

    /// At five.
    fn five<F, M>(make: M) -> impl Future<Output = ()> + Send
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        Self::one(|| Self::one(|| Self::one(|| Self::one(|| Self::one(make)))))
    }
}

impl Levels for Raw {
    async fn one<F, M>(make: M)
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        make().await;
    }
}

#[birthmark::instrument]
impl Levels for Birthmark {
    async fn one<F, M>(make: M)
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        make().await;
    }
}

impl Levels for AsyncBacktrace {
    async fn one<F, M>(make: M)
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        async_backtrace::frame!(make()).await;
    }
}

impl Levels for AwaitTree {
    async fn one<F, M>(make: M)
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        make().instrument_await("inner").await;
    }
}
