//! A program to look at: a server, its connections, and their requests.

use std::future::pending;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::thread::{Builder, JoinHandle};

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Holds the tasks, which wait.
pub struct Program(Vec<Held>);

/// An executor that polls once and gives the task back.
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Held {
    let mut task: Held = Box::pin(task);
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    task
}

#[birthmark::instrument]
impl Program {
    /// A server with so many connections, each with so many requests.
    pub fn new(connections: usize, requests: usize) -> Self {
        Program(vec![spawn(serve(connections, requests))])
    }

    /// A server with so many connections, the last of which has no requests.
    pub fn with_one_that_differs(connections: usize) -> Self {
        Program(vec![spawn(serve_differently(connections))])
    }

    pub fn hostile() -> Self {
        let names = [
            "<img src=x onerror=alert(1)>",
            "\u{1b}[31m\u{202e}",
            "</script><script>alert(2)</script>",
            "javascript:alert(3)\"'`${alert(4)}",
        ];
        let one = |name| spawn(birthmark::named!("{name}" => hostile()));
        Program(names.into_iter().map(one).collect())
    }

    /// Tasks of two tenants, and one with a label that is hostile.
    pub fn labelled() -> Self {
        let one = |key, value| birthmark::with_label(key, value, || spawn(leaked()));
        Program(vec![
            one("tenant", "acme"),
            one("tenant", "beta & sons"),
            one("<img src=x>", "\u{1b}\u{202e}\"></script>"),
        ])
    }

    /// More tasks.
    pub fn leak(&mut self, count: usize) {
        for _ in 0..count {
            self.0.push(spawn(leaked()));
        }
    }
}

#[birthmark::instrument]
async fn serve(connections: usize, requests: usize) {
    let mut held = Vec::new();
    for peer in 0..connections {
        held.push(spawn(
            birthmark::named!("conn {peer}" => connection(requests)),
        ));
    }
    pending().await
}

#[birthmark::instrument]
async fn serve_differently(connections: usize) {
    let mut held = Vec::new();
    for peer in 0..connections {
        let requests = usize::from(peer + 1 < connections);
        held.push(spawn(
            birthmark::named!("conn {peer}" => connection(requests)),
        ));
    }
    pending().await
}

#[birthmark::instrument]
async fn connection(requests: usize) {
    let mut held = Vec::new();
    for _ in 0..requests {
        held.push(spawn(handle()));
    }
    pending().await
}

#[birthmark::instrument]
async fn handle() {
    answer().await
}

#[birthmark::instrument]
async fn answer() {
    pending().await
}

async fn leaked() {
    pending().await
}

async fn hostile() {
    pending().await
}

/// Two threads that wait: one is recorded, and runs a task; the other is not.
pub struct Threads {
    threads: Vec<JoinHandle<()>>,
    /// Without them, the threads end.
    go_on: Vec<Sender<()>>,
}

impl Threads {
    pub fn new() -> Self {
        let mut started = Threads {
            threads: Vec::new(),
            go_on: Vec::new(),
        };
        for start in [start_recorded, start_unrecorded] {
            let ((go_on, ends), (runs, is_running)) = (channel(), channel());
            started.threads.push(start(ends, runs));
            started.go_on.push(go_on);
            is_running.recv().unwrap();
        }
        started
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.go_on.clear();
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

#[birthmark::instrument(also(hold))]
fn start_recorded(ends: Receiver<()>, runs: Sender<()>) -> JoinHandle<()> {
    let executor = Builder::new().name("recorded".to_owned());
    let thread = executor.spawn(move || {
        let mut task = hold(birthmark::named!("stuck" => block(ends, runs)));
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready());
    });
    thread.unwrap()
}

/// An executor that polls later.
fn hold(task: impl Future<Output = ()> + Send + 'static) -> Held {
    Box::pin(task)
}

async fn block(ends: Receiver<()>, runs: Sender<()>) {
    runs.send(()).unwrap();
    let _ = ends.recv();
}

fn start_unrecorded(ends: Receiver<()>, runs: Sender<()>) -> JoinHandle<()> {
    let thread = Builder::new().name("unrecorded".to_owned());
    let wait = move || {
        runs.send(()).unwrap();
        let _ = ends.recv();
    };
    thread.spawn(wait).unwrap()
}
