//! A client whose library spawns connections for it. The server is slow: it does not answer. An argument is the number of
//! requests, which the client then waits for. Without, a panic after one request makes a dump.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let requests = std::env::args().nth(1).map(|count| count.parse().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..requests.unwrap_or(1) {
        tokio::spawn(refresh_prices(address));
    }
    let mut streams = Vec::new();
    for _ in 0..requests.unwrap_or(1) {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The connection was spawned before the request was sent.
        let mut request = [0; 16];
        stream.read_exact(&mut request).await.unwrap();
        streams.push(stream);
    }
    if requests.is_some() {
        std::future::pending().await
    }
    panic!("show all");
}

async fn refresh_prices(address: SocketAddr) {
    let prices = ask_warehouse(address).await;
    println!("{prices}");
}

async fn ask_warehouse(address: SocketAddr) -> String {
    let url = format!("http://{address}/prices");
    let answer = reqwest::get(url).await.unwrap();
    answer.text().await.unwrap()
}
