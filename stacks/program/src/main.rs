//! Suspends tasks of many shapes, prints a line for each, and waits until its input is closed.
//!
//! Each line of a shape that contains an `await` which its stack must show ends with a comment `// at: shape`. The tests
//! of `birthmark-stacks` read these comments.

mod publish;
mod shapes;
mod spin;

use std::io::Read as _;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("spin") {
        return spin::run();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be built");
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async {
        shapes::spawn_all();
        while publish::pending() < publish::published() {
            tokio::task::yield_now().await;
        }
        // Some tasks are woken once more, by themselves.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }));
    println!("ready");
    // No task runs from here on.
    let _ = std::io::stdin().read(&mut [0]);
    // The tasks' owners would be dropped in an order that nobody needs.
    std::process::exit(0);
}
