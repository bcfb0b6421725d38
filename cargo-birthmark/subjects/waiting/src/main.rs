//! A service whose tasks all wait: a request for a query, the query for a connection, and a client for the answer.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::{Mutex, mpsc};

#[derive(Clone)]
struct App {
    pool: SqlitePool,
    cache: Arc<Mutex<u32>>,
}

async fn from_database(State(app): State<App>) -> String {
    count(&app).await.to_string()
}

async fn count(app: &App) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM sqlite_master")
        .fetch_one(&app.pool)
        .await
        .expect("the query is valid")
}

async fn from_cache(State(app): State<App>) -> String {
    app.cache.lock().await.to_string()
}

async fn request(url: String) {
    let answer = reqwest::get(url).await.expect("the server answers");
    println!("{}", answer.text().await.expect("the answer is text"));
}

async fn hold(app: App) {
    let mut connection = app.pool.acquire().await.expect("the pool has a connection");
    let _cached = app.cache.lock().await;
    sqlx::query("SELECT 1").execute(&mut *connection).await.expect("the query is valid");
    pending::<()>().await;
}

async fn drain(mut receiver: mpsc::Receiver<u32>) {
    while let Some(number) = receiver.recv().await {
        println!("{number}");
    }
}

#[tokio::main]
async fn main() {
    let options = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(3600));
    let pool = options.connect("sqlite::memory:").await.expect("a database in memory");
    let app = App { pool, cache: Arc::default() };
    let holder = tokio::spawn(hold(app.clone()));
    while app.cache.try_lock().is_ok() {
        tokio::task::yield_now().await;
    }
    let router = Router::new()
        .route("/database", get(from_database))
        .route("/cache", get(from_cache))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let _clients = [
        tokio::spawn(request(format!("{url}/database"))),
        tokio::spawn(request(format!("{url}/cache"))),
    ];
    let (sender, receiver) = mpsc::channel(1);
    let _drain = tokio::spawn(drain(receiver));
    // A dump for each line of input, until the reader has one in which all tasks wait.
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await.expect("input").is_some() {
        // SAFETY: a signal to this process, whose handler birthmark has set.
        unsafe { libc::raise(libc::SIGUSR1) };
        assert!(!holder.is_finished() && !server.is_finished() && !sender.is_closed());
    }
    std::process::exit(0);
}
