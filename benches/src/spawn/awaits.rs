//! Awaits of a task that runs: most futures are ready at their first poll.

use std::hint::black_box;

use await_tree::InstrumentAwait as _;
use tokio::sync::Mutex;

use super::{AsyncBacktrace, AwaitTree, Birthmark, Raw, Spawn, Tracing};

/// Awaits something many times, with whatever a variant offers to see the await.
pub trait Awaits: Spawn {
    /// An async function that is ready at once.
    fn ready(times: usize) -> impl Future<Output = ()> + Send;

    /// An async function that is ready at once, below four others.
    fn below_four(times: usize) -> impl Future<Output = ()> + Send;

    /// A mutex that nobody else locks.
    fn lock(times: usize) -> impl Future<Output = ()> + Send;

    /// `tokio::task::yield_now`.
    fn yield_now(times: usize) -> impl Future<Output = ()> + Send;
}

macro_rules! awaits {
    ($(#[$attribute:meta])? $variant:ty, $awaited:ident => $instrumented:expr) => {
        const _: () = {
            async fn nothing(number: usize) -> usize {
                black_box(number)
            }

            $(#[$attribute])?
            impl Awaits for $variant {
                async fn ready(times: usize) {
                    for time in 0..times {
                        let $awaited = nothing(time);
                        $instrumented.await;
                    }
                }

                async fn below_four(times: usize) {
                    async fn third(times: usize) {
                        let $awaited = <$variant>::ready(times);
                        $instrumented.await;
                    }
                    async fn second(times: usize) {
                        let $awaited = third(times);
                        $instrumented.await;
                    }
                    async fn first(times: usize) {
                        let $awaited = second(times);
                        $instrumented.await;
                    }
                    let $awaited = first(times);
                    $instrumented.await;
                }

                async fn lock(times: usize) {
                    let mutex = Mutex::new(0);
                    for _ in 0..times {
                        let $awaited = mutex.lock();
                        *$instrumented.await += 1;
                    }
                }

                async fn yield_now(times: usize) {
                    for _ in 0..times {
                        let $awaited = tokio::task::yield_now();
                        $instrumented.await;
                    }
                }
            }
        };
    };
}

awaits!(Raw, awaited => awaited);
awaits!(#[birthmark::instrument] Birthmark, awaited => awaited);
awaits!(AsyncBacktrace, awaited => async_backtrace::frame!(awaited));
awaits!(AwaitTree, awaited => awaited.instrument_await("awaited"));
awaits!(Tracing, awaited => tracing::Instrument::instrument(awaited, tracing::info_span!("awaited")));
