//! Panics as events, each in a process of its own.

use std::process::Command;
use std::sync::Mutex;

use birthmark_test_support as _;
use birthmark_tracing::{Panics, with_task};
use serde_json::Value;
use tracing::{Event, Subscriber, error_span, info};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Runs one of the tests below, which are ignored otherwise. Returns its standard error.
fn stderr_of(scenario: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", scenario, "--ignored", "--nocapture"])
        .env_remove("BIRTHMARK")
        .env("RUST_BACKTRACE", "0");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Returns the events in a text that has nothing else.
fn events_of(stderr: &str) -> Vec<Value> {
    let event = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no event: {line}"));
    stderr.lines().map(event).collect()
}

fn log_as_json() {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .map_event_format(with_task)
        .init();
}

#[birthmark::instrument]
mod scenarios {
    use super::*;

    async fn fail(index: usize) -> u32 {
        info!("about to fail");
        [1, 2, 3][index]
    }

    async fn handle() {
        birthmark::set_name("req-7");
        fail(7).await;
    }

    /// Panics in a task, in a span.
    fn panic_in_a_task() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let task = error_span!("request", id = 7).in_scope(|| tokio::spawn(handle()));
            assert!(task.await.unwrap_err().is_panic());
        });
    }

    #[test]
    #[ignore = "a scenario"]
    fn event() {
        birthmark::install();
        birthmark_tracing::builder().panics(Panics::Event).install();
        log_as_json();
        panic_in_a_task();
    }

    #[test]
    #[ignore = "a scenario"]
    fn event_with_the_report_installed_later() {
        birthmark_tracing::builder().panics(Panics::Event).install();
        birthmark::install();
        log_as_json();
        panic_in_a_task();
    }

    #[test]
    #[ignore = "a scenario"]
    fn event_beside_the_report() {
        birthmark::install();
        birthmark_tracing::builder()
            .panics(Panics::ReportAndEvent)
            .install();
        log_as_json();
        panic_in_a_task();
    }

    #[test]
    #[ignore = "a scenario"]
    fn event_that_nobody_takes() {
        birthmark::install();
        birthmark_tracing::builder().panics(Panics::Event).install();
        panic_in_a_task();
    }

    /// A log that calls code of the program while it holds its lock.
    struct Locked(Mutex<()>);

    impl<S: Subscriber> Layer<S> for Locked {
        fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
            let _held = self.0.lock().unwrap_or_else(|error| error.into_inner());
            event.record(
                &mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                    let _ = format!("{value:?}");
                },
            );
        }
    }

    struct Fails;

    impl std::fmt::Debug for Fails {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("while the log is locked")
        }
    }

    #[test]
    #[ignore = "a scenario"]
    fn panic_while_the_log_is_locked() {
        birthmark::install();
        birthmark_tracing::builder().panics(Panics::Event).install();
        let locked = Locked(Mutex::new(()));
        tracing_subscriber::registry().with(locked).init();
        let thread = std::thread::spawn(|| info!(value = ?Fails));
        assert!(thread.join().is_err());
    }

    #[test]
    #[ignore = "a scenario"]
    fn event_of_a_scoped_subscriber() {
        birthmark::install();
        birthmark_tracing::builder().panics(Panics::Event).install();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(std::io::stderr)
            .finish();
        tracing::subscriber::with_default(subscriber, panic_in_a_task);
    }
}

/// Checks the one event of the panic among others.
fn check(stderr: &str, span: bool) {
    let events = events_of(stderr);
    let of_panic = |event: &&Value| event["target"] == "birthmark::panic";
    let panics: Vec<_> = events.iter().filter(of_panic).collect();
    let [event] = panics[..] else {
        panic!("one event: {stderr}");
    };
    assert_eq!(event["level"], "ERROR");
    let fields = &event["fields"];
    assert_eq!(
        fields["message"],
        "panicked: index out of bounds: the len is 3 but the index is 7"
    );
    let text = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
    assert!(text("place").contains("tests/panics.rs:"), "{event}");
    assert!(fields["task.id"].as_u64().is_some(), "{event}");
    assert_eq!(
        (&*text("task.name"), &*text("task.role")),
        ("req-7", "handle")
    );
    assert!(text("task.lineage").contains("scenarios::event"), "{event}");
    assert!(text("task.frames").starts_with("handle at "), "{event}");
    assert!(text("task.frames").ends_with("awaiting fail"), "{event}");
    assert_eq!(event["task.id"], Value::Null, "the task is there once");
    if span {
        assert_eq!(event["span"]["id"], 7);
    }
}

#[test]
fn panic_is_one_event_and_nothing_else_is_on_standard_error() {
    check(&stderr_of("scenarios::event"), true);
    check(
        &stderr_of("scenarios::event_with_the_report_installed_later"),
        true,
    );
    check(&stderr_of("scenarios::event_of_a_scoped_subscriber"), true);
}

#[test]
fn event_and_report_are_both_there_on_request() {
    let stderr = stderr_of("scenarios::event_beside_the_report");
    let (json, other): (Vec<_>, Vec<_>) = stderr.lines().partition(|line| line.starts_with('{'));
    check(&json.join("\n"), true);
    let other = other.join("\n");
    assert!(other.contains("panicked at "), "{other}");
    assert_eq!(other.matches("  in task ").count(), 1, "{other}");
}

#[test]
fn panic_is_reported_if_nobody_takes_the_event() {
    let stderr = stderr_of("scenarios::event_that_nobody_takes");
    assert!(stderr.contains("index out of bounds"), "{stderr}");
    assert_eq!(stderr.matches("  in task ").count(), 1, "{stderr}");
}

#[test]
fn panic_while_the_log_is_locked_does_not_hang_and_is_reported() {
    let stderr = stderr_of("scenarios::panic_while_the_log_is_locked");
    assert!(stderr.contains("while the log is locked"), "{stderr}");
    assert_eq!(stderr.matches("  in task ").count(), 1, "{stderr}");
}
