//! Pools of two crates that are `no_std` unless their feature `std` is on. A task panics on one of them.

use std::sync::mpsc::channel;

fn main() {
    let bevy = bevy_tasks::TaskPoolBuilder::new().num_threads(1).build();
    let mut futures = futures_executor::ThreadPoolBuilder::new();
    let futures = futures.pool_size(1).create().unwrap();
    let (tell, told) = channel();
    let to_main = tell.clone();
    let waiting = bevy.spawn(async move {
        to_main.send(()).unwrap();
        std::future::pending::<()>().await
    });
    println!("started {}", told.recv().is_ok());
    futures.spawn_ok(async move {
        let _ended = tell;
        panic!("the pool of futures is broken")
    });
    drop(waiting);
    println!("panicked {}", told.recv().is_err());
}
