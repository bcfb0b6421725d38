//! A server that names the current task once for each request. A panic and two dumps show the name and the lineage of
//! each task. No spawn call passes a name.
//!
//!     cargo run --example request_names

use std::error::Error;
use std::time::Duration;

use birthmark::{Kind, Task};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[birthmark::instrument]
async fn main() -> Result<(), Box<dyn Error>> {
    birthmark::install();
    let server = app::Server::bind().await?;
    let address = server.address()?;
    tokio::spawn(server.accept_loop());

    client::get(address, "req-id-123123").await?;
    app::let_the_audit_fail();
    app::wait_for_helpers();
    settle().await;

    let dump = birthmark::dump();
    let report = format!("{dump}\n{}", dump.tree());
    app::release_helpers();
    println!("{report}");
    Ok(())
}

/// Waits until the request's connection and its audit are over and all other futures are suspended. The dumps are then
/// the same in each run.
async fn settle() {
    let is_restless = |task: &Task| match task.role() {
        "serve_connection" | "audit" => true,
        _ => task.kind() == Kind::Future && !task.is_suspended(),
    };
    while birthmark::tasks().iter().any(is_restless) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// An ordinary server with the attribute. The server spawns its connections itself, so each connection has a record.
#[birthmark::instrument]
mod app {
    use std::net::SocketAddr;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use axum::Router;
    use axum::http::HeaderMap;
    use axum::routing::get;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::{Notify, oneshot};

    pub struct Server {
        listener: TcpListener,
    }

    impl Server {
        pub async fn bind() -> std::io::Result<Server> {
            Ok(Server {
                listener: TcpListener::bind("127.0.0.1:0").await?,
            })
        }

        pub fn address(&self) -> std::io::Result<SocketAddr> {
            self.listener.local_addr()
        }

        pub async fn accept_loop(self) {
            let router = Router::new().route("/", get(handler));
            while let Ok((stream, _)) = self.listener.accept().await {
                tokio::spawn(serve_connection(stream, router.clone()));
            }
        }
    }

    async fn serve_connection(stream: TcpStream, router: Router) {
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        if let Err(error) = connection.await {
            eprintln!("connection failed: {error}");
        }
    }

    /// Sets the name of its task and starts helpers that continue after the answer.
    async fn handler(headers: HeaderMap) -> &'static str {
        if let Some(id) = headers.get("Request-Id") {
            birthmark::set_name(String::from_utf8_lossy(id.as_bytes()));
        }
        tokio::spawn(audit(vec![2, 3, 5]));
        tokio::spawn(wait_for_payment());
        tokio::task::spawn_blocking(compress_log);
        thread::spawn(index_documents);
        "accepted"
    }

    /// Fails some time after the answer.
    async fn audit(prices: Vec<u32>) {
        ANSWERED.notified().await;
        let discounted = 7;
        println!("price: {}", prices[discounted]);
    }

    /// Waits for a message that never comes.
    async fn wait_for_payment() {
        let receiver = ask_for_payment();
        let _ = receiver.await;
    }

    /// Occupies a thread of the pool for blocking work.
    fn compress_log() {
        HELPERS.wait();
        RELEASE.wait();
    }

    /// Runs on a thread of its own, which uses rayon.
    fn index_documents() {
        rayon::scope(|scope| {
            scope.spawn(|_| {
                HELPERS.wait();
                RELEASE.wait();
            });
        });
    }

    /// Keeps the sender where a payment would find it.
    fn ask_for_payment() -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        PAYMENTS.lock().unwrap().push(sender);
        receiver
    }

    /// Payments that are awaited.
    static PAYMENTS: Mutex<Vec<oneshot::Sender<()>>> = Mutex::new(Vec::new());
    /// Notified when the client has its answer.
    static ANSWERED: Notify = Notify::const_new();
    /// The helpers that block a thread meet `main` here.
    static HELPERS: Barrier = Barrier::new(3);
    static RELEASE: Barrier = Barrier::new(3);

    pub fn let_the_audit_fail() {
        ANSWERED.notify_one();
    }

    pub fn wait_for_helpers() {
        tokio::task::block_in_place(|| HELPERS.wait());
    }

    pub fn release_helpers() {
        RELEASE.wait();
    }
}

/// Sends a request to the server and reads the answer.
mod client {
    use std::error::Error;
    use std::net::SocketAddr;

    use http_body_util::{BodyExt, Empty};
    use hyper::Request;
    use hyper::body::Bytes;
    use hyper_util::rt::TokioIo;
    use tokio::net::TcpStream;

    pub async fn get(address: SocketAddr, id: &str) -> Result<(), Box<dyn Error>> {
        let stream = TokioIo::new(TcpStream::connect(address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        let request = Request::get("/")
            .header("Request-Id", id)
            .body(Empty::<Bytes>::new())?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            println!("{id}: {}", answer.status());
            answer.into_body().collect().await
        };
        tokio::select! {
            answer = exchange => answer.map(drop)?,
            closed = connection => closed?,
        }
        Ok(())
    }
}
