//! An application that the paths are joined to answers all other paths as it did before.

mod support;

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use birthmark_http::{Options, router, router_with};
use support::send;

/// Requests that are none of birthmark's. Some come from elsewhere, or by a method that birthmark refuses.
const REQUESTS: [&str; 12] = [
    "GET / HTTP/1.1\r\nHost: localhost",
    "POST / HTTP/1.1\r\nHost: localhost",
    "GET / HTTP/1.1\r\nHost: app.example\r\nX-Forwarded-For: 203.0.113.7",
    "GET /nothing HTTP/1.1\r\nHost: localhost",
    "GET /nothing HTTP/1.1\r\nHost: app.example\r\nVia: 1.1 proxy",
    "HEAD /nothing HTTP/1.1\r\nHost: app.example",
    "POST /nothing HTTP/1.1\r\nHost: localhost",
    "OPTIONS /nothing HTTP/1.1\r\nHost: localhost",
    "GET /debug HTTP/1.1\r\nHost: localhost",
    "GET /debug/other HTTP/1.1\r\nHost: app.example",
    "DELETE /debug/birthmarks HTTP/1.1\r\nHost: app.example",
    "GET /metrics HTTP/1.1\r\nHost: app.example",
];

fn plain() -> Router {
    Router::new().route("/", get(async || "hello"))
}

fn with_fallback() -> Router {
    plain().fallback(async || (StatusCode::NOT_FOUND, [("x-own", "1")], "our own 404"))
}

fn with_fallback_for_methods() -> Router {
    let own = async || (StatusCode::METHOD_NOT_ALLOWED, "our own 405");
    with_fallback().method_not_allowed_fallback(own)
}

/// Serves an application, and returns what it answers to each request, without the date.
async fn answers(app: Router) -> Vec<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let asked = tokio::task::spawn_blocking(move || {
        let ask = |head: &str| {
            send(
                address,
                format!("{head}\r\nConnection: close\r\n\r\n").as_bytes(),
            )
        };
        let without_date = |answer: String| {
            let lines = answer.lines().filter(|line| !line.starts_with("date: "));
            lines.collect::<Vec<_>>().join("\n")
        };
        REQUESTS
            .map(|head| format!("{head}\n\n{}", without_date(ask(head))))
            .to_vec()
    });
    let answers = asked.await.unwrap();
    server.abort();
    answers
}

#[track_caller]
fn are_alike(after: &[String], before: &[String]) {
    for (after, before) in after.iter().zip(before) {
        assert_eq!(after, before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn merged_router_leaves_other_paths_unchanged() {
    for app in [plain, with_fallback, with_fallback_for_methods] {
        let before = answers(app()).await;
        assert!(before.iter().all(|answer| answer.contains("HTTP/1.1 ")));
        for options in [Options::new(), Options::new().allow_unauthenticated()] {
            let paths = || router_with(options.clone());
            are_alike(&answers(app().merge(paths())).await, &before);
            are_alike(&answers(paths().merge(app())).await, &before);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nested_router_leaves_other_paths_unchanged() {
    for app in [plain, with_fallback, with_fallback_for_methods] {
        let before = answers(app()).await;
        are_alike(&answers(app().nest("/admin", router())).await, &before);
        let own = Router::new().nest("/admin", app());
        are_alike(&answers(app().merge(own.merge(router()))).await, &before);
    }
}

/// The paths themselves are guarded wherever they are, also those that do not exist.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_path_is_guarded_in_an_application() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = with_fallback().merge(router()).nest("/admin", router());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let asked = tokio::task::spawn_blocking(move || {
        for path in [
            "", "/", "/text", "/json", "/pprof", "/diff", "/metrics", "/nothing", "/a/b",
        ] {
            for prefix in ["", "/admin"] {
                for (method, host, status) in
                    [("GET", "app.example", "403"), ("POST", "localhost", "405")]
                {
                    let target = format!("{prefix}/debug/birthmark{path}");
                    let head = format!(
                        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                    );
                    let answer = send(address, head.as_bytes());
                    assert!(
                        answer.starts_with(&format!("HTTP/1.1 {status} ")),
                        "{head}{answer}"
                    );
                    assert!(
                        answer.contains("\r\nx-frame-options: DENY\r\n"),
                        "{head}{answer}"
                    );
                }
            }
        }
    });
    asked.await.unwrap();
}
