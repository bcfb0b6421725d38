//! Deadlines as fields, and exceeded ones as events. Events come from another thread, so the subscriber is the global one.

mod support;

use std::time::Duration;

use birthmark_test_support as _;
use tracing::{Level, info};

use support::Lines;

#[birthmark::instrument]
mod spawns {
    use super::*;

    fn audit() {
        info!("audited");
    }

    pub fn in_time() {
        birthmark::with_timeout_blocking(Duration::from_secs(3600), || {
            std::thread::spawn(audit).join().unwrap();
        });
        std::thread::spawn(audit).join().unwrap();
    }

    pub fn late(lines: &Lines) -> String {
        birthmark::with_timeout_blocking(Duration::from_millis(20), || {
            let (end, ends) = std::sync::mpsc::channel::<()>();
            let worker = std::thread::spawn(move || ends.recv());
            let mut text = String::new();
            while !text.contains("a deadline was exceeded") {
                text += &lines.take();
                std::thread::yield_now();
            }
            end.send(()).unwrap();
            worker.join().unwrap().unwrap();
            text
        })
    }
}

/// Returns the number behind a key.
#[track_caller]
fn number(text: &str, key: &str) -> i64 {
    let (_, rest) = text
        .split_once(key)
        .unwrap_or_else(|| panic!("no {key} in {text}"));
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-');
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}

#[test]
fn deadline_is_a_field_and_an_exceeded_one_an_event() {
    birthmark::install();
    birthmark_tracing::builder()
        .task_spans(Level::INFO)
        .install();
    let lines = Lines::default();
    tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .without_time()
        .map_event_format(birthmark_tracing::with_task)
        .init();

    spawns::in_time();
    let text = lines.take();
    let (first, second) = text.split_once('\n').unwrap();
    let hour = 3_600_000;
    for key in ["audit{", "audited "] {
        let left = number(first.split_once(key).unwrap().1, "task.remaining_ms=");
        assert!(left > 0 && left <= hour, "{first}");
    }
    assert!(!second.contains("remaining_ms"), "{second}");

    let text = spawns::late(&lines);
    let event = text
        .lines()
        .find(|line| line.contains("a deadline was exceeded"));
    let event = event.unwrap();
    assert!(event.contains("WARN birthmark::deadline: "), "{event}");
    assert!(
        event.contains(" place=birthmark-tracing/tests/deadlines.rs:"),
        "{event}"
    );
    for field in [" timeout_ms=20 ", " enforced=false ", " alive=1 aborted=0 "] {
        assert!(event.contains(field), "{event}");
    }
    assert!(event.contains(" (thread)\""), "{event}");
}
