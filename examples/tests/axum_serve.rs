//! A server that spawns its connections without the attribute, and the middleware of the guide that names requests.

use birthmark_test_support as _;

use std::error::Error;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[birthmark::instrument]
mod app {
    use axum::Router;
    use axum::extract::Request;
    use axum::middleware::{self, Next};
    use axum::response::Response;
    use axum::routing::get;

    pub fn router() -> Router {
        let named = Router::new()
            .route("/named", get(labelled))
            .layer(middleware::from_fn(name_request));
        Router::new()
            .route("/", get(handler))
            .route("/sticky", get(sticky))
            .merge(named)
    }

    async fn name_request(request: Request, next: Next) -> Response {
        let id = request.headers().get("x-request-id");
        let name = format!("req-id-{}", id.unwrap().to_str().unwrap());
        birthmark::with_name_async(name, next.run(request)).await
    }

    async fn labelled() -> String {
        birthmark::set_label("route", "labelled");
        handler().await
    }

    /// Role, name and labels of a task that the handler spawns.
    async fn handler() -> String {
        let child = async { birthmark::current().unwrap().to_string() };
        tokio::spawn(child).await.unwrap()
    }

    async fn sticky() -> String {
        birthmark::set_name("sticky");
        String::new()
    }
}

async fn get(address: SocketAddr, path: &str, id: u32) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: {id}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Runs on one thread, which polls all connections.
#[tokio::test]
async fn a_middleware_names_its_request_and_no_other() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, app::router()).await });
    for id in 0..3 {
        let named = get(address, "/named", id).await?;
        assert!(named.contains(&format!("\"req-id-{id}\"")), "{named}");
        assert!(named.contains("route=labelled"), "{named}");
    }
    let other = get(address, "/", 3).await?;
    assert!(
        !other.contains("req-id") && !other.contains("route="),
        "{other}"
    );
    // The guide warns about this.
    get(address, "/sticky", 4).await?;
    let other = get(address, "/", 5).await?;
    assert!(other.contains("\"sticky\""), "{other}");
    Ok(())
}
