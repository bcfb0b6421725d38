//! Recording that is off until somebody needs it.
//!
//! ```text
//! cargo run --example in_production
//! ```

use std::future::pending;

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::builder().enabled(false).install();
    let first = tokio::spawn(work());
    tokio::task::yield_now().await;
    println!("{}", birthmark::dump());

    birthmark::enable();
    let second = tokio::spawn(work());
    tokio::task::yield_now().await;
    println!("{}", birthmark::dump());
    first.abort();
    second.abort();
}

#[birthmark::instrument]
async fn work() {
    pending().await
}
