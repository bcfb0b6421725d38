//! Reports of rules as events, and standard error without them.

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use birthmark::Action;
use birthmark_test_support as _;
use tracing_subscriber::layer::SubscriberExt;

#[birthmark::instrument]
fn wait(end: mpsc::Receiver<()>) {
    birthmark::with_name("job-3", || std::thread::spawn(move || end.recv().is_err()));
}

#[test]
fn reports_of_rules_are_events() {
    birthmark::install();
    birthmark_tracing::install();
    let (subscriber, lines) = support::subscriber();
    tracing::subscriber::set_global_default(
        subscriber.with(tracing_subscriber::layer::Identity::new()),
    )
    .unwrap();
    let (end, receiver) = mpsc::channel();
    birthmark::add_rule("name=job-3&older=100ms", Action::stacks()).unwrap();
    wait(receiver);
    let start = Instant::now();
    let rule = || birthmark::rules().remove(0);
    while rule().fired == 0 && start.elapsed() < Duration::from_secs(60) {
        std::thread::yield_now();
    }
    drop(end);
    let mut text = String::new();
    while !text.contains("ended=true") && start.elapsed() < Duration::from_secs(60) {
        text.push_str(&lines.take());
        std::thread::yield_now();
    }
    assert!(text.contains("task.name=\"job-3\""), "{text}");
    assert!(
        text.contains("rule=\"name=job-3&older=100ms\" ended=false tasks=1"),
        "{text}"
    );
    assert!(text.contains(" ended after "), "{text}");
}
