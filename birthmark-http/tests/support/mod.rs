//! Helpers of several tests.

#![allow(dead_code, reason = "each test uses some of it")]

use std::future::pending;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::task::{Context, Waker};

use birthmark_http::Server;
use reqwest::blocking::{Client, Response};

pub type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

pub fn serve() -> Server {
    birthmark_http::serve("127.0.0.1:0").unwrap()
}

pub fn client() -> Client {
    // Without a proxy, whatever the environment says.
    Client::builder().no_proxy().build().unwrap()
}

/// Asks for a path below `/debug/birthmark/`.
#[track_caller]
pub fn get(server: &Server, path: &str) -> Response {
    client().get(server.url() + path).send().unwrap()
}

#[track_caller]
pub fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    let value = value.unwrap_or_else(|| panic!("no {name} in {response:?}"));
    value.to_str().unwrap().to_owned()
}

/// Sends bytes as they are, and returns what comes until the server closes the connection.
pub fn send(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    // Fails if the server has seen enough, and closed.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// An executor that gives the task back.
pub fn spawn<T>(task: T) -> T {
    task
}

/// Tasks that last.
#[birthmark::instrument]
pub fn lasting(count: usize) -> Vec<Held> {
    let one = |_| Box::pin(spawn(async { pending().await })) as Held;
    (0..count).map(one).collect()
}

/// A task that waits, with a local variable.
///
/// # Panics
///
/// If it ends.
#[birthmark::instrument]
pub fn start_waiting() -> Held {
    async fn waiting(count: u32) {
        pending::<()>().await;
        assert_eq!(count, 7);
    }
    let mut task = Box::pin(spawn(waiting(7))) as Held;
    let mut context = Context::from_waker(Waker::noop());
    assert!(task.as_mut().poll(&mut context).is_pending());
    task
}
