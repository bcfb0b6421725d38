//! A span for each task: the tree of tasks, and how each has ended.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use birthmark_test_support as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Fields of a span.
#[derive(Clone, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// A span that has closed.
#[derive(Clone)]
struct Closed {
    metadata: &'static Metadata<'static>,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

/// Keeps the spans that have closed.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Closed>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        let fields = span.extensions().get::<Fields>().cloned();
        self.0.lock().unwrap().push(Closed {
            metadata: span.metadata(),
            parent: span.parent().map(|parent| parent.name()),
            fields: fields.unwrap_or_default().0,
        });
    }
}

/// Runs a future in a span, and returns the other spans, by name.
fn run(future: impl Future<Output = ()>) -> BTreeMap<&'static str, Closed> {
    birthmark_tracing::builder()
        .task_spans(Level::INFO)
        .install();
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    tracing::subscriber::with_default(subscriber, || {
        let _span = info_span!("request").entered();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future);
    });
    let closed = std::mem::take(&mut *spans.0.lock().unwrap());
    let named = closed.into_iter().map(|span| (span.metadata.name(), span));
    named.collect()
}

#[birthmark::instrument]
mod tasks {
    use super::*;

    #[test]
    fn spans_are_the_tree_of_tasks() {
        async fn leaf() {
            tokio::task::yield_now().await;
        }
        async fn branch() {
            tokio::spawn(leaf()).await.unwrap();
        }
        fn job() {}
        let spans = run(async {
            birthmark::set_name("req-7");
            tokio::spawn(branch()).await.unwrap();
            tokio::task::spawn_blocking(job).await.unwrap();
        });
        let parent = |name| spans[name].parent;
        assert_eq!(parent("branch"), Some("request"));
        assert_eq!(parent("leaf"), Some("branch"));
        assert_eq!(parent("job"), Some("request"));
        let leaf = &spans["leaf"];
        assert_eq!(leaf.metadata.target(), "task_spans::tasks");
        assert_eq!(leaf.metadata.file(), Some(file!()));
        let field = |name| leaf.fields[name].as_str();
        assert_eq!(field("task.outcome"), "completed");
        assert_eq!(field("task.polls"), "2");
        assert_eq!(field("task.name"), "\"req-7\"");
        for time in ["task.busy_ns", "task.idle_ns"] {
            assert!(field(time).parse::<u64>().is_ok_and(|time| time > 0));
        }
        assert_eq!(spans["job"].fields["task.polls"], "1");
    }

    #[test]
    fn outcome_is_recorded_however_a_task_ends() {
        async fn panics() {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        async fn is_cancelled() {
            std::future::pending::<()>().await;
        }
        async fn is_refused() {}
        let spans = run(async {
            assert!(tokio::spawn(panics()).await.is_err());
            let task = tokio::spawn(is_cancelled());
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.is_err());
            let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
                if spawn.role() == "is_refused" {
                    spawn.refuse("full");
                }
            });
            assert!(tokio::spawn(is_refused()).await.is_err());
            hook.remove();
        });
        let outcome = |name| spans[name].fields["task.outcome"].as_str();
        assert_eq!(outcome("panics"), "panicked");
        assert_eq!(outcome("is_cancelled"), "cancelled");
        assert_eq!(outcome("is_refused"), "refused");
    }

    #[test]
    fn root_has_a_span_without_a_parent() {
        async fn detached() {}
        let spans = run(async {
            tokio::spawn(birthmark::root!(detached())).await.unwrap();
        });
        assert_eq!(spans["detached"].parent, None);
    }

    #[test]
    fn filter_by_the_module_of_the_spawn_applies() {
        async fn quiet() {}
        birthmark_tracing::builder()
            .task_spans(Level::INFO)
            .install();
        let spans = Spans::default();
        let filter = tracing_subscriber::EnvFilter::new("task_spans::tasks=warn");
        let subscriber = tracing_subscriber::registry()
            .with(filter)
            .with(spans.clone());
        tracing::subscriber::with_default(subscriber, || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime
                .unwrap()
                .block_on(async { tokio::spawn(quiet()).await.unwrap() });
        });
        assert!(spans.0.lock().unwrap().is_empty());
    }
}
