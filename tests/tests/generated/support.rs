//! Parts of generated functions.
#![allow(warnings)]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{JoinHandle, ScopedJoinHandle};

static LOG: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn log(entry: u64) {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
}

fn told(entry: u64, value: u64) -> u64 {
    log(entry);
    value
}

fn add(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3).wrapping_add(b)
}

/// A panic without a report.
fn crash_if(value: u64) -> u64 {
    match value % 23 {
        0 => resume_unwind(Box::new(value)),
        _ => value,
    }
}

fn maybe(value: u64) -> Option<u64> {
    (value % 11 != 0).then_some(value)
}

/// Logs its end.
struct Ends(u64);

fn ends(entry: u64) -> Ends {
    Ends(entry)
}

impl Ends {
    fn pass(&self, value: u64) -> u64 {
        value
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        log(1_000 + self.0);
    }
}

fn seven() -> u64 {
    log(7_777);
    7
}

fn make(value: u64) -> impl FnOnce() -> u64 + Send + 'static {
    move || told(8_888, value)
}

fn boxed_task(value: u64) -> Box<dyn FnOnce() -> u64 + Send> {
    Box::new(make(value))
}

async fn double(value: u64) -> u64 {
    yield_once().await;
    value.wrapping_mul(2)
}

fn boxed(value: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    let not_send = std::rc::Rc::new(value);
    Box::pin(async move {
        yield_once().await;
        *not_send
    })
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut yielded, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn spawn<F: FnOnce() -> R, R>(task: F) -> R {
    task()
}

fn spawn_on<F: FnOnce() -> u64>(task: F, _pool: &Pool) -> u64 {
    task()
}

fn generic<F, R>(task: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    std::thread::spawn(task)
}

fn joined(thread: JoinHandle<u64>) -> u64 {
    thread.join().unwrap_or_else(|payload| resume_unwind(payload))
}

fn scoped(thread: ScopedJoinHandle<'_, u64>) -> u64 {
    thread.join().unwrap_or_else(|payload| resume_unwind(payload))
}

struct Pool;

trait Spawns {
    fn spawn_blocking(&self, task: impl FnOnce() -> u64) -> u64;
}

impl Pool {
    fn same(&self) -> &Self {
        self
    }

    fn spawn<F: FnOnce() -> u64>(&self, task: F) -> u64 {
        task()
    }
}

impl Spawns for Pool {
    fn spawn_blocking(&self, task: impl FnOnce() -> u64) -> u64 {
        task()
    }
}

struct Executor;

impl Executor {
    fn same(&self) -> &Self {
        self
    }

    fn spawn<F: Future>(&self, task: F) -> F::Output {
        block_on(task)
    }

    fn spawn_local<F: Future<Output = u64>>(&self, task: F) -> u64 {
        block_on(task)
    }

    /// Does not run it.
    fn spawn_ok<F: Future<Output = u64>>(&self, task: F) -> F {
        task
    }
}

/// After rayon's.
struct Scope;

fn scope<R>(f: impl FnOnce(&Scope) -> R) -> R {
    f(&Scope)
}

impl Scope {
    fn spawn(&self, task: impl FnOnce(&Scope) -> u64) -> u64 {
        task(self)
    }

    fn spawn_fifo(&self, task: impl FnOnce(&Scope) -> u64) -> u64 {
        task(self)
    }
}

type Function = fn(u64, u64) -> Option<u64>;

/// Returns the observations of a call: its result or the payload of its panic, and the log.
fn observe(function: Function, a: u64, b: u64) -> (Result<Option<u64>, Option<u64>>, Vec<u64>) {
    let result = catch_unwind(|| function(a, b));
    let result = result.map_err(|payload| payload.downcast_ref().copied());
    let log = std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner));
    (result, log)
}

fn compare(functions: &[(Function, Function)]) {
    let (mut panics, mut nones, mut entries) = (0, 0, 0);
    for (number, &(plain, instrumented)) in functions.iter().enumerate() {
        for (a, b) in [(0, 0), (1, 5), (2, 23), (7, 4), (46, 11)] {
            let expected = observe(plain, a, b);
            let found = observe(instrumented, a, b);
            assert_eq!(found, expected, "f{number}({a}, {b})");
            panics += u32::from(expected.0.is_err());
            nones += u32::from(expected.0 == Ok(None));
            entries += expected.1.len();
        }
    }
    let sites = birthmark::sites();
    let spawned: u64 = sites.iter().map(|stats| stats.spawned()).sum();
    let live: u64 = sites.iter().map(|stats| stats.live).sum();
    assert_eq!(live, 0, "a record is left");
    assert!(panics > 0 && nones > 0, "{panics} {nones}");
    println!(
        "the same: {} functions, {} sites, {spawned} spawns, {panics} panics, {nones} early returns, {entries} entries",
        functions.len(),
        sites.len()
    );
}
