//! Access: requests that are answered and requests that are refused.

use birthmark_test_support as _;

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

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

/// The first line of an answer, after which the connection is closed.
fn first_line(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let line = BufReader::new(stream).lines().next();
    line.unwrap().unwrap()
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
    assert_eq!(status(address, "HTTP/1.1"), "HTTP/1.1 403 Forbidden");
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

/// Headers by which proxies, load balancers and other things on the way say that they are there.
const OF_PROXIES: [&str; 36] = [
    "CDN-Loop: cloudflare",
    "CF-Connecting-IP: 203.0.113.7",
    "CF-Ray: 230b030023ae2822-SJC",
    "Client-IP: 203.0.113.7",
    "Early-Data: 1",
    "Fastly-Client-IP: 203.0.113.7",
    "Fly-Client-IP: 203.0.113.7",
    "Forwarded: for=203.0.113.7",
    "Front-End-Https: on",
    "Max-Forwards: 10",
    "Proxy-Connection: keep-alive",
    "True-Client-IP: 203.0.113.7",
    "Via: 1.1 proxy",
    "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
    "X-ARR-LOG-ID: 1",
    "X-Azure-ClientIP: 203.0.113.7",
    "X-Client-IP: 203.0.113.7",
    "X-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/1",
    "X-Cluster-Client-IP: 203.0.113.7",
    "X-Envoy-External-Address: 203.0.113.7",
    "X-Envoy-Expected-Rq-Timeout-Ms: 15000",
    "X-Forwarded: for=203.0.113.7",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: localhost",
    "X-Forwarded-Port: 443",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Server: proxy",
    "X-Original-Forwarded-For: 203.0.113.7",
    "X-Original-URL: /",
    "X-Real-IP: 127.0.0.1",
    "X-Real-Port: 443",
    "X-Remote-Addr: 203.0.113.7",
    "X-Request-ID: 1",
    "X-Scheme: https",
    "X-Something-Nobody-Has-Heard-Of: 1",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
];

/// A proxy on this machine hands on what comes from anywhere.
#[test]
fn request_through_a_proxy_needs_a_token() {
    let server = serve();
    let with_token = serve_with("127.0.0.1:0", Options::new().token(token())).unwrap();
    for header in OF_PROXIES {
        let request = format!(
            "GET /debug/birthmark/text HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n"
        );
        let answer = send(server.local_addr(), request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 403 "), "{header}: {answer}");
        let name = header.split_once(':').unwrap().0.to_ascii_lowercase();
        let named = format!("cannot answer this request with the header `{name}`: ");
        assert!(
            answer.contains(&named) && answer.contains("\nhelp: "),
            "{answer}"
        );
        let head = format!("HTTP/1.1\r\n{header}\r\nAuthorization: Bearer {SECRET}");
        let answer = status(with_token.local_addr(), &head);
        assert_eq!(answer, "HTTP/1.1 200 OK", "{header}");
    }
}

/// By default, nginx sends a request on in this version, under the name by which it knows the program.
#[test]
fn http_1_0_needs_a_token() {
    let server = serve();
    let address = server.local_addr();
    let nginx = format!("HTTP/1.0\r\nHost: {address}\r\nUser-Agent: curl/8.14.1\r\nAccept: */*");
    assert_eq!(status(address, &nginx), "HTTP/1.0 403 Forbidden");
    let with_token = serve_with("127.0.0.1:0", Options::new().token(token())).unwrap();
    let nginx = format!("{nginx}\r\nAuthorization: Bearer {SECRET}");
    assert_eq!(status(with_token.local_addr(), &nginx), "HTTP/1.0 200 OK");
}

/// Heads as clients send them, written by hand from what is known of each client.
#[test]
fn clients_on_this_machine_are_answered() {
    let server = serve();
    for (client, head) in [
        ("curl", "User-Agent: curl/8.14.1\r\nAccept: */*"),
        (
            "curl --compressed --http2",
            "User-Agent: curl/8.14.1\r\nAccept: */*\r\nAccept-Encoding: deflate, gzip\r\n\
             Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA",
        ),
        (
            "wget",
            "User-Agent: Wget/1.25.0\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive",
        ),
        (
            "go tool pprof",
            "User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip",
        ),
        (
            "Python",
            "User-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip\r\nAccept: */*\r\nConnection: keep-alive",
        ),
        (
            "Prometheus",
            "User-Agent: Prometheus/3.5.0\r\nAccept: text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n\
             Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10",
        ),
        (
            "Chromium",
            "Cache-Control: max-age=0\r\nsec-ch-ua: \"Chromium\";v=\"142\"\r\nsec-ch-ua-mobile: ?0\r\n\
             sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11)\r\n\
             Accept: text/html\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n\
             Sec-Fetch-Dest: document\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\nCookie: a=b",
        ),
        (
            "Firefox",
            "User-Agent: Mozilla/5.0 (X11)\r\nAccept: */*\r\nAccept-Language: en\r\nDNT: 1\r\nSec-GPC: 1\r\n\
             Connection: keep-alive\r\nReferer: http://localhost/\r\nSec-Fetch-Dest: empty\r\n\
             Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nPriority: u=4\r\nPragma: no-cache",
        ),
    ] {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
        // Some of these keep the connection, whose end is not waited for.
        let status = first_line(server.local_addr(), request.as_bytes());
        assert_eq!(status, "HTTP/1.1 200 OK", "{client}");
    }
}

/// Headers that a browser sends, and whether the page and a dump are answered.
#[test]
fn pages_of_other_origins_may_link_here_and_load_nothing() {
    let server = serve();
    let ask = |path: &str, head: &str| {
        let target = format!("/debug/birthmark/{path}");
        let agent = "User-Agent: Mozilla/5.0 (X11)";
        let head = format!("Host: localhost\r\n{agent}\r\n{head}\r\nConnection: close");
        let request = format!("GET {target} HTTP/1.1\r\n{head}\r\n\r\n");
        let answer = send(server.local_addr(), request.as_bytes());
        answer.starts_with("HTTP/1.1 200 ")
    };
    let sent = |site: &str, mode: &str, dest: &str| {
        format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}")
    };
    let clicked = |head: String| head + "\r\nSec-Fetch-User: ?1";
    let both = |head: &str| (ask("", head), ask("text", head));
    for site in ["none", "same-origin"] {
        for head in [
            sent(site, "navigate", "document"),
            sent(site, "cors", "empty"),
        ] {
            assert_eq!(both(&head), (true, true), "{head}");
        }
    }
    for site in ["cross-site", "same-site"] {
        let by_click = clicked(sent(site, "navigate", "document"));
        assert_eq!(both(&by_click), (true, true), "{by_click}");
        let by_script = sent(site, "navigate", "document");
        assert_eq!(both(&by_script), (true, false), "{by_script}");
    }
    for site in [
        "cross-site",
        "same-site",
        "same-origin",
        "none",
        "unknown",
        "\u{ff}",
    ] {
        for dest in ["iframe", "frame", "object", "embed", "fencedframe"] {
            let head = clicked(sent(site, "navigate", dest));
            assert_eq!(both(&head), (false, false), "{head}");
        }
        for dest in [
            "image",
            "script",
            "style",
            "serviceworker",
            "worker",
            "audio",
            "report",
            "\u{ff}",
        ] {
            let head = sent(site, "no-cors", dest);
            assert_eq!(both(&head), (false, false), "{head}");
        }
    }
    for (site, mode) in [
        ("cross-site", "cors"),
        ("same-site", "no-cors"),
        ("", "cors"),
        ("\u{ff}", "cors"),
    ] {
        let head = sent(site, mode, "empty");
        assert_eq!(both(&head), (false, false), "{head}");
    }
    // In advance, and from a browser that does not say for whom.
    for header in [
        "Sec-Purpose: prefetch;prerender",
        "Purpose: prefetch",
        "X-Moz: prefetch",
    ] {
        let head = sent("none", "navigate", "document") + "\r\n" + header;
        assert_eq!(both(&head), (false, false), "{head}");
    }
    assert_eq!(both("Accept: image/webp,*/*"), (false, false));
    let twice = sent("same-origin", "cors", "empty") + "\r\nSec-Fetch-Site: cross-site";
    assert_eq!(both(&twice), (false, false));
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
async fn router_without_client_addresses_refuses_all() {
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
    let guarded = app(router_with(Options::new().allow_unauthenticated()), false).await;
    assert_eq!(ask(guarded, "/debug/birthmark/json").await.0, 200);
    // A cookie gets a browser past the guard also when a page elsewhere makes it ask.
    let head = |site: &str| {
        format!(
            "GET /debug/birthmark/json HTTP/1.1\r\nHost: app.example\r\nUser-Agent: Mozilla/5.0\r\n\
             Connection: close\r\n{site}\r\n"
        )
    };
    for (site, status) in [
        ("", "200"),
        (
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image\r\n",
            "403",
        ),
    ] {
        let head = head(site);
        let asked = tokio::task::spawn_blocking(move || send(guarded, head.as_bytes()));
        let answer = asked.await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{site}: {answer}"
        );
    }
    let with_token = app(router_with(Options::new().token(token())), false).await;
    assert_eq!(ask(with_token, "/debug/birthmark/json").await.0, 401);
    let path = "/debug/birthmark/json?token=0123456789abcdef";
    assert_eq!(ask(with_token, path).await.0, 200);
}

#[tokio::test]
async fn server_may_be_started_and_stopped_in_a_task() {
    let server = serve();
    assert!(birthmark_http::serve(server.local_addr()).is_err());
    drop(server);
}

#[tokio::test]
async fn router_may_be_nested_anywhere() {
    let nested = app(Router::new().nest("/admin", router()), true).await;
    let (status, page) = ask(nested, "/admin/debug/birthmark").await;
    assert!(status == 200 && page.starts_with("<!doctype html>"));
    assert_eq!(ask(nested, "/admin/debug/birthmark/json").await.0, 200);
}
