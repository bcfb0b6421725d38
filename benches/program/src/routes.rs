//! The routes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::routing::get;
use http_body::Frame;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

pub fn router() -> Router {
    Router::new()
        .route("/ready", get(|| async { "yes" }))
        .route("/rows", get(crate::database::rows))
        .route("/broken", get(|| async { Body::new(Broken) }))
        .layer(TraceLayer::new_for_http())
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, Duration::from_secs(5)))
}

/// A body that panics when hyper asks for it.
struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body is broken")
    }
}
