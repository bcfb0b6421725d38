//! How each variant spawns. What is measured is the difference between these few lines.

use std::thread;

use tokio::task::JoinHandle;

use crate::work::Task;

mod async_backtrace;
mod await_tree;
mod awaits;
mod birthmark;
mod carried;
mod fastrace;
mod levels;
mod lower_bound;
mod population;
mod raw;
mod tracing;

pub use self::async_backtrace::AsyncBacktrace;
pub use self::await_tree::{AwaitTree, registry};
pub use self::awaits::Awaits;
pub use self::birthmark::Birthmark;
pub use self::carried::InCurrentSpan;
pub use self::fastrace::Fastrace;
pub use self::levels::Levels;
pub use self::lower_bound::{DropOnly, FEATURES, Idle, MinimalRecord, Prototype, RecordWith, Word};
pub use self::population::Population;
pub use self::raw::Raw;
pub use self::tracing::Tracing;

/// Spawns tokio tasks.
pub trait Spawn: Send + 'static {
    /// Spawns a future, in the way that the variant's documentation suggests.
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()>;
}

/// Spawns everything else: what only birthmark covers.
pub trait SpawnMore: Spawn {
    /// An async block that awaits `task`, and does a little.
    fn block<T: Task>(task: T) -> JoinHandle<()>;

    /// A rayon job.
    fn job();

    /// An OS thread.
    fn thread() -> thread::JoinHandle<()>;

    /// A rayon `join` of two halves.
    fn join();
}
