//! Who is answered.

use birthmark_test_support as _;

mod support;

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use birthmark_http::{Options, Token, router, router_with, serve_with};
use support::{client, send, serve};

const SECRET: &str = "0123456789abcdef";

fn token() -> Token {
    SECRET.parse().unwrap()
}

fn status(address: SocketAddr, head: &str) -> String {
    let request = format!("GET /debug/birthmark/text {head}\r\nConnection: close\r\n\r\n");
    send(address, request.as_bytes())
        .lines()
        .next()
        .unwrap_or("")
        .to_owned()
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let server = serve();
    let address = server.local_addr();
    for host in [
        "localhost",
        "localhost:6060",
        "127.0.0.1",
        "LOCALHOST:1",
        "app.localhost:3000",
        "[::1]:6060",
    ] {
        let answer = status(address, &format!("HTTP/1.1\r\nHost: {host}"));
        assert_eq!(answer, "HTTP/1.1 200 OK", "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:6060",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "\"",
        "\u{e4}",
    ] {
        let answer = status(address, &format!("HTTP/1.1\r\nHost: {host}"));
        assert_eq!(answer, "HTTP/1.1 403 Forbidden", "{host}");
    }
    assert_eq!(status(address, "HTTP/1.0"), "HTTP/1.0 403 Forbidden");
    // Where a name is told twice, both must be right.
    for (target, hosts) in [
        ("", "Host: localhost\r\nHost: evil.example"),
        ("", "Host: evil.example\r\nHost: localhost"),
        ("http://evil.example", "Host: localhost"),
        ("http://localhost", "Host: evil.example"),
    ] {
        let path = format!("{target}/debug/birthmark/text");
        let request = format!("GET {path} HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n");
        let answer = send(address, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 403 "), "{request}{answer}");
    }
}

/// A proxy on this machine hands on what comes from anywhere.
#[test]
fn requests_through_a_proxy_need_a_token() {
    let server = serve();
    for header in [
        "X-Forwarded-For: 203.0.113.7",
        "X-Real-IP: 127.0.0.1",
        "Forwarded: for=203.0.113.7",
        "Via: 1.1 proxy",
    ] {
        let head = format!("HTTP/1.1\r\nHost: localhost\r\n{header}");
        let answer = status(server.local_addr(), &head);
        assert_eq!(answer, "HTTP/1.1 403 Forbidden", "{header}");
    }
    let with_token = serve_with("127.0.0.1:0", Options::new().token(token())).unwrap();
    let head = format!("HTTP/1.1\r\nVia: 1.1 proxy\r\nAuthorization: Bearer {SECRET}");
    let answer = status(with_token.local_addr(), &head);
    assert_eq!(answer, "HTTP/1.1 200 OK");
}

#[test]
fn other_sites_may_link_here_but_load_nothing() {
    let server = serve();
    let ask = |site: &str, mode: &str| {
        let request = client().get(server.url() + "text");
        let request = request
            .header("Sec-Fetch-Site", site)
            .header("Sec-Fetch-Mode", mode);
        request.send().unwrap().status()
    };
    assert_eq!(ask("cross-site", "no-cors"), 403);
    assert_eq!(ask("cross-site", "navigate"), 200);
    assert_eq!(ask("same-origin", "cors"), 200);
}

#[test]
fn other_addresses_need_a_token_and_with_it_any_name_will_do() {
    let server = serve_with("0.0.0.0:0", Options::new().token(token())).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], server.local_addr().port()));
    assert!(
        server.url().starts_with("http://127.0.0.1:"),
        "{}",
        server.url()
    );
    let ok = "HTTP/1.1 200 OK";
    let no = "HTTP/1.1 401 Unauthorized";
    for (sent, expected) in [
        (format!("Authorization: Bearer {SECRET}"), ok),
        (format!("authorization: bearer  {SECRET}"), ok),
        (format!("Authorization: Basic {SECRET}"), no),
        (format!("Authorization: Bearer {SECRET}0"), no),
        ("Authorization: Bearer".to_owned(), no),
        ("Authorization: \u{ff}".to_owned(), no),
        (String::new(), no),
    ] {
        let answer = status(address, &format!("HTTP/1.1\r\nHost: any.example\r\n{sent}"));
        assert_eq!(answer, expected, "{sent}");
    }
    for (query, expected) in [(SECRET, 200), ("0123456789abcdeF", 401), ("", 401)] {
        let url = format!("{}text?state=running&token={query}", server.url());
        assert_eq!(client().get(url).send().unwrap().status(), expected);
    }
    let response = client().get(server.url()).send().unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert!(response.text().unwrap().contains("?token=TOKEN"));
}

/// Serves an application of the program's, with or without telling it who asks.
async fn app(paths: Router, tell: bool) -> SocketAddr {
    let app = Router::new().route("/", get(async || "hello")).merge(paths);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        if tell {
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).await
        } else {
            axum::serve(listener, app).await
        }
    });
    address
}

async fn ask(address: SocketAddr, path: &'static str) -> (u16, String) {
    let url = format!("http://{address}{path}");
    let asked = tokio::task::spawn_blocking(move || {
        let response = client().get(url).send().unwrap();
        (response.status().as_u16(), response.text().unwrap())
    });
    asked.await.unwrap()
}

#[tokio::test]
async fn a_router_answers_nobody_unless_it_knows_who_asks() {
    let (status, why) = ask(app(router(), false).await, "/debug/birthmark/text").await;
    assert_eq!(status, 403);
    assert!(why.contains("into_make_service_with_connect_info"), "{why}");
    let told = app(router(), true).await;
    assert_eq!(ask(told, "/debug/birthmark/text").await.0, 200);
    assert_eq!(ask(told, "/").await, (200, "hello".to_owned()));
    assert_eq!(
        ask(told, "/metrics").await.0,
        404,
        "the program may have its own"
    );
    let guarded = app(router_with(Options::new().guarded_elsewhere()), false).await;
    assert_eq!(ask(guarded, "/debug/birthmark/json").await.0, 200);
    let with_token = app(router_with(Options::new().token(token())), false).await;
    assert_eq!(ask(with_token, "/debug/birthmark/json").await.0, 401);
    let path = "/debug/birthmark/json?token=0123456789abcdef";
    assert_eq!(ask(with_token, path).await.0, 200);
}

#[tokio::test]
async fn a_server_may_be_started_and_stopped_in_a_task() {
    let server = serve();
    assert!(birthmark_http::serve(server.local_addr()).is_err());
    drop(server);
}

#[tokio::test]
async fn a_router_may_be_nested_anywhere() {
    let nested = app(Router::new().nest("/admin", router()), true).await;
    let (status, page) = ask(nested, "/admin/debug/birthmark").await;
    assert!(status == 200 && page.starts_with("<!doctype html>"));
    assert_eq!(ask(nested, "/admin/debug/birthmark/json").await.0, 200);
}
