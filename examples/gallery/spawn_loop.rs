//! A spawn loop without bound: a failed connection starts two new attempts at two places. Each place was written as if
//! it were the only one.
//!
//! ```text
//! cargo run --example spawn_loop
//! ```
//!
//! The groups show the number of attempts. The lineage of the youngest task shows that attempts spawn each other, and
//! the two sites show where.

use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Bounds the example, not the loop: the number of failed connections before the dump.
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

/// A second place that replaces a failed connection.
#[birthmark::instrument]
fn on_error() {
    tokio::spawn(connect_again());
}

/// Breaks the recursive type of a future that spawns a future of its own type.
fn connect_again() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(connect())
}
