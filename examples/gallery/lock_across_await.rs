//! A lock that is held across an await: several tasks wait for it, and its owner waits for something else.
//!
//! ```text
//! cargo run --example lock_across_await
//! ```
//!
//! The stacks show the owner: all tasks except one wait at `.lock`. The other task is inside of `Cache::refresh`, owns
//! the lock, and waits for an answer.

use std::sync::Arc;

use tokio::sync::{Mutex, oneshot};

#[derive(Default)]
struct Cache {
    entries: Mutex<Vec<u64>>,
}

#[birthmark::instrument]
impl Cache {
    async fn get(&self, index: usize) -> Option<u64> {
        self.entries.lock().await.get(index).copied()
    }

    async fn refresh(&self, answer: oneshot::Receiver<u64>) {
        let mut entries = self.entries.lock().await;
        entries.extend(answer.await);
    }
}

#[birthmark::instrument]
async fn handle(request: usize, cache: Arc<Cache>) {
    birthmark::set_name(format_args!("req-{request}"));
    let _ = cache.get(request).await;
}

#[birthmark::instrument]
async fn refresh_daily(cache: Arc<Cache>, answer: oneshot::Receiver<u64>) {
    cache.refresh(answer).await;
}

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::install();
    let cache = Arc::new(Cache::default());
    // The database that is asked does not answer.
    let (_database, answer) = oneshot::channel();
    tokio::spawn(refresh_daily(cache.clone(), answer));
    for request in 0..3 {
        tokio::spawn(handle(request, cache.clone()));
    }
    tokio::task::yield_now().await;
    println!("{}", birthmark::dump());
}
