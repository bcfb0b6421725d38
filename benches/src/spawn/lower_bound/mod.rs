//! The least cost of any wrapper: birthmark without one feature after the other. No program could use these wrappers.
//! They show which part of a budget is the runtime's own price for a task that is a word larger and has something to
//! drop.
//!
//! The budgets themselves come from a prototype, [`Prototype`], in a build with link-time optimization, where
//! most of that price is gone: `cargo run --profile lto -p birthmark-benches --bin lower-bound`.

mod idle;
mod prototype;
mod record;

use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;

use tokio::task::JoinHandle;

pub use self::idle::Idle;
pub use self::prototype::Prototype;
pub use self::record::{FEATURES, MinimalRecord, RecordWith};

use super::{Levels, Spawn, SpawnMore};
use crate::work::{Task, work};

/// A value that a wrapper keeps beside the task.
pub trait Handle: Send + 'static {
    /// The state that must be restored after a run.
    type Outer;
    /// The value that it keeps at each `.await`.
    type Level: Handle;

    /// Made by the spawner.
    fn born() -> Self;

    /// Before each poll, or before the closure.
    fn start(&self) -> Self::Outer;

    /// After it. `done` unless a future is pending.
    fn stop(&mut self, outer: Self::Outer, done: bool);
}

/// A word that is carried along, and nothing else.
#[derive(Debug)]
pub struct Word(u64);

/// A word that is tested when it is dropped.
#[derive(Debug)]
pub struct DropOnly(u64);

/// 0, unknown to the compiler.
static NOTHING: AtomicU64 = AtomicU64::new(0);

impl Handle for Word {
    type Outer = ();
    type Level = Word;

    #[inline(always)]
    fn born() -> Self {
        Word(NOTHING.load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn start(&self) {}

    #[inline(always)]
    fn stop(&mut self, (): (), _: bool) {
        black_box(self.0);
    }
}

impl Handle for DropOnly {
    type Outer = ();
    type Level = DropOnly;

    #[inline(always)]
    fn born() -> Self {
        DropOnly(NOTHING.load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn start(&self) {}

    #[inline(always)]
    fn stop(&mut self, (): (), _: bool) {}
}

impl Drop for DropOnly {
    #[inline]
    fn drop(&mut self) {
        if self.0 != 0 {
            end_badly();
        }
    }
}

#[cold]
#[inline(never)]
fn end_badly() {
    black_box(&NOTHING);
}

/// A future with a handle.
#[derive(Debug)]
pub struct Wrapped<H, F> {
    handle: H,
    future: F,
}

impl<H: Handle, F: Future> Future for Wrapped<H, F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved; the handle is not pinned.
        let (handle, future) = unsafe {
            let this = self.get_unchecked_mut();
            (&mut this.handle, Pin::new_unchecked(&mut this.future))
        };
        let outer = handle.start();
        let result = future.poll(cx);
        handle.stop(outer, result.is_ready());
        result
    }
}

impl<H: Handle> Spawn for H {
    #[inline(never)]
    fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) -> JoinHandle<()> {
        let handle = H::born();
        tokio::spawn(Wrapped { handle, future })
    }
}

impl<H: Handle> Levels for H {
    async fn one<F, M>(make: M)
    where
        F: Future<Output = ()> + Send,
        M: FnOnce() -> F + Send,
    {
        let (handle, future) = (H::Level::born(), make());
        Wrapped { handle, future }.await;
    }
}

/// Runs a closure with its handle.
#[inline(always)]
fn run<H: Handle>(mut handle: H, f: impl FnOnce()) {
    let outer = handle.start();
    f();
    handle.stop(outer, true);
}

impl<H: Handle> SpawnMore for H {
    #[inline(never)]
    fn block<T: Task>(task: T) -> JoinHandle<()> {
        let handle = H::born();
        let future = async move {
            task.await;
            work([0; 3]);
        };
        tokio::spawn(Wrapped { handle, future })
    }

    #[inline(never)]
    fn job() {
        let handle = H::born();
        let payload = black_box([0; 3]);
        rayon::spawn(move || run(handle, || work(payload)));
    }

    #[inline(never)]
    fn thread() -> thread::JoinHandle<()> {
        let handle = H::born();
        let payload = black_box([0; 3]);
        thread::spawn(move || run(handle, || work(payload)))
    }

    fn join() {
        unimplemented!("nothing is wrapped around a join");
    }
}
