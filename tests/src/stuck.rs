//! OS threads that are stuck, each in a way of its own. Nothing here is instrumented.

use std::hint::{black_box, spin_loop};
use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle, park, sleep};
use std::time::Duration;

use crate::wait_until;

/// The names of the threads.
const NAMES: [&str; 8] = [
    "in-epoll",
    "in-lock",
    "in-read",
    "in-sleep",
    "in-park",
    "spins",
    "a) S (b",
    "blocks-signals",
];

/// One set of these threads exists at a time, because tests find them by their names.
static ONE: Mutex<()> = Mutex::new(());

/// The threads, by the names that they have. They go on when this is dropped.
#[derive(Debug)]
pub struct Stuck {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    lock: Arc<Mutex<u32>>,
    pipe: Option<PipeWriter>,
    _runtime: tokio::runtime::Runtime,
}

impl Stuck {
    /// Starts them and holds `while_stuck` while they are stuck.
    ///
    /// # Panics
    ///
    /// If the system refuses a thread or a pipe.
    pub fn hold<R>(while_stuck: impl FnOnce(&Stuck) -> R) -> R {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread is in the kernel's list for a moment after it was joined.
        wait_until("the threads of the test before are gone", || {
            thread_names().all(|name| !NAMES.contains(&name.as_str()))
        });
        let lock = Arc::new(Mutex::new(0));
        let locked = lock.clone();
        let guard = locked.lock().unwrap();
        let mut stuck = Stuck::start(lock);
        let result = while_stuck(&stuck);
        drop(guard);
        stuck.pipe = None;
        stuck.stop.store(true, Ordering::Relaxed);
        for thread in stuck.threads.drain(..) {
            thread.thread().unpark();
            thread.join().unwrap();
        }
        result
    }

    fn start(lock: Arc<Mutex<u32>>) -> Self {
        let (reader, writer) = pipe().unwrap();
        let mut stuck = Stuck {
            threads: Vec::new(),
            stop: Arc::default(),
            lock: lock.clone(),
            pipe: Some(writer),
            _runtime: one_worker("in-epoll"),
        };
        stuck.spawn("in-lock", move |_| wait_for_a_lock(&lock));
        stuck.spawn("in-read", move |_| read_from_a_pipe(reader));
        stuck.spawn("in-sleep", sleep_and_sleep);
        stuck.spawn("in-park", park_and_park);
        stuck.spawn("spins", spin);
        stuck.spawn("a) S (b", park_and_park);
        stuck.spawn("blocks-signals", block_signals_and_park);
        stuck
    }

    fn spawn(&mut self, name: &str, f: impl FnOnce(&AtomicBool) + Send + 'static) {
        let (thread, stop) = (Builder::new().name(name.into()), self.stop.clone());
        self.threads.push(thread.spawn(move || f(&stop)).unwrap());
    }

    /// The lock for which one of them waits.
    #[must_use]
    pub fn lock(&self) -> &Mutex<u32> {
        &self.lock
    }
}

/// The names of all threads of this process, as the kernel has them.
fn thread_names() -> impl Iterator<Item = String> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = threads.flat_map(|thread| std::fs::read_to_string(thread.path().join("comm")));
    names.map(|name| name.trim_end().to_owned())
}

/// A runtime of one worker, whose thread is called this. While it has nothing to do, it waits in epoll.
///
/// # Panics
///
/// If the system refuses what it needs.
#[must_use]
pub fn one_worker(name: &str) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name(name).enable_all();
    builder.build().unwrap()
}

#[inline(never)]
fn wait_for_a_lock(lock: &Mutex<u32>) {
    *lock.lock().unwrap() += 1;
}

#[inline(never)]
fn read_from_a_pipe(mut pipe: PipeReader) {
    let _ = pipe.read(&mut [0]);
    black_box(&pipe);
}

#[inline(never)]
fn sleep_and_sleep(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(200));
    }
}

#[inline(never)]
fn park_and_park(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        park();
    }
}

#[inline(never)]
fn block_signals_and_park(stop: &AtomicBool) {
    // SAFETY: the set is filled before it is read, and the old one is not asked for.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, std::ptr::null_mut());
    }
    park_and_park(stop);
}

#[inline(never)]
fn spin(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        spin_loop();
    }
}
