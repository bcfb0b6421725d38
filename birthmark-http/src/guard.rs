//! The guard of each route: methods, access, and headers of all responses.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::access::{Access, Resource};
use crate::answer;

/// The guard of one route.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) access: Access,
    pub(crate) resource: Resource,
}

/// Answers a request if its method is safe and its client is allowed.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = if !matches!(parts.method, Method::GET | Method::HEAD) {
        answer::method_not_allowed()
    } else if let Err(denial) = guard.access.check(&parts, guard.resource) {
        answer::denied(&denial)
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    harden(response.headers_mut());
    response
}

/// Nothing of it may be kept, framed, taken for something else, or loaded by another site. What runs
/// in the page is what came with it.
fn harden(headers: &mut HeaderMap) {
    let fixed = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
}
