//! Dumps are compressed on their way to other machines, and only then.

use birthmark_test_support as _;

mod support;

use std::io::Read;

use axum::Router;
use birthmark_http::{Options, router_with};
use flate2::read::GzDecoder;
use support::{client, lasting, serve};

/// Serves the paths to clients whose address is unknown.
async fn elsewhere() -> String {
    let app = Router::new().merge(router_with(Options::new().allow_unauthenticated()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/debug/birthmark/")
}

/// How an answer is encoded, and its bytes.
fn ask(url: String, accept: &'static str) -> (Option<String>, Vec<u8>) {
    let request = client().get(url).header("Accept-Encoding", accept);
    let response = request.send().unwrap();
    assert_eq!(response.status(), 200);
    let encoding = response.headers().get("content-encoding");
    let encoding = encoding.map(|value| value.to_str().unwrap().to_owned());
    (encoding, response.bytes().unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dumps_for_other_machines_are_compressed() {
    let held = lasting(5000);
    let url = elsewhere().await;
    let asked = tokio::task::spawn_blocking(move || {
        let (encoding, small) = ask(url.clone() + "json", "br, gzip;q=0.8");
        assert_eq!(encoding.as_deref(), Some("gzip"));
        let mut text = String::new();
        GzDecoder::new(&*small).read_to_string(&mut text).unwrap();
        let dump: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(dump["tasks"].as_array().unwrap().len() >= 5000);
        assert!(
            text.len() > 10 * small.len(),
            "{} of {}",
            small.len(),
            text.len()
        );
        for accept in ["", "identity", "gzip;q=0"] {
            let (encoding, plain) = ask(url.clone() + "text", accept);
            assert_eq!(encoding, None, "{accept}");
            assert!(plain.ends_with(b"linked\n"), "{accept}");
        }
        // A profile is compressed as it is.
        assert_eq!(ask(url + "pprof", "gzip").0, None);
    });
    asked.await.unwrap();
    drop(held);
}

#[test]
fn dumps_for_the_same_machine_are_not_compressed() {
    let server = serve();
    assert_eq!(ask(server.url() + "json", "gzip").0, None);
}
