//! A page of somebody else's in the operator's browser, which tries to read what is here.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
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

/// The result: a text that was read, or the error.
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

/// Has frames of each kind opened, and waits until the browser has done with all of them.
const FRAME: &str = "
    const [url, done] = arguments;
    const frame = (tag, attribute) => new Promise((end) => {
        const element = document.createElement(tag);
        element.onload = element.onerror = end;
        element[attribute] = url;
        document.body.append(element);
    });
    Promise.all([frame('iframe', 'src'), frame('object', 'data'), frame('embed', 'src')]).then(() => done())";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pages_elsewhere_cannot_read_dumps() {
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
        text.contains("its Host is not a name of this machine"),
        "{text}"
    );
    page.close_but_for("").await;
}

/// The requests: the use of each according to the browser, and the status of its answer.
type Log = Arc<Mutex<Vec<(String, u16)>>>;

/// Serves the paths, and notes what becomes of each request.
async fn serve_with_log(log: Log) -> u16 {
    let note = move |request: Request, next: Next| {
        let log = log.clone();
        async move {
            let dest = request.headers().get("sec-fetch-dest");
            let dest = dest.map(|dest| dest.to_str().unwrap().to_owned());
            let response = next.run(request).await;
            let entry = (dest.unwrap_or_default(), response.status().as_u16());
            log.lock().unwrap().push(entry);
            response
        }
    };
    let app = birthmark_http::router().layer(from_fn(note));
    let app: Router = Router::new().merge(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_other_pages_cost_no_dump_and_a_click_opens_one() {
    let _alone = ALONE.lock().await;
    let _program = Program::new(1, 1);
    let log = Log::default();
    let port = serve_with_log(log.clone()).await;
    let evil = serve_evil_page();
    // One is of another site; the other differs by its port only.
    for evil in [
        format!("http://evil.example:{evil}/"),
        format!("http://localhost:{evil}/"),
    ] {
        let page = Page::open(&evil, Device::Desktop).await;
        let url = format!("http://localhost:{port}/debug/birthmark/text");
        page.client
            .execute_async(FRAME, vec![json!(url)])
            .await
            .unwrap();
        let mut seen = std::mem::take(&mut *log.lock().unwrap());
        seen.sort();
        seen.dedup();
        assert!(seen.iter().any(|(dest, _)| dest == "iframe"), "{seen:?}");
        assert!(seen.iter().all(|(_, status)| *status == 403), "{seen:?}");
        let link = "const a = document.createElement('a'); a.id = 'link'; a.href = arguments[0]; a.textContent = 'here'; \
            document.body.prepend(a)";
        page.client.execute(link, vec![json!(url)]).await.unwrap();
        page.click("#link").await;
        let text = page.run("return document.body.textContent").await;
        assert!(text.as_str().unwrap().contains("coverage: "), "{text}");
        assert_eq!(
            std::mem::take(&mut *log.lock().unwrap()),
            [("document".to_owned(), 200)]
        );
        page.close_but_for("").await;
    }
}
