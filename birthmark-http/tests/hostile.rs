//! Requests that nobody should send.

use birthmark_test_support as _;

mod support;

use std::net::SocketAddr;

use birthmark_http::{Options, serve_with};
use support::{get, send, serve};

/// Sends each request, and asserts the status of its answer.
#[track_caller]
fn are_answered(address: SocketAddr, requests: &[(&[u8], &str)]) {
    for (request, status) in requests {
        let answer = send(address, request);
        // The end may be a reset that has overtaken the answer.
        let start = answer.get(..12).unwrap_or("");
        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]);
        assert!(
            start.ends_with(status) || (answer.is_empty() && *status != "200"),
            "{shown}: {answer}"
        );
    }
}

/// A request for a dump, with these bytes in its head.
fn with(head: &[u8]) -> Vec<u8> {
    let start = b"GET /debug/birthmark/text?role=nobody HTTP/1.1\r\nConnection: close\r\n";
    [start, head, b"\r\n\r\n"].concat()
}

#[test]
fn broken_requests_are_refused_and_the_server_goes_on() {
    let server = serve();
    let many = [b"Host: localhost\r\n".to_vec(), b"A: b\r\n".repeat(5000)].concat();
    are_answered(
        server.local_addr(),
        &[
            (&with(&many), "431"),
            (b"nonsense\r\n\r\n", "400"),
            (
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                "400",
            ),
            (b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
            (b"GET http://[ HTTP/1.1\r\n\r\n", "400"),
            (&with(b"Host: localhost\r\nno colon"), "400"),
            (&with(b"Host: localhost\r\nX: a\0b"), "400"),
            (&with(b"Host: localhost\r\nContent-Length: x"), "400"),
            (
                &with(b"Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 5"),
                "200",
            ),
        ],
    );
    assert_eq!(get(&server, "text").status(), 200);
}

#[test]
fn overlong_head_is_not_read_to_its_end() {
    let server = serve();
    let long = "x".repeat(10 << 20);
    let header = format!("Host: localhost\r\nX: {long}");
    let query =
        format!("GET /debug/birthmark/text?name={long} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for request in [with(header.as_bytes()), query.into_bytes()] {
        let answer = send(server.local_addr(), &request);
        let status = answer.split(' ').nth(1).unwrap_or("");
        // The end may be a reset that has overtaken the answer.
        assert!(["431", "414", ""].contains(&status), "{answer}");
    }
    // What fits is read, but not for work without bound.
    let many = |count| get(&server, &format!("text?{}", "name=a&".repeat(count)));
    assert_eq!(many(64).status(), 200);
    for (refused, bound) in [
        (many(65), "at most 64 conditions"),
        (many(2000), "at most 64 conditions"),
        (
            get(&server, &format!("text?name={}", "*a".repeat(600))),
            "at most 1024 bytes",
        ),
    ] {
        assert_eq!(refused.status(), 400);
        let why = refused.text().unwrap();
        assert!(why.contains(bound), "{why}");
    }
    assert_eq!(get(&server, "text").status(), 200);
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_matter() {
    let server = serve();
    let get_with = |query: &[u8]| {
        let start = [b"GET /debug/birthmark/text?", query].concat();
        [
            start.as_slice(),
            b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ]
        .concat()
    };
    are_answered(
        server.local_addr(),
        &[
            (&get_with(b"name=\xff\xfe"), "400"),
            (&get_with(b"name=%ff"), "400"),
            (&get_with(b"name=%f"), "400"),
            (&get_with(b"name=%00%1b[31m"), "200"),
            (&get_with(b"\xe2\x80\xae=1"), "400"),
            (&with(b"Host: localhost\r\nUser-Agent: \xff\xfe"), "200"),
            (&with(b"Host: \xff\xfe"), "403"),
            (&with(b"Host: localhost\r\nAccept-Encoding: \xff"), "200"),
            (&with(b"Host: localhost\r\nSec-Fetch-Site: \xff"), "403"),
        ],
    );
    let secret: birthmark_http::Token = "0123456789abcdef".parse().unwrap();
    let guarded = serve_with("127.0.0.1:0", Options::new().token(secret)).unwrap();
    are_answered(
        guarded.local_addr(),
        &[
            (&with(b"Host: x\r\nAuthorization: Bearer \xff\xfe"), "401"),
            (&get_with(b"token=\xff"), "400"),
            (&get_with(b"token=%30123456789abcdef"), "401"),
            (&get_with(b"token=x&token=0123456789abcdef"), "401"),
        ],
    );
}

/// An answer never has in it what the request had, but as it is harmless.
#[test]
fn errors_escape_the_request() {
    let server = serve();
    for query in ["%1b[31m=1", "state=%1b[31m", "older=%e2%80%ae"] {
        let response = get(&server, &format!("text?{query}"));
        assert_eq!(response.status(), 400);
        let answer = response.text().unwrap();
        assert!(!answer.contains(['\u{1b}', '\u{202e}']), "{answer}");
        assert!(answer.contains("\\u{"), "{answer}");
    }
}
