//! A service that does not mention birthmark. `cargo birthmark run --deps` runs it.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    tokio::spawn(refresh_prices());
    let app = Router::new().route("/quotes/{sku}", get(quote));
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await.unwrap();
    println!("http://{}/quotes/7", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

async fn quote(Path(sku): Path<u32>) -> String {
    let stock = tokio::spawn(ask_warehouse(sku));
    let price = tokio::task::spawn_blocking(move || compute_price(sku));
    let (stock, price) = (stock.await.unwrap(), price.await.unwrap());
    format!("{stock} at {price}\n")
}

/// The warehouse is slow today.
async fn ask_warehouse(sku: u32) -> u32 {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    sku
}

fn compute_price(sku: u32) -> u32 {
    sku * 100
}

async fn refresh_prices() {
    let mut clock = tokio::time::interval(Duration::from_secs(60));
    loop {
        clock.tick().await;
    }
}
