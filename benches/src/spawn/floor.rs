//! The least that any wrapper costs: what is left of birthmark when one feature after the other is
//! taken away. None of these could be used; they tell how much of a bar is the runtime's own price for
//! a task that is a word larger and has something to drop.
//!
//! The bars themselves come from a prototype, [`Sketch`], in a build with link-time optimization, where
//! most of that price is gone: `cargo run --profile lto -p birthmark-benches --bin floor`.

use std::cell::Cell;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::{ptr, thread};

use tokio::task::JoinHandle;

use super::{Spawn, SpawnMore};
use crate::work::{Task, work};

/// What a wrapper keeps beside the task.
pub trait Handle: Send + 'static {
    /// What must be put back after a run.
    type Outer;

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
pub struct Husk(u64);

/// A record that is taken from the thread's own list, written once, made current by each run, counted
/// and put back. It leaves out: threads that end what others began, lineage that outlives a parent,
/// names, hooks, switching off, panics, memory given back.
#[derive(Debug)]
pub struct Least(Option<&'static Record>);

/// The prototype: a record of one line of the cache, taken from the thread's own list, with an id of the
/// slot and its generation, the state, and how often it was polled. Its end is noticed by `Drop` alone, on
/// whatever thread that is. It leaves out, besides: counts, how the task has ended, and when.
#[derive(Debug)]
pub struct Sketch(&'static Record);

#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Record {
    id: AtomicU64,
    status: AtomicU64,
    site: AtomicU64,
    parent: AtomicPtr<Record>,
    polls: AtomicU64,
    born: AtomicU64,
}

/// 0, unknown to the compiler.
static NOTHING: AtomicU64 = AtomicU64::new(0);
static TICK: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static FREE: Cell<*const Record> = const { Cell::new(ptr::null()) };
    static CURRENT: Cell<*const Record> = const { Cell::new(ptr::null()) };
    static NEXT_ID: Cell<u64> = const { Cell::new(1) };
    static ENDED: Cell<u64> = const { Cell::new(0) };
}

impl Handle for Word {
    type Outer = ();

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

impl Handle for Husk {
    type Outer = ();

    #[inline(always)]
    fn born() -> Self {
        Husk(NOTHING.load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn start(&self) {}

    #[inline(always)]
    fn stop(&mut self, (): (), _: bool) {}
}

impl Drop for Husk {
    #[inline]
    fn drop(&mut self) {
        if self.0 != 0 {
            end_badly();
        }
    }
}

impl Handle for Least {
    type Outer = *const Record;

    #[inline(always)]
    fn born() -> Self {
        let free = FREE.get();
        // SAFETY: null, or leaked by `fresh`.
        let record = unsafe { free.as_ref() }.unwrap_or_else(|| fresh());
        FREE.set(record.parent.load(Ordering::Relaxed));
        let (id, tick) = (NEXT_ID.get(), TICK.load(Ordering::Relaxed));
        NEXT_ID.set(id + 1);
        record.status.store(tick, Ordering::Relaxed);
        record
            .site
            .store(ptr::from_ref(&TICK).addr() as u64, Ordering::Relaxed);
        record
            .parent
            .store(CURRENT.get().cast_mut(), Ordering::Relaxed);
        record.polls.store(0, Ordering::Relaxed);
        record.born.store(tick, Ordering::Relaxed);
        record.id.store(id, Ordering::Release);
        Least(Some(record))
    }

    #[inline(always)]
    fn start(&self) -> *const Record {
        let Some(record) = self.0 else {
            return ptr::null();
        };
        let status = TICK.load(Ordering::Relaxed) | 2;
        record.status.store(status, Ordering::Relaxed);
        let polls = record.polls.load(Ordering::Relaxed);
        record.polls.store(polls + 1, Ordering::Relaxed);
        CURRENT.replace(record)
    }

    #[inline(always)]
    fn stop(&mut self, outer: *const Record, done: bool) {
        CURRENT.set(outer);
        let Some(record) = self.0 else { return };
        if !done {
            record
                .status
                .store(TICK.load(Ordering::Relaxed), Ordering::Relaxed);
            return;
        }
        ENDED.set(ENDED.get() + 1);
        record.id.store(0, Ordering::Release);
        record
            .parent
            .store(FREE.replace(record).cast_mut(), Ordering::Relaxed);
        self.0 = None;
    }
}

impl Drop for Least {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            end_badly();
        }
    }
}

impl Handle for Sketch {
    type Outer = *const Record;

    #[inline(always)]
    fn born() -> Self {
        // SAFETY: null, or leaked by `fresh`.
        let record = unsafe { FREE.get().as_ref() }.unwrap_or_else(|| fresh());
        FREE.set(record.parent.load(Ordering::Relaxed));
        // SAFETY: as above.
        let parent = unsafe { CURRENT.get().as_ref() };
        let parent = parent.map_or(0, |parent| parent.id.load(Ordering::Relaxed));
        let generation = record.born.load(Ordering::Relaxed) + 1;
        record.born.store(generation, Ordering::Relaxed);
        record.site.store(parent, Ordering::Relaxed);
        record.polls.store(0, Ordering::Relaxed);
        record.status.store(0, Ordering::Relaxed);
        let id = generation << 32 | u64::from(ptr::from_ref(record).addr() as u32);
        record.id.store(id, Ordering::Release);
        Sketch(record)
    }

    #[inline(always)]
    fn start(&self) -> *const Record {
        let record = self.0;
        record.status.store(2, Ordering::Relaxed);
        let polls = record.polls.load(Ordering::Relaxed);
        record.polls.store(polls + 1, Ordering::Relaxed);
        CURRENT.replace(record)
    }

    #[inline(always)]
    fn stop(&mut self, outer: *const Record, _: bool) {
        CURRENT.set(outer);
        self.0.status.store(1, Ordering::Relaxed);
    }
}

impl Drop for Sketch {
    #[inline]
    fn drop(&mut self) {
        self.0.id.store(0, Ordering::Release);
        let below = FREE.replace(self.0);
        self.0.parent.store(below.cast_mut(), Ordering::Relaxed);
    }
}

#[cold]
#[inline(never)]
fn end_badly() {
    ENDED.set(ENDED.get() + 1);
}

#[cold]
#[inline(never)]
fn fresh() -> &'static Record {
    Box::leak(Box::default())
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
