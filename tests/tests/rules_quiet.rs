//! The rules of `watch` report nothing about a healthy service under load.

use birthmark_test_support as _;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};

/// Number of clients. Each sends one request after the other.
const CLIENTS: usize = 64;

#[birthmark::instrument]
mod service {
    use super::*;

    /// State that requests share.
    pub struct Shared {
        pub total: Mutex<u64>,
        pub permits: Semaphore,
        pub audit: mpsc::Sender<u64>,
    }

    /// Serves until the runtime ends.
    pub async fn accept(listener: TcpListener) {
        let (audit, mut audited) = mpsc::channel(16);
        tokio::spawn(async move { while audited.recv().await.is_some() {} });
        let shared = Arc::new(Shared {
            total: Mutex::new(0),
            permits: Semaphore::new(8),
            audit,
        });
        tokio::spawn(report(shared.clone()));
        let router = Router::new().route(
            "/{number}",
            get(move |path: Path<u64>| handle(path, shared.clone())),
        );
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, router.clone()));
        }
    }

    async fn serve(stream: TcpStream, router: Router) {
        let service = TowerToHyperService::new(router);
        let _closed = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    /// A request that waits, locks, spawns, computes, and has a job of blocking work.
    async fn handle(Path(number): Path<u64>, shared: Arc<Shared>) -> String {
        birthmark::set_name(format_args!("req-{number}"));
        let permit = shared.permits.acquire().await.unwrap();
        let child = tokio::spawn(compute(number));
        let job = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_micros(200));
            number
        });
        tokio::time::sleep(Duration::from_micros(number % 1000)).await;
        let (computed, read) = (child.await.unwrap(), job.await.unwrap());
        *shared.total.lock().await += computed;
        drop(permit);
        shared.audit.send(read).await.unwrap();
        (computed + read).to_string()
    }

    async fn compute(number: u64) -> u64 {
        tokio::task::yield_now().await;
        (0..number % 10_000).sum()
    }

    /// A task that waits for most of the time.
    async fn report(shared: Arc<Shared>) {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            println!("total {}", shared.total.lock().await);
        }
    }
}

/// Sends requests until `end`, with `pause` after each answer, and counts the answers.
async fn client(
    address: SocketAddr,
    first: u64,
    end: Instant,
    pause: Duration,
    answers: Arc<AtomicU64>,
) {
    let mut number = first;
    while Instant::now() < end {
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..100 {
            number += CLIENTS as u64;
            let request = format!("GET /{number} HTTP/1.1\r\nhost: test\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while !is_whole(&answer) {
                let read = stream.read_buf(&mut answer).await.unwrap();
                assert!(read > 0, "the connection ended early");
            }
            answers.fetch_add(1, Ordering::Relaxed);
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Returns `true` if an answer has its head and its body.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    assert!(head.starts_with("HTTP/1.1 200"), "{text}");
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.unwrap().parse::<usize>().unwrap()
}

fn run(time: Duration, pause: Duration) {
    birthmark::builder().watch().install();
    let end = Instant::now() + time;
    let answers = Arc::new(AtomicU64::new(0));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(service::accept(listener));
        let client = |number| tokio::spawn(client(address, number, end, pause, answers.clone()));
        let clients: Vec<_> = (0..CLIENTS as u64).map(client).collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    let answers = answers.load(Ordering::Relaxed);
    println!("{answers} requests in {time:?}");
    assert!(answers >= 100);
    for rule in birthmark::rules() {
        assert_eq!((rule.fired, rule.suppressed), (0, 0), "{rule}");
    }
}

#[test]
fn healthy_service_under_load_has_no_report() {
    run(Duration::from_secs(5), Duration::ZERO);
}

/// Takes an hour, or as many seconds as `BIRTHMARK_SOAK_SECONDS` has.
///
/// Clients wait for `BIRTHMARK_SOAK_PAUSE` milliseconds after each answer, so the machine can do other work.
#[test]
#[ignore = "takes an hour"]
fn healthy_service_under_load_has_no_report_in_an_hour() {
    let number = |variable| std::env::var(variable).ok()?.parse().ok();
    let seconds = number("BIRTHMARK_SOAK_SECONDS").unwrap_or(3600);
    let pause = number("BIRTHMARK_SOAK_PAUSE").unwrap_or(0);
    run(Duration::from_secs(seconds), Duration::from_millis(pause));
}
