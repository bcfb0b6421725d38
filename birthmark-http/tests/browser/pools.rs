//! Threads that a pool keeps, as `cargo birthmark --deps` records those of runtimes.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Program;

birthmark::__private::table! { POOL 1
    ("pool.rs", 3, 5, "Pool::start", "Builder::spawn", "Pool::start::{closure}", Thread, false, true)
}

/// A thread of a pool that waits for work until this is dropped.
struct Idle(Option<(Sender<()>, JoinHandle<()>)>);

impl Idle {
    fn start() -> Idle {
        let (go_on, ends) = channel();
        let (started, starts) = channel();
        let (first, last) = birthmark::__private::record_spawn_as!(POOL.at(0), pooled).closure();
        let thread = std::thread::spawn(move || match first.enter_owned() {
            _entered => {
                started.send(()).unwrap();
                let _ = ends.recv();
            }
            #[allow(unreachable_patterns, reason = "mentions what is dropped last")]
            _ => last.last_owned(),
        });
        starts.recv().unwrap();
        Idle(Some((go_on, thread)))
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Some((go_on, thread)) = self.0.take() {
            drop(go_on);
            thread.join().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn threads_without_a_task_are_marked_and_last() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(2, 2);
    let _idle: Vec<Idle> = (0..9).map(|_| Idle::start()).collect();
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let page = Page::open(&server.url(), Device::Desktop).await;
    page.until_row("9 ×Pool::start::{closure}").await;
    page.until_row("idle").await;
    page.press("3").await;
    page.until_row("9 ×Pool::start::{closure}").await;
    let last = "return [...document.querySelectorAll('.row:not([hidden])')].at(-1).textContent";
    let last = page.run(last).await;
    assert!(last.as_str().unwrap().contains("idle"), "{last}");
    page.screenshot("pools").await;
    page.press("2").await;
    page.search("role:Pool::start", "9 of ").await;
    page.press("j").await;
    page.press_key("Enter").await;
    page.until("details", "root (pool)").await;
    page.until("details", "no task that has a record").await;
    page.close().await;
}
