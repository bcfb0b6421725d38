//! The layer that makes each request a task, with the real axum.

use std::net::SocketAddr;

use axum::routing::get;
use axum::{Router, http::HeaderName};
use birthmark_http::RequestLayer;
use birthmark_test_support as _;
use tokio::net::TcpListener;

/// The place of the layer in this file.
const LAYER: u32 = line!() + 5;

/// Serves an application on a thread of its own. The server ends with the process.
fn serve(layer: impl FnOnce() -> RequestLayer) -> SocketAddr {
    let layer = layer();
    let layer = layer.label("tenant", |request| {
        Some(request.headers.get("x-tenant")?.to_str().ok()?.to_owned())
    });
    let app = Router::new()
        .route("/quotes/{sku}", get(quote))
        .route("/children", get(children))
        .route("/panics", get(panics))
        .layer(layer);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender
                .send(listener.local_addr().expect("an address"))
                .expect("a receiver");
            axum::serve(listener, app).await.expect("it serves");
        });
    });
    receiver.recv().expect("the server has an address")
}

/// Returns the current task as a dump shows it.
#[birthmark::instrument]
async fn quote() -> String {
    tokio::task::yield_now().await;
    birthmark::current().expect("a task").to_string()
}

#[birthmark::instrument]
async fn children() -> String {
    let child = tokio::spawn(async {
        let task = birthmark::current().expect("a task");
        let parent = &task.lineage()[0];
        let name = task.name().map(|name| name.as_str().to_owned());
        format!("{name:?} {} {:?}", parent.role(), task.label("route"))
    });
    child.await.expect("it does not panic")
}

async fn panics() -> String {
    panic!("as it shall")
}

fn ask(address: SocketAddr, path: &str, headers: &[(&str, &[u8])]) -> reqwest::Result<String> {
    let client = reqwest::blocking::Client::new();
    let mut request = client.get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send()?.text()
}

#[test]
fn request_is_a_task_with_the_name_of_its_id_and_labels() {
    let address = serve(RequestLayer::new);
    let headers: [(&str, &[u8]); 2] = [("x-request-id", b"abc"), ("x-tenant", b"acme")];
    let task = ask(address, "/quotes/7", &headers).expect("an answer");
    assert!(task.contains(" \"abc\" request "), "{task}");
    for label in ["method=GET", "route=/quotes/{sku}", "tenant=acme"] {
        assert!(task.contains(label), "{label}: {task}");
    }
    assert!(task.contains("running"), "{task}");
    let _ = LAYER;
}

#[test]
fn requests_without_an_id_have_numbers() {
    let address = serve(RequestLayer::new);
    for number in 1..=2 {
        let task = ask(address, "/quotes/7", &[]).expect("an answer");
        assert!(
            task.contains(&format!(" \"req-{number}\" request ")),
            "{task}"
        );
    }
}

#[test]
fn child_of_a_request_inherits_name_and_labels() {
    let address = serve(RequestLayer::new);
    let child = ask(address, "/children", &[("x-request-id", b"abc")]).expect("an answer");
    assert_eq!(child, "Some(\"abc\") request Some(\"/children\")");
}

#[test]
fn hostile_id_is_escaped_cut_or_ignored() {
    let address = serve(RequestLayer::new);
    let long = vec![b'x'; 5000];
    let task = ask(address, "/quotes/7", &[("x-request-id", &long)]).expect("an answer");
    let head = task.lines().next().expect("a line");
    assert!(head.len() < 400 && head.contains("xxx"), "{head}");
    // Bytes that are no text.
    let task = ask(address, "/quotes/7", &[("x-request-id", b"\xff\xfe")]).expect("an answer");
    assert!(task.contains("\"req-1\" request"), "{task}");
    let task = ask(address, "/quotes/7", &[("x-request-id", b"")]).expect("an answer");
    assert!(task.contains("\"req-2\" request"), "{task}");
    let task = ask(address, "/quotes/7", &[("x-request-id", b"a\"b\tc")]).expect("an answer");
    assert!(
        !task.contains('\t') && task.contains("a\\\"b\\tc"),
        "{task}"
    );
}

#[test]
fn name_is_that_of_a_function_or_another_header() {
    let by_header = serve(|| RequestLayer::new().header(HeaderName::from_static("x-trace")));
    let task = ask(by_header, "/quotes/7", &[("x-trace", b"t-1")]).expect("an answer");
    assert!(task.contains("\"t-1\" request"), "{task}");
    let by_function = serve(|| {
        RequestLayer::new().name_by(|request| {
            let is_quote = request.uri.path().starts_with("/quotes");
            is_quote.then(|| format!("quote of {}", request.uri.path()))
        })
    });
    let task = ask(by_function, "/quotes/7", &[]).expect("an answer");
    assert!(task.contains("\"quote of /quotes/7\" request"), "{task}");
}

#[test]
fn panic_of_a_handler_ends_the_task_of_its_request() {
    let address = serve(RequestLayer::new);
    ask(address, "/panics", &[("x-request-id", b"doomed")]).expect_err("the connection ends");
    // The next request is answered, so the one before has ended.
    ask(address, "/quotes/7", &[]).expect("an answer");
    let filter = birthmark::Filter::new()
        .try_with("name", "doomed")
        .expect("a filter");
    assert_eq!(birthmark::dump().filter(&filter).len(), 0);
}
