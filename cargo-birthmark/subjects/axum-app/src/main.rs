//! An application of several files that has never heard of birthmark. It serves one request of its own,
//! whose body panics in hyper's task for the connection, and one that asks a database which is not there.

mod client;
mod database;
mod routes;

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes::router()).await });
    println!("ready: {}", client::get(address, "/ready").await);
    println!("rows: {}", client::get(address, "/rows").await);
    println!("broken: {}", client::get(address, "/broken").await);
}
