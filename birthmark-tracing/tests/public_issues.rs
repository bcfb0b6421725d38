//! Libraries that spawn inside of themselves and lose the span of their caller, in the shapes that public issues
//! describe. Each library here has the attribute and mentions no span.

mod support;

use std::sync::{Arc, Mutex};

use birthmark_test_support as _;
use birthmark_tracing::Carry;
use support::on_workers;
use tracing::span::Id;
use tracing::{Instrument, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Keeps the names of the spans that have closed.
#[derive(Clone, Default)]
struct Closed(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Closed {
    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let name = context.span(&id).unwrap().name();
        self.0.lock().unwrap().push(name);
    }
}

/// Runs `f` with a subscriber of its own. Returns its lines, sorted.
fn run(f: impl FnOnce(&Closed)) -> Vec<String> {
    birthmark_tracing::builder()
        .carry_in("public_issues::connection_pool", Carry::FollowsFrom)
        .install();
    let (subscriber, lines) = support::subscriber();
    let closed = Closed::default();
    let subscriber = subscriber.with(closed.clone());
    tracing::subscriber::with_default(subscriber, || f(&closed));
    lines.sorted()
}

/// vectordotdev/vector#7970: a source spawns its ingestors, whose events lack the tags of the component.
#[birthmark::instrument]
mod ingestors {
    use super::*;

    pub async fn run(concurrency: usize) {
        let ingestors = (0..concurrency).map(|_| tokio::spawn(async { ingest().await }));
        for ingestor in ingestors.collect::<Vec<_>>() {
            ingestor.await.unwrap();
        }
    }

    async fn ingest() {
        tokio::task::yield_now().await;
        info!("ingested");
    }
}

#[test]
fn ingestors_of_a_source_have_the_span_of_the_component() {
    let lines = run(|_| on_workers(ingestors::run(2).instrument(info_span!("source", id = "s3"))));
    assert_eq!(lines, ["source{id=\"s3\"}: ingested"; 2]);
}

/// delta-io/delta-kernel-rs#1422: loading a table goes through `spawn` and `spawn_blocking`, and the calls of the object
/// store become roots.
#[birthmark::instrument]
mod table_loader {
    use super::*;

    pub async fn load() {
        tokio::spawn(list_log()).await.unwrap();
    }

    async fn list_log() {
        info!("listing");
        tokio::task::spawn_blocking(|| info!("reading"))
            .await
            .unwrap();
    }
}

#[test]
fn calls_of_the_object_store_are_in_the_span_of_the_table() {
    let lines = run(|_| on_workers(table_loader::load().instrument(info_span!("load_table"))));
    assert_eq!(lines, ["load_table: listing", "load_table: reading"]);
}

/// modelcontextprotocol/rust-sdk#334: a service spawns each tool call, whose events are not in the span of the HTTP
/// request.
#[birthmark::instrument]
mod tool_service {
    use super::*;

    pub async fn call(tool: &'static str) {
        let (to, from) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            info!(tool, "called");
            to.send(()).unwrap();
        });
        from.await.unwrap();
    }
}

#[test]
fn tool_call_is_in_the_span_of_its_request() {
    let lines = run(|_| {
        on_workers(async {
            let requests =
                [1, 2].map(|id| tool_service::call("add").instrument(info_span!("http", id)));
            for request in requests {
                request.await;
            }
        });
    });
    assert_eq!(
        lines,
        [
            "http{id=1}: called tool=\"add\"",
            "http{id=2}: called tool=\"add\""
        ]
    );
}

/// n0-computer/iroh#2769: an actor runs its work in a `JoinSet`.
#[birthmark::instrument]
mod actor {
    use super::*;

    pub fn spawn() -> tokio::task::JoinHandle<()> {
        tokio::spawn(run())
    }

    async fn run() {
        let mut work = tokio::task::JoinSet::new();
        work.spawn(async { info!("worked") });
        work.join_next().await.unwrap().unwrap();
    }
}

#[test]
fn work_of_an_actor_is_in_the_span_in_which_the_actor_was_made() {
    let lines = run(|_| {
        on_workers(async {
            let actor = info_span!("endpoint", me = 7).in_scope(actor::spawn);
            actor.await.unwrap();
        });
    });
    assert_eq!(lines, ["endpoint{me=7}: worked"]);
}

/// hyperium/hyper-util#323 and tokio-rs/toasty#1043: the first request opens a connection, whose task stays in the pool
/// and keeps the span of that request open for ever.
#[birthmark::instrument]
mod connection_pool {
    use super::*;
    use tokio::sync::mpsc::{Sender, channel};

    #[derive(Default)]
    pub struct Pool(Option<Sender<u32>>);

    impl Pool {
        pub async fn send(&mut self, request: u32) {
            let connection = self.0.get_or_insert_with(|| {
                let (to, mut from) = channel(1);
                tokio::spawn(async move {
                    while let Some(request) = from.recv().await {
                        info!(request, "sent");
                    }
                });
                to
            });
            connection.send(request).await.unwrap();
        }
    }
}

#[test]
fn connection_of_a_pool_does_not_keep_the_span_of_the_first_request() {
    let lines = run(|closed| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut pool = connection_pool::Pool::default();
            pool.send(1).instrument(info_span!("request")).await;
            pool.send(2).instrument(info_span!("request")).await;
            tokio::task::yield_now().await;
            assert_eq!(*closed.0.lock().unwrap(), ["request", "request"]);
        });
    });
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(
            line.starts_with("Pool::send::{"),
            "a span of its own: {line}"
        );
        assert!(!line.contains("request{"), "{line}");
    }
}

/// tokio-rs/tokio#2396: a subscriber that is scoped to a thread, as in tests, sees nothing of spawned tasks.
#[birthmark::instrument]
mod scoped_subscriber {
    use super::*;

    pub async fn work() {
        tokio::spawn(async { info!("seen") }).await.unwrap();
        std::thread::spawn(|| info!("seen")).join().unwrap();
    }
}

#[test]
fn subscriber_of_a_test_sees_what_the_tested_code_spawns() {
    let lines = run(|_| on_workers(scoped_subscriber::work()));
    assert_eq!(lines, ["seen", "seen"]);
}
