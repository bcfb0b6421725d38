//! A page of somebody else's in the operator's browser, which tries to read what is here.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::ALONE;
use crate::chromium::{Device, Page};
use crate::program::Program;

/// Serves a page, under whatever name, for as long as the test runs. Returns its port.
fn serve_evil_page() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let page = "<!doctype html><title>evil</title>";
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}",
                page.len()
            );
            let _ = write!(stream, "{head}\r\nConnection: close\r\n\r\n{page}");
        }
    });
    port
}

/// What it comes to: a text that was read, or why there is none.
const TRY: &str = "
    const [url, done] = arguments;
    const read = (options) => fetch(url, options).then((r) => r.text()).catch(() => 'refused');
    const load = (tag) => new Promise((end) => {
        const element = document.createElement(tag);
        element.onload = () => end('loaded');
        element.onerror = () => end('refused');
        element.src = url;
        document.body.append(element);
    });
    const all = [read(), read({ mode: 'no-cors' }), read({ headers: { 'X-Own': '1' } }), load('img'), load('script')];
    Promise.all(all).then(done)";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn other_pages_read_nothing() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let server = birthmark_http::serve("127.0.0.1:0").unwrap();
    let port = server.local_addr().port();
    // The browser takes every name below `example` for this machine.
    let evil = format!("http://evil.example:{}/", serve_evil_page());
    let page = Page::open(&evil, Device::Desktop).await;
    for name in ["127.0.0.1", "localhost", "evil.example"] {
        let url = format!("http://{name}:{port}/debug/birthmark/json");
        let tried = page.client.execute_async(TRY, vec![json!(url)]).await;
        assert_eq!(tried.unwrap(), json!(vec!["refused"; 5]), "{name}");
    }
    // Where its own name is resolved anew, so that it asks its own origin, nobody answers to that name.
    page.client
        .goto(&format!("http://evil.example:{port}/debug/birthmark/"))
        .await
        .unwrap();
    let text = page.run("return document.body.textContent").await;
    let text = text.as_str().unwrap();
    assert!(
        text.starts_with("only requests for a name of this machine"),
        "{text}"
    );
    page.close_but_for("").await;
}
