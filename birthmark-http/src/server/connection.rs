//! Connections, none of which may cost more than its share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

use crate::stream::STALL_TIMEOUT;

/// Connections at a time. More wait with the system.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take to ask, and how long a connection may be idle.
const ASK: Duration = Duration::from_secs(10);

/// How long the head of a request may be.
const HEAD: usize = 16 * 1024;

/// How long to wait when the system has no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers, for ever.
pub(super) async fn accept(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // Fails only once the semaphore is closed, which nobody does.
        let place = places.clone().acquire_owned().await;
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let router = router.clone();
        tokio::spawn(async move {
            let _place = place;
            serve(stream, peer, router).await;
        });
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router) {
    // Without it, a small answer may wait for nothing.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_TIMEOUT));
    let service = TowerToHyperService::new(router.layer(Extension(ConnectInfo(peer))));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ASK)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    // An error here is the client's fault: it is gone, slow, or does not speak HTTP.
    let _ = served.await;
}
