//! A forgotten sender: a task receives until all senders are gone. One sender is kept by a task that waits for the
//! receiving one.
//!
//! ```text
//! cargo run --example forgotten_sender
//! ```
//!
//! The tree shows the remaining tasks: `sum_up` waits for another message, and `make_report` waits for `sum_up`. All
//! counting tasks below have ended, so only `make_report` can own the sender that `sum_up` waits for.

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::yield_now;

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::install();
    let chapters = ["It was a dark", "and stormy", "night"];
    tokio::spawn(make_report(chapters.map(str::to_owned).to_vec()));
    // Enough for all to come to their ends, if they do.
    for _ in 0..10 {
        yield_now().await;
    }
    println!("{}", birthmark::dump().tree());
    for stats in birthmark::sites() {
        let (role, live, spawned) = (stats.site.role(), stats.live, stats.spawned());
        println!("{live} of {spawned} {role} left");
    }
}

#[birthmark::instrument]
async fn make_report(chapters: Vec<String>) -> Option<usize> {
    let (counted, counts) = channel(8);
    for chapter in chapters {
        tokio::spawn(count_words(chapter, counted.clone()));
    }
    let total = tokio::spawn(sum_up(counts));
    // This should be behind a `drop(counted)`.
    total.await.ok()
}

#[birthmark::instrument]
async fn count_words(chapter: String, counted: Sender<usize>) {
    let _ = counted.send(chapter.split_whitespace().count()).await;
}

/// Returns when all senders are gone.
#[birthmark::instrument]
async fn sum_up(mut counts: Receiver<usize>) -> usize {
    let mut total = 0;
    while let Some(count) = counts.recv().await {
        total += count;
    }
    total
}
