//! Traces stay connected over every kind of spawn, with the real SDK.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::thread;

use birthmark_opentelemetry::TaskSpanProcessor;
use birthmark_test_support as _;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId, Tracer};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

/// Sets the SDK up once for all tests of the process, and returns its exporter.
fn exporter() -> &'static InMemorySpanExporter {
    static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(TaskSpanProcessor)
            .with_simple_exporter(exporter.clone())
            .build();
        global::set_tracer_provider(provider);
        birthmark_opentelemetry::install();
        exporter
    })
}

/// Starts and ends a span, whose name has the tenant of the baggage.
fn span(name: &str) {
    let baggage = Context::map_current(|context| context.baggage().get("tenant").cloned());
    let tenant = baggage.map_or_else(String::new, |tenant| format!(" for {tenant}"));
    global::tracer("test").start(format!("{name}{tenant}"));
}

/// Runs `f` in a span with baggage. Returns the spans of that trace by name.
fn trace_of(f: impl FnOnce()) -> (SpanId, HashMap<String, SpanData>) {
    let (trace, root, spans) = all_of(f);
    let of_trace = spans
        .into_iter()
        .filter(|span| span.span_context.trace_id() == trace)
        .map(|span| (span.name.to_string(), span));
    (root, of_trace.collect())
}

fn all_of(f: impl FnOnce()) -> (TraceId, SpanId, Vec<SpanData>) {
    let exporter = exporter();
    let root = global::tracer("test").start("request");
    let context = Context::new()
        .with_span(root)
        .with_baggage([KeyValue::new("tenant", "acme")]);
    let of_root = context.span().span_context().clone();
    {
        let _attached = context.attach();
        f();
    }
    let spans = exporter.get_finished_spans().unwrap();
    (of_root.trace_id(), of_root.span_id(), spans)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    runtime.unwrap().block_on(future)
}

#[birthmark::instrument]
mod spawns {
    use super::*;

    #[test]
    fn task_job_and_threads_are_in_the_trace_with_their_baggage() {
        let (root, spans) = trace_of(|| {
            block_on(async {
                tokio::spawn(async {
                    span("task");
                    tokio::task::yield_now().await;
                    tokio::spawn(async { span("nested task") }).await.unwrap();
                })
                .await
                .unwrap();
                tokio::task::spawn_blocking(|| span("blocking"))
                    .await
                    .unwrap();
            });
            rayon::in_place_scope(|scope| scope.spawn(|_| span("rayon")));
            thread::spawn(|| span("thread")).join().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| span("scoped thread"));
            });
        });
        for name in [
            "task",
            "nested task",
            "blocking",
            "rayon",
            "thread",
            "scoped thread",
        ] {
            let span = spans.get(&format!("{name} for acme"));
            let span = span.unwrap_or_else(|| panic!("no {name} in {:?}", spans.keys()));
            assert_eq!(span.parent_span_id, root, "{name}");
        }
    }

    #[test]
    fn span_has_the_task_in_its_attributes() {
        fn serve() {
            birthmark::set_name("req-7");
            span("served");
        }
        let (_, spans) = trace_of(|| thread::spawn(serve).join().unwrap());
        let attributes = &spans["served for acme"].attributes;
        let value = |key: &str| {
            let found = attributes.iter().find(|it| it.key.as_str() == key);
            found.map(|it| it.value.to_string())
        };
        assert_eq!(value("task.role").as_deref(), Some("serve"));
        assert_eq!(value("task.name").as_deref(), Some("req-7"));
        assert!(value("task.id").is_some());
    }

    #[test]
    fn root_is_a_trace_of_its_own_with_a_link_and_without_baggage() {
        fn refresh() {
            span("refreshed");
        }
        let (trace, request, spans) = all_of(|| {
            thread::spawn(birthmark::root!(refresh)).join().unwrap();
        });
        let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
        let (root, inner) = (find("refresh"), find("refreshed"));
        assert_ne!(root.span_context.trace_id(), trace);
        assert_eq!(root.parent_span_id, SpanId::INVALID);
        let [link] = &root.links.links[..] else {
            panic!("{:?}", root.links);
        };
        assert_eq!(link.span_context.span_id(), request);
        assert_eq!(inner.parent_span_id, root.span_context.span_id());
        let outcome = root
            .attributes
            .iter()
            .find(|it| it.key.as_str() == "task.outcome");
        assert_eq!(outcome.unwrap().value.as_str(), "completed");
    }

    #[test]
    fn thread_of_an_executor_has_no_context_between_polls() {
        exporter();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let task = {
                let context = Context::current_with_baggage([KeyValue::new("tenant", "acme")]);
                let _attached = context.attach();
                tokio::spawn(async {
                    tokio::task::yield_now().await;
                    Context::current().baggage().len()
                })
            };
            while !task.is_finished() {
                assert_eq!(Context::current().baggage().len(), 0);
                tokio::task::yield_now().await;
            }
            assert_eq!(task.await.unwrap(), 1);
        });
    }
}

#[test]
fn deadline_is_an_attribute_of_spans() {
    #[birthmark::instrument]
    fn spawn() {
        thread::spawn(|| span("child")).join().unwrap();
    }
    let (_, spans) = trace_of(|| {
        birthmark::with_timeout_blocking(std::time::Duration::from_secs(3600), spawn);
    });
    let remaining = |span: &SpanData| {
        let mut attributes = span.attributes.iter();
        let found = attributes.find(|it| it.key.as_str() == "task.remaining_ms")?;
        Some(found.value.clone())
    };
    let Some(opentelemetry::Value::I64(left)) = remaining(&spans["child for acme"]) else {
        panic!("it is missing in {spans:?}");
    };
    assert!(left > 0 && left <= 3_600_000, "{left}");
    let (_, spans) = trace_of(spawn_child);
    assert!(remaining(&spans["child for acme"]).is_none());
}

#[birthmark::instrument]
fn spawn_child() {
    thread::spawn(|| span("child")).join().unwrap();
}
