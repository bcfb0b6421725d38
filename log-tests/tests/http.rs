//! Spans over real servers and clients: axum, reqwest, and the pool of hyper-util's client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use birthmark_test_support as _;
use birthmark_tracing::Carry;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use tracing::span::Id;
use tracing::{Event, Instrument, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Keeps the spans around each event of these tests, and the names of spans that have closed.
#[derive(Clone, Default)]
struct Seen {
    events: Arc<Mutex<Vec<String>>>,
    closed: Arc<Mutex<Vec<&'static str>>>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with("http") {
            return;
        }
        let spans = context.event_scope(event).into_iter();
        let names: Vec<_> = spans.flatten().map(|span| span.name()).collect();
        self.events.lock().unwrap().push(names.join(" < "));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let name = context.span(&id).unwrap().name();
        self.closed.lock().unwrap().push(name);
    }
}

/// Runs `f` with a server, on one thread.
fn run<F: Future<Output = ()>>(f: impl FnOnce(SocketAddr) -> F) -> Seen {
    birthmark_tracing::builder()
        .carry_in("http::executor", Carry::FollowsFrom)
        .install();
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let router = Router::new().route("/", get(service::answer));
            let server = async { axum::serve(listener, router).await.unwrap() };
            let server = tokio::spawn(server);
            f(address).await;
            server.abort();
        });
    });
    seen
}

#[birthmark::instrument]
mod service {
    use super::*;

    pub async fn answer() -> &'static str {
        async {
            tokio::spawn(async { info!("spawned by the handler") })
                .await
                .unwrap();
            "answer"
        }
        .instrument(info_span!("handler"))
        .await
    }

    /// Fetches in a task of its own.
    pub async fn fetch(address: SocketAddr) -> String {
        let task = tokio::spawn(async move {
            let response = reqwest::get(format!("http://{address}/")).await.unwrap();
            info!("fetched");
            response.text().await.unwrap()
        });
        task.await.unwrap()
    }
}

#[test]
fn handler_of_axum_and_client_of_reqwest_keep_their_spans() {
    let seen = run(|address| async move {
        let text = service::fetch(address)
            .instrument(info_span!("client"))
            .await;
        assert_eq!(text, "answer");
    });
    assert_eq!(*seen.events.lock().unwrap(), ["handler", "client"]);
}

/// An executor for hyper-util's client, as many programs have one, with the attribute.
#[birthmark::instrument]
mod executor {
    #[derive(Clone)]
    pub struct Executor;

    impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Executor {
        fn execute(&self, future: F) {
            tokio::spawn(future);
        }
    }
}

/// hyperium/hyper-util#323: a pooled connection keeps the span of the request that has opened it.
#[test]
fn connection_in_the_pool_of_a_client_does_not_keep_the_span_of_a_request() {
    let seen = run(|address| async move {
        let client: Client<HttpConnector, Empty<Bytes>> =
            Client::builder(executor::Executor).build_http();
        for _ in 0..2 {
            let request = async {
                let uri = format!("http://{address}/").parse().unwrap();
                let response = client.get(uri).await.unwrap();
                response.into_body().collect().await.unwrap().to_bytes()
            };
            let body = request.instrument(info_span!("request")).await;
            assert_eq!(&body[..], b"answer");
        }
        // The connection is still in the pool.
        tracing::dispatcher::get_default(|dispatch| {
            let seen = dispatch
                .downcast_ref::<Seen>()
                .expect("the layer of the test");
            let closed = seen.closed.lock().unwrap();
            assert_eq!(closed.iter().filter(|name| **name == "request").count(), 2);
        });
        drop(client);
    });
    assert_eq!(*seen.events.lock().unwrap(), ["handler", "handler"]);
}
