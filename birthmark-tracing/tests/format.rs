//! The task in each line of `tracing_subscriber::fmt`: full, compact, pretty, JSON, and a format of the program.

mod support;

use std::fmt;

use birthmark_test_support as _;
use birthmark_tracing::{TaskFields, WithTask, with_task};
use support::Lines;
use tracing::{Event, Subscriber, info, info_span};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Runs `f` in a task with a name and a label. Returns the text, in which `#` replaces the id of the task.
#[birthmark::instrument]
fn text_of(subscriber: impl Subscriber + Send + Sync, lines: &Lines) -> String {
    fn handle() -> String {
        birthmark::set_name("req \"7\"");
        birthmark::set_label("tenant", "acme");
        info_span!("request", id = 7).in_scope(|| info!(count = 3, "counted"));
        birthmark::current().unwrap().id().to_string()
    }
    let id = tracing::subscriber::with_default(subscriber, || {
        birthmark_tracing::install();
        std::thread::spawn(handle).join().unwrap()
    });
    lines
        .take()
        .replace(&format!("task.id={id}"), "task.id=#")
        .replace(&format!("task.id: {id}"), "task.id: #")
        .replace(&format!("\"task.id\":{id}"), "\"task.id\":0")
}

macro_rules! builder {
    ($lines:expr, $ansi:expr) => {
        tracing_subscriber::fmt()
            .with_writer($lines.clone())
            .with_ansi($ansi)
            .without_time()
    };
}

#[test]
fn full_format_has_the_task_at_the_end() {
    let lines = Lines::default();
    let subscriber = builder!(lines, false).map_event_format(with_task).finish();
    let text = text_of(subscriber, &lines);
    assert_eq!(
        text,
        " INFO request{id=7}: format: counted count=3 task.id=# task.name=\"req \\\"7\\\"\" task.role=handle\n"
    );
}

#[test]
fn compact_format_has_labels_on_request() {
    let lines = Lines::default();
    let subscriber = builder!(lines, false)
        .compact()
        .map_event_format(|format| with_task(format).labels(["tenant", "unknown"]))
        .finish();
    let text = text_of(subscriber, &lines);
    let task =
        " task.id=# task.name=\"req \\\"7\\\"\" task.role=handle task.label.tenant=\"acme\"\n";
    assert!(text.ends_with(task), "{text}");
    assert!(text.contains("counted count=3 id=7"), "{text}");
}

#[test]
fn pretty_format_has_a_line_of_the_task() {
    let lines = Lines::default();
    let subscriber = builder!(lines, false)
        .pretty()
        .map_event_format(with_task)
        .finish();
    let text = text_of(subscriber, &lines);
    let end = "    in format::request with id: 7\n    \
               in task with task.id: #, task.name: \"req \\\"7\\\"\", task.role: handle\n\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn json_format_has_fields_of_the_object() {
    let lines = Lines::default();
    let subscriber = builder!(lines, false)
        .json()
        .map_event_format(|format| with_task(format).labels(["tenant"]))
        .finish();
    let text = text_of(subscriber, &lines);
    assert_eq!(text.lines().count(), 1);
    let event: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["task.id"], 0);
    assert_eq!(event["task.name"], "req \"7\"");
    assert_eq!(event["task.role"], "handle");
    assert_eq!(event["task.label.tenant"], "acme");
    assert_eq!(event["fields"]["count"], 3);
    assert_eq!(event["span"]["id"], 7);
}

#[test]
fn colours_of_a_format_stay() {
    let lines = Lines::default();
    let subscriber = builder!(lines, true).map_event_format(with_task).finish();
    let text = text_of(subscriber, &lines);
    assert!(text.contains("\u{1b}[32m INFO\u{1b}[0m"), "{text:?}");
    assert!(text.contains(" \u{1b}[2mtask.id=#"), "{text:?}");
    assert!(text.ends_with("task.role=handle\u{1b}[0m\n"), "{text:?}");
}

/// A format of the program.
struct Own;

impl<S, N> FormatEvent<S, N> for Own
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "own: ")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

#[test]
fn format_of_the_program_has_the_task_at_the_end() {
    let lines = Lines::default();
    let subscriber = builder!(lines, false)
        .event_format(WithTask::line(Own))
        .finish();
    let text = text_of(subscriber, &lines);
    let own = "own: counted count=3 task.id=# task.name=\"req \\\"7\\\"\" task.role=handle\n";
    assert_eq!(text, own);
}

#[test]
fn fields_are_for_other_loggers_as_well() {
    let here = || TaskFields::current().unwrap().to_string();
    let fields = std::thread::spawn(birthmark_fields(here)).join().unwrap();
    assert!(fields.starts_with("task.id="), "{fields}");
}

/// Gives a thread a record, as a spawn in instrumented code does.
#[birthmark::instrument]
fn birthmark_fields<R: Send + 'static>(
    f: impl FnOnce() -> R + Send + 'static,
) -> impl FnOnce() -> R + Send + 'static {
    move || std::thread::scope(|scope| scope.spawn(f).join().unwrap())
}
