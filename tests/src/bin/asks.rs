//! A program that is asked for dumps from outside, for `tests/signals.rs` and `tests/files.rs`. It does
//! what the lines of its standard input say, and answers each by a line.

use std::future::pending;
use std::io::{BufRead, stdin};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Waker};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How often the program's own handlers have been called.
static CALLED: AtomicU32 = AtomicU32::new(0);

fn main() {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    if scenario == "own_handler" {
        handle_usr1();
    }
    birthmark::install();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime starts");
    if scenario == "tokio_handler" {
        runtime.block_on(count_usr1());
    }
    if scenario == "slow_handler" {
        linger_in_usr1();
    }
    println!("ready");
    let mut held = Vec::new();
    for line in stdin().lock().lines() {
        let line = line.expect("lines are text");
        println!("{}", answer(&line, &mut held));
    }
    println!("reached the end");
}

/// Polls a task once.
fn start(mut task: Held) -> Held {
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "a link waits for ever");
    task
}

/// Spawns the next link of a chain when it is polled.
#[birthmark::instrument]
fn linked(to: Sender<Held>) -> Held {
    Box::pin(spawn(async move {
        let _ = to.send(linked(to.clone()));
        std::future::pending().await
    }))
}

#[birthmark::instrument]
fn answer(line: &str, held: &mut Vec<Held>) -> String {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("hold", count) => {
            let count = count.parse().unwrap_or(0);
            held.extend((0..count).map(|_| -> Held { Box::pin(spawn(asked_to_wait())) }));
            format!("{} held", held.len())
        }
        ("chain", count) => {
            let (to, next) = channel();
            held.push(start(linked(to)));
            for _ in 1..count.parse().unwrap_or(0) {
                held.push(start(next.recv().expect("each link sends the next one")));
            }
            format!("{} held", held.len())
        }
        ("label", value) => {
            birthmark::set_label("held", value);
            "labelled".to_owned()
        }
        ("panic", _) => {
            let ended = thread::spawn(|| panic!("as it was asked to")).join();
            format!("panicked: {}", ended.is_err())
        }
        ("dump", _) => match birthmark::write_dump() {
            Ok(Some(path)) => format!("written to {}", path.display()),
            Ok(None) => "written".to_owned(),
            Err(error) => format!("{:?}: {error}", error.kind()),
        },
        ("called", _) => CALLED.load(SeqCst).to_string(),
        _ => "what?".to_owned(),
    }
}

/// An executor that gives the task back.
fn spawn<T>(task: T) -> T {
    task
}

async fn asked_to_wait() {
    pending().await
}

/// Sets a handler as a program in C would.
fn handle_usr1() {
    extern "C" fn handler(_: libc::c_int) {
        CALLED.fetch_add(1, SeqCst);
    }
    // SAFETY: the handler does nothing but an atomic addition. All other fields may be zero.
    let set = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut())
    };
    assert_eq!(set, 0);
}

/// Waits for the signal as tokio does.
async fn count_usr1() {
    let mut signals = signal(SignalKind::user_defined1()).expect("tokio can wait for it");
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            CALLED.fetch_add(1, SeqCst);
        }
    });
}

/// Keeps the interrupted thread in the handler of SIGUSR1 after birthmark's part of it has woken the dump's thread.
fn linger_in_usr1() {
    let linger = || {
        let time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 300_000_000,
        };
        // SAFETY: `nanosleep` is async-signal-safe and reads only what it is given.
        unsafe { libc::nanosleep(&raw const time, std::ptr::null_mut()) };
    };
    // SAFETY: the handler calls nothing that is not async-signal-safe, and does not panic.
    unsafe { signal_hook_registry::register(libc::SIGUSR1, linger) }.expect("it can be handled");
}
