//! The program that `table build` and `table idle` build: that of `subjects/axum-app`, whose modules they put
//! beside this file, and more.

mod client;
mod database;
mod routes;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt::init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes::router()).await });
    println!("ready: {}", client::get(address, "/ready").await);
    println!("rows: {}", client::get(address, "/rows").await);
    let (one, other) = rayon::join(|| 1, || 2);
    println!("{}", smol::block_on(smol::spawn(async move { one + other })));
}
