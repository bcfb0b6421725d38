//! Requests by reqwest's blocking client, which has a thread and a runtime of its own.

use std::net::SocketAddr;

pub async fn get(address: SocketAddr, path: &'static str) -> String {
    let answer = tokio::task::spawn_blocking(move || {
        let client = reqwest::blocking::Client::new();
        client.get(format!("http://{address}{path}")).send()?.text()
    });
    answer.await.unwrap().unwrap_or_else(|_| "no answer".to_owned())
}
