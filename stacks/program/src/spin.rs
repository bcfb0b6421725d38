//! A task that only yields, through three functions in turn.

use std::future::Future as _;
use std::io::Read as _;
use std::pin::pin;
use std::task::{Context, Waker};

use crate::publish::Published;

async fn yield_once() {
    tokio::task::yield_now().await; // spin: leaf
}

async fn first() {
    yield_once().await; // spin: first
}

async fn second() {
    inner().await; // spin: second
}

async fn inner() {
    yield_once().await; // spin: inner
}

async fn spin() {
    loop {
        first().await; // spin: root first
        second().await; // spin: root second
        Box::pin(first()).await; // spin: root boxed
    }
}

/// Runs until the input is closed.
pub fn run() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime can be built");
    let mut future = pin!(Published::new("spin", spin()));
    let first = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(first.is_pending(), "the task yields");
    println!("ready");
    runtime.block_on(future);
}
