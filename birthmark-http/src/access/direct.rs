//! Detection of proxies. A request is refused unless it comes from its client directly.
//!
//! A proxy on this machine sends on requests from anywhere, with an address and perhaps a name of this machine. A
//! list of the headers that proxies add is never complete: each product has its own. So the list here is of the
//! headers that clients send: browsers, curl, `go tool pprof`, and scrapers such as Prometheus. A request with any
//! other header is refused, and the answer names it.
//!
//! HTTP/1.0 is refused as well. Clients have not used it for twenty years, and most versions of nginx send it by default.
//!
//! A proxy that adds nothing and uses HTTP/1.1 cannot be told from a client. The documentation of the crate says so.

use axum::http::request::Parts;
use axum::http::{HeaderName, Version};

use super::Denial;

/// Headers that clients send, in alphabetical order.
const OF_CLIENTS: [&str; 31] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "alt-used",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "dnt",
    "host",
    "http2-settings",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "purpose",
    "range",
    "referer",
    "save-data",
    "service-worker",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "x-prometheus-scrape-timeout-seconds",
];

/// The prefix of headers that browsers alone may send: fetch metadata, client hints and the like.
const OF_BROWSERS: &str = "sec-";

/// Headers by which browsers have said that they fetch a page in advance.
const OF_PREFETCHES: [&str; 2] = ["x-moz", "x-purpose"];

pub(super) fn check(request: &Parts) -> Result<(), Denial> {
    if request.version < Version::HTTP_11 {
        return Err(Denial::OldVersion);
    }
    match request.headers.keys().find(|name| !is_of_client(name)) {
        Some(name) => Err(Denial::ForeignHeader(name.clone())),
        None => Ok(()),
    }
}

/// Names are in small letters.
fn is_of_client(name: &HeaderName) -> bool {
    let name = name.as_str();
    OF_CLIENTS.binary_search(&name).is_ok()
        || OF_PREFETCHES.contains(&name)
        || name.starts_with(OF_BROWSERS)
}

#[cfg(test)]
mod tests {
    use super::OF_CLIENTS;

    #[test]
    fn headers_of_clients_are_in_order() {
        assert!(OF_CLIENTS.is_sorted());
    }
}
