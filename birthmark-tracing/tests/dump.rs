//! A dump shows the span that each task is in, and waits for no lock of a subscriber.

mod support;

use std::future::poll_fn;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use birthmark_test_support as _;
use birthmark_tracing::TaskLayer;
use tracing::field::Empty;
use tracing::{Event, Instrument, Span, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Returns the span of the live task with this role, as a dump shows it.
fn span_of(role: &str) -> Option<String> {
    let dump = birthmark::dump();
    let task = dump.tasks().find(|task| task.role() == role);
    task.expect("the task lives")
        .span()
        .map(ToString::to_string)
}

/// Runs a future with a registry that has the layer.
fn run(future: impl Future<Output = ()>) {
    birthmark_tracing::install();
    let subscriber = tracing_subscriber::registry().with(TaskLayer::new());
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future);
    });
}

/// Suspends the task until it is woken or cancelled.
async fn suspend() {
    poll_fn(|_| Poll::<()>::Pending).await;
}

#[birthmark::instrument]
mod tasks {
    use super::*;

    #[test]
    fn suspended_task_is_in_the_innermost_span_that_is_open() {
        async fn innermost() {
            let inner = async {
                info_span!("short").in_scope(|| ());
                suspend().await;
            };
            inner
                .instrument(info_span!("inner", user = "jane doe"))
                .await;
        }
        run(async {
            let task = info_span!("request", id = 7).in_scope(|| tokio::spawn(innermost()));
            tokio::task::yield_now().await;
            assert_eq!(
                span_of("innermost").as_deref(),
                Some("inner{user=\"jane doe\"}")
            );
            task.abort();
        });
    }

    #[test]
    fn task_is_in_the_outer_span_after_the_inner_one_has_closed() {
        async fn closed() {
            let inner = async { tokio::task::yield_now().await };
            inner.instrument(info_span!("inner")).await;
            suspend().await;
        }
        run(async {
            let task = info_span!("request", id = 7).in_scope(|| tokio::spawn(closed()));
            tokio::task::yield_now().await;
            assert_eq!(span_of("closed").as_deref(), Some("inner"));
            tokio::task::yield_now().await;
            assert_eq!(span_of("closed").as_deref(), Some("request{id=7}"));
            task.abort();
        });
    }

    #[test]
    fn running_task_and_recorded_fields_are_shown() {
        run(async {
            let span = info_span!("request", id = 7, status = Empty);
            let thread = span.in_scope(|| {
                std::thread::spawn(|| {
                    Span::current().record("status", 200);
                    span_of("running_task_and_recorded_fields_are_shown::{closure}")
                })
            });
            assert_eq!(
                thread.join().unwrap().as_deref(),
                Some("request{id=7 status=200}")
            );
        });
    }

    #[test]
    fn span_is_in_text_and_json() {
        async fn rendered() {
            suspend().await;
        }
        run(async {
            let task = info_span!("request", path = "/a").in_scope(|| tokio::spawn(rendered()));
            tokio::task::yield_now().await;
            let filter = "role=rendered".parse().unwrap();
            let dump = birthmark::dump().filter(&filter);
            assert!(dump.to_string().contains("  request{path=/a}\n"), "{dump}");
            let json: serde_json::Value = serde_json::from_str(&dump.json().to_string()).unwrap();
            let span = serde_json::json!({"name": "request", "fields": {"path": "/a"}});
            assert_eq!(json["tasks"][0]["span"], span);
            task.abort();
        });
    }

    #[test]
    fn task_without_a_span_shows_none() {
        async fn alone() {
            suspend().await;
        }
        run(async {
            let task = tokio::spawn(alone());
            tokio::task::yield_now().await;
            assert_eq!(span_of("alone"), None);
            task.abort();
        });
    }

    /// A layer that keeps the lock of a span's extensions while an event is handled, and meanwhile waits.
    struct Holds(Mutex<(Sender<()>, Receiver<()>)>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Holds {
        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            let span = context.event_span(event).unwrap();
            let _locked = span.extensions_mut();
            let (held, release) = &*self.0.lock().unwrap();
            held.send(()).unwrap();
            release.recv().unwrap();
        }
    }

    #[test]
    fn dump_is_taken_while_the_lock_of_a_span_is_held() {
        birthmark_tracing::install();
        let (held, is_held) = channel();
        let (release, is_released) = channel();
        let holds = Holds(Mutex::new((held, is_released)));
        let subscriber = tracing_subscriber::registry()
            .with(TaskLayer::new())
            .with(holds);
        tracing::subscriber::with_default(subscriber, || {
            let holder = || info!("held");
            let thread = info_span!("request", id = 7).in_scope(|| std::thread::spawn(holder));
            is_held.recv().unwrap();
            let shown = span_of("dump_is_taken_while_the_lock_of_a_span_is_held::{closure}");
            release.send(()).unwrap();
            thread.join().unwrap();
            assert_eq!(shown.as_deref(), Some("request{id=7}"));
        });
    }

    /// Spans open and close on several threads while dumps are taken.
    #[test]
    fn dump_shows_no_torn_span() {
        fn busy(stop: &Arc<Mutex<bool>>) {
            while !*stop.lock().unwrap() {
                for (id, same) in [(1, 1), (22, 22), (333, 333)] {
                    info_span!("torn", id, same).in_scope(std::thread::yield_now);
                }
            }
        }
        birthmark_tracing::install();
        let subscriber = tracing_subscriber::registry().with(TaskLayer::new());
        tracing::subscriber::with_default(subscriber, || {
            let stop = Arc::new(Mutex::new(false));
            let threads = [(); 2].map(|()| {
                let stop = stop.clone();
                std::thread::spawn(move || busy(&stop))
            });
            for _ in 0..200 {
                for task in birthmark::dump().tasks() {
                    let Some(span) = task.span().filter(|span| span.name() == "torn") else {
                        continue;
                    };
                    let value = |key| span.fields().get(key).map(|it| it.value().to_owned());
                    assert_eq!(value("id"), value("same"));
                }
            }
            *stop.lock().unwrap() = true;
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }
}
