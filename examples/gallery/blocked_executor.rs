//! A blocked executor: a task waits on a channel of `std` instead of one of the runtime. Its thread can run no other
//! task.
//!
//! ```text
//! cargo run --example blocked_executor
//! ```
//!
//! One running task was not polled and did not change its state between two dumps. The damage is the tasks that are
//! created and never start. The native stack of the thread shows the call that it waits in. The function that blocks
//! is on that stack. A dump with OS threads calls the task `blocked`.

use std::sync::mpsc::{Receiver, Sender, channel};

use birthmark::{Filter, ThreadDetail};
use tokio::runtime::Builder;

#[birthmark::instrument]
fn main() {
    birthmark::install();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime starts");
    let (begun, begins) = channel();
    let (chunks, upload) = channel();
    runtime.spawn(birthmark::named!("upload-7" => store_upload(upload, begun)));
    begins.recv().expect("the upload begins");
    for _ in 0..20 {
        runtime.spawn(answer_health_check());
    }
    let before = birthmark::dump();
    let after = birthmark::dump();
    let upload = Filter::new().role("store_upload");
    println!("{}", after.diff(&before));
    let after = after.with_threads(ThreadDetail::Stacks);
    println!("{}", after.filter(&upload));
    // Whoever uploads has gone.
    drop(chunks);
}

async fn store_upload(upload: Receiver<Vec<u8>>, begun: Sender<()>) {
    let _ = begun.send(());
    // This should be a channel of tokio's, and `recv().await`.
    while let Ok(chunk) = upload.recv() {
        drop(chunk);
    }
}

async fn answer_health_check() {}
