//! A leak: each request leaves a task that waits for a message, which is never sent.
//!
//! ```text
//! cargo run --example leaked_waiters
//! ```
//!
//! The leak is the first group, with the line at which all of its tasks wait. The difference of two dumps shows the
//! growing site. The tasks of the first dump have done nothing since.

use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio::task::yield_now;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    birthmark::install();
    let (reload, _) = channel(1);
    serve(&reload, 0..10).await;
    let before = birthmark::dump();
    serve(&reload, 10..500).await;
    let after = birthmark::dump();
    println!("{}\n{}", after.groups(), after.diff(&before));
}

#[birthmark::instrument]
async fn serve(reload: &Sender<()>, requests: std::ops::Range<u32>) {
    for request in requests {
        let handler = tokio::spawn(handle(request, reload.subscribe()));
        handler.await.expect("no request fails");
        yield_now().await;
    }
}

/// Answers a request and spawns a task that listens for changes of the configuration. The sender lives as long as the
/// server, and no code ends the task together with the request.
#[birthmark::instrument]
async fn handle(request: u32, reload: Receiver<()>) {
    birthmark::set_name(format_args!("req-{request}"));
    tokio::spawn(watch_configuration(reload));
}

#[birthmark::instrument]
async fn watch_configuration(mut reload: Receiver<()>) {
    while reload.recv().await.is_ok() {}
}
