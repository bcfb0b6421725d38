//! With tracing-opentelemetry, `birthmark-tracing` keeps traces connected, and a root becomes a link.

use birthmark_test_support as _;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

/// Runs `f` in a span, and returns all spans.
fn spans_of(f: impl FnOnce()) -> Vec<SpanData> {
    birthmark_tracing::install();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || info_span!("request").in_scope(f));
    exporter.get_finished_spans().unwrap()
}

fn find<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:?}"))
}

fn work(name: &'static str) {
    info_span!("work", otel.name = name).in_scope(|| ());
}

#[birthmark::instrument]
mod spawns {
    use super::*;

    #[test]
    fn trace_is_one_over_tasks_jobs_and_threads() {
        let spans = spans_of(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().build();
            runtime.unwrap().block_on(async {
                tokio::spawn(async {
                    tokio::task::yield_now().await;
                    work("task");
                })
                .await
                .unwrap();
                tokio::task::spawn_blocking(|| work("blocking"))
                    .await
                    .unwrap();
            });
            rayon::in_place_scope(|scope| scope.spawn(|_| work("rayon")));
            std::thread::spawn(|| work("thread")).join().unwrap();
        });
        let request = find(&spans, "request").span_context.clone();
        for name in ["task", "blocking", "rayon", "thread"] {
            let span = find(&spans, name);
            assert_eq!(span.span_context.trace_id(), request.trace_id(), "{name}");
            assert_eq!(span.parent_span_id, request.span_id(), "{name}");
        }
    }

    #[test]
    fn root_is_a_trace_of_its_own_with_a_link() {
        fn refresh() {
            work("refreshed");
        }
        let spans = spans_of(|| {
            std::thread::spawn(birthmark::root!(refresh))
                .join()
                .unwrap();
        });
        let request = &find(&spans, "request").span_context;
        let root = find(&spans, "refresh");
        assert_ne!(root.span_context.trace_id(), request.trace_id());
        assert_eq!(root.parent_span_id, SpanId::INVALID);
        let links: Vec<_> = root
            .links
            .iter()
            .map(|link| link.span_context.span_id())
            .collect();
        assert_eq!(links, [request.span_id()]);
        assert_eq!(
            find(&spans, "refreshed").parent_span_id,
            root.span_context.span_id()
        );
    }
}
