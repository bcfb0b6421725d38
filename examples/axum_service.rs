//! Requests as tasks in an axum service, without names by hand.
//!
//! ```text
//! cargo run --example axum_service
//! ```

use std::future::pending;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::routing::get;
use birthmark_http::RequestLayer;
use tokio::sync::mpsc::{Sender, channel};

#[birthmark::instrument]
mod shop {
    use super::*;

    pub fn router(asked: Sender<()>) -> Router {
        Router::new()
            .route("/quotes/{sku}", get(quote))
            .layer(RequestLayer::new())
            .with_state(asked)
    }

    async fn quote(asked: axum::extract::State<Sender<()>>) -> String {
        let stock = tokio::spawn(ask_warehouse());
        asked.send(()).await.expect("somebody looks");
        format!("{} left", stock.await.expect("the warehouse answers"))
    }

    async fn ask_warehouse() -> u32 {
        pending().await
    }
}

#[tokio::main(flavor = "current_thread")]
#[birthmark::instrument]
async fn main() {
    birthmark::install();
    let (asked, mut asks) = channel(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, shop::router(asked)).await });

    let mut client = TcpStream::connect(address).unwrap();
    let request = "GET /quotes/7 HTTP/1.1\r\nHost: shop\r\nx-request-id: 4bf92f\r\n\r\n";
    client.write_all(request.as_bytes()).unwrap();
    asks.recv().await;
    while birthmark::dump()
        .filter(&filter("state=waiting&role=ask_warehouse"))
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
    println!("{}", birthmark::dump().filter(&filter("label=method=GET")));
}

fn filter(text: &str) -> birthmark::Filter {
    text.parse().expect("a filter")
}
