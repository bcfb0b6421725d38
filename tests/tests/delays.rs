//! Delays between wakes and polls: what is counted, and where it is shown.

use birthmark_test_support as _;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use birthmark::Delays;
use birthmark_integration_tests::{Held, schema, spawn};

/// An executor's waker. Wakes of one that has no data are not seen.
#[derive(Default)]
struct Executor(AtomicUsize);

impl std::task::Wake for Executor {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[birthmark::instrument]
mod tasks {
    use super::*;

    /// Stays suspended, and wakes itself in each poll.
    pub fn is_delayed() -> Held {
        Box::pin(spawn(std::future::poll_fn(|cx: &mut Context<'_>| {
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })))
    }

    pub fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        thread::spawn(work).join().unwrap()
    }
}

fn delays(function: &str) -> Option<Delays> {
    let mut sites = birthmark::sites().into_iter();
    let stats = sites.find(|stats| stats.site.function() == function);
    stats.expect("the site is linked").delays
}

#[test]
fn delays_are_from_the_first_wake_to_the_next_poll() {
    birthmark::builder().delays(true).install();
    let json = tasks::on_a_thread(|| {
        let waker = Waker::from(Arc::<Executor>::default());
        let mut task = tasks::is_delayed();
        let mut poll = || {
            let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        };
        let start = Instant::now();
        poll();
        assert_eq!(delays("is_delayed"), None, "a first poll has no wake");
        thread::sleep(Duration::from_millis(2));
        poll();
        poll();
        let passed = start.elapsed();
        let found = delays("is_delayed").expect("it was polled after a wake");
        assert_eq!(found.count(), 2, "two wakes before one poll are one delay");
        assert!(found.longest() >= Duration::from_millis(2), "{found:?}");
        assert!(
            found.longest() <= found.sum() && found.sum() <= passed,
            "{found:?}"
        );
        let at = |bound| found.cumulative().find(|(it, _)| *it == bound).unwrap().1;
        assert!(at(Duration::from_millis(1)) <= 1, "{found:?}");
        assert_eq!(at(Duration::from_secs(10)), 2, "{found:?}");
        birthmark::dump().json().to_string()
    });
    let dump = birthmark::dump();
    for text in [dump.to_string(), dump.groups().to_string()] {
        let mut lines = text.lines();
        let heading = "longest from a wake to the next poll, since the start";
        assert!(lines.any(|line| line == heading), "{text}");
        let line = lines.next().unwrap_or_default();
        assert!(
            line.starts_with("  poll_fn at tests/tests/delays.rs:"),
            "{text}"
        );
        assert!(line.contains(" on average of 2 polls"), "{text}");
    }
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    schema::assert_valid(&value);
    let sites = value["sites"].as_array().expect("a table");
    let site = sites.iter().find(|site| site["function"] == "is_delayed");
    let delays = &site.expect("the task was alive")["delays"];
    assert_eq!(delays["count"], 2, "{delays}");
    assert!(delays["max_ns"].as_u64() >= Some(2_000_000), "{delays}");
}
