//! Stuck tasks: findings with links to tasks, and the waits in the panel of a task.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Barrier, Mutex};

use crate::ALONE;
use crate::chromium::{Device, Page};

#[birthmark::instrument]
mod crossed {
    use super::*;

    /// Starts two tasks that take two locks in opposite orders, and one behind them.
    pub fn start(runtime: &Runtime) {
        let (left, right) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        let barrier = Arc::new(Barrier::new(2));
        let both = take_both(left.clone(), right.clone(), barrier.clone());
        runtime.spawn(birthmark::named!("left <b>" => both));
        runtime
            .spawn(birthmark::named!("right" => take_both(right, left.clone(), barrier.clone())));
        runtime.spawn(birthmark::named!("behind" => take_one(left, barrier)));
    }

    async fn take_both(first: Arc<Mutex<u32>>, second: Arc<Mutex<u32>>, barrier: Arc<Barrier>) {
        let held = first.lock().await;
        barrier.wait().await;
        let sum = *held + *second.lock().await;
        println!("{sum}");
    }

    async fn take_one(lock: Arc<Mutex<u32>>, _barrier: Arc<Barrier>) {
        *lock.lock().await += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn stuck_tasks_are_paragraphs_with_links() {
    let _alone = ALONE.lock().await;
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until("summary", " task").await;
    page.press("6").await;
    page.until("findings", "Nothing is stuck, as far as it is known.")
        .await;
    page.screenshot("stuck-empty").await;
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).build().unwrap();
    crossed::start(&runtime);
    page.until("findings", "deadlock of 2 tasks").await;
    page.until("findings", "1 more task waits for it").await;
    page.until("findings", "\"left <b>\"").await;
    page.screenshot("stuck").await;
    // The panel of a task has what it waits for, and leads to the holder.
    page.click("#findings .finding .link").await;
    page.until("details", "Waits for").await;
    page.until("details", "a mutex, held by ").await;
    page.until("details", "Holds").await;
    page.screenshot("stuck-task").await;
    page.click("#details .waits .link").await;
    page.until("details", "Waits for").await;
    page.press_key("Escape").await;
    // A search keeps the findings about what it selects.
    page.type_into("search", "name:right").await;
    page.until("findings", "deadlock of 2 tasks").await;
    page.type_into("search", "name:nobody").await;
    page.until("findings", "Nothing is stuck").await;
    page.close().await;

    let address = server.url() + "#view=stuck";
    let page = Page::open(&address, Device::Phone).await;
    page.until("findings", "deadlock of 2 tasks").await;
    let width = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(
        page.run(width).await,
        false,
        "nothing is wider than a phone"
    );
    page.screenshot("stuck-phone").await;
    page.close().await;
    runtime.shutdown_background();
}
