//! Drivers of sockets and timers that no thread waits in, seen over HTTP because all threads of the program sleep then.

#![cfg(target_os = "linux")]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use birthmark_http::Server;
use birthmark_test_support as _;
use support::serve;
use tokio::runtime::{Builder, Runtime};

/// Tests run one after the other, because a dump has the tasks of all.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const FINDING: &str =
    "no thread is in epoll_wait, probable: sockets and timers are looked at by nobody";
const POLL: &str = " has been in one poll for ";

#[birthmark::instrument]
fn serve_peer(runtime: &Runtime, until: mpsc::Receiver<()>) {
    let until = Mutex::new(until);
    runtime.spawn(async move {
        let _ = until.lock().unwrap().recv();
    });
}

/// Returns the report on stuck tasks. A client with a runtime of its own would wait in an epoll instance.
fn report(server: &Server) -> String {
    let request =
        "GET /debug/birthmark/stuck HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    support::send(server.local_addr(), request.as_bytes())
}

/// Returns the first report that has a text.
fn report_with(server: &Server, text: &str) -> String {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let report = report(server);
        if report.contains(text) {
            return report;
        }
        assert!(Instant::now() < end, "{text:?} is not in {report}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn only_worker_in_a_long_poll_leaves_the_driver_alone() {
    let _alone = alone();
    let server = serve();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let (stop, stopped) = mpsc::channel();
    serve_peer(&runtime, stopped);
    let report = report_with(&server, FINDING);
    assert!(report.contains("since thread "), "{report}");
    assert!(report.contains("serve_peer::{async} for "), "{report}");
    stop.send(()).unwrap();
    drop(runtime);
}

/// A runtime without sockets and timers has no driver.
#[test]
fn runtime_without_sockets_is_not_blamed() {
    let _alone = alone();
    let server = serve();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).build().unwrap();
    let (stop, stopped) = mpsc::channel();
    serve_peer(&runtime, stopped);
    report_with(&server, POLL);
    for _ in 0..5 {
        let report = report(&server);
        assert!(!report.contains("epoll_wait"), "{report}");
    }
    stop.send(()).unwrap();
    drop(runtime);
}

/// Another thread that waits in an epoll instance looks at its sockets.
#[test]
fn other_thread_in_epoll_wait_is_seen() {
    let _alone = alone();
    let server = serve();
    let mut builder = Builder::new_multi_thread();
    let blocked = builder.worker_threads(1).enable_all().build().unwrap();
    let idle = builder.worker_threads(1).enable_all().build().unwrap();
    let (stop, stopped) = mpsc::channel();
    serve_peer(&blocked, stopped);
    report_with(&server, POLL);
    for _ in 0..5 {
        let report = report(&server);
        assert!(!report.contains("epoll_wait"), "{report}");
    }
    stop.send(()).unwrap();
    drop((blocked, idle));
}
