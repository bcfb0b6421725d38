//! A spawn loop without bound: a connection that fails starts two attempts to connect, one at each of
//! two places that both mean to be the only one.
//!
//! ```text
//! cargo run --example spawn_loop
//! ```
//!
//! The groups show how many there are. The lineage of the youngest shows that they spawn each other,
//! and the two sites show where.

use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Bounds the example, not the loop: so many connections fail before the dump is taken.
static FAILURES: Semaphore = Semaphore::const_new(60);

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::install();
    tokio::spawn(connect());
    while FAILURES.available_permits() > 0 {
        yield_now().await;
    }
    let dump = birthmark::dump();
    println!("{}", dump.groups());
    if let Some(youngest) = dump.tasks().last() {
        println!("the youngest:\n{youngest}");
    }
}

#[birthmark::instrument]
async fn connect() {
    birthmark::set_name("db-1");
    if let Ok(failure) = FAILURES.acquire().await {
        failure.forget();
        // "The peer may be back."
        tokio::spawn(connect_again());
        on_error();
    }
    // Keeps its buffers until somebody has looked at them.
    std::future::pending().await
}

/// "Whoever fails is replaced."
#[birthmark::instrument]
fn on_error() {
    tokio::spawn(connect_again());
}

/// Breaks the circle of types that a future has which spawns its like.
fn connect_again() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(connect())
}
