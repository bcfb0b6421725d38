//! Fields of spans are redacted as labels are, in a process of its own.

use birthmark_test_support as _;
use birthmark_tracing::{TaskFields, TaskLayer};
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

#[birthmark::instrument]
#[test]
fn fields_of_spans_and_names_in_lines_are_redacted() {
    birthmark::builder()
        .redact_names(|_| "(name)".into())
        .redact_labels(|key, value| match key {
            "user" => "(hidden)".into(),
            _ => value.into(),
        })
        .install();
    birthmark_tracing::install();
    let subscriber = tracing_subscriber::registry().with(TaskLayer::new());
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("request", id = 7, user = "jane");
        let task = move || {
            birthmark::set_name("jane");
            let fields = TaskFields::current().unwrap().to_string();
            (fields, birthmark::dump().to_string())
        };
        let thread = span.in_scope(|| std::thread::spawn(task));
        let (fields, dump) = thread.join().unwrap();
        assert!(fields.contains("task.name=\"(name)\""), "{fields}");
        assert!(
            dump.contains("span     request{id=7 user=(hidden)}"),
            "{dump}"
        );
        assert!(!dump.contains("jane"), "{dump}");
    });
}
