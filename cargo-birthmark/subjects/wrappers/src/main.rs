//! Programs that spawn through functions of their own, rebuilt: those of lighthouse, vector and zenoh. Each starts a few
//! tasks that wait for ever. An argument selects one of them, which stays at work. Without, a panic at the end makes a dump
//! of all of them.

mod lighthouse;
mod vector;
mod zenoh;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let chosen = std::env::args().nth(1);
    for (name, start) in [
        ("lighthouse", lighthouse::start as fn()),
        ("vector", vector::start),
        ("zenoh", zenoh::start),
    ] {
        if chosen.as_ref().is_none_or(|chosen| chosen == name) {
            start();
        }
    }
    if chosen.is_some() {
        std::future::pending().await
    }
    // All tasks are polled once.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    panic!("show all");
}
