//! Answers that are short texts.

use axum::http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::access::Denial;
use crate::paths;

pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";

pub(crate) fn text(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, PLAIN)], text + "\n").into_response()
}

/// Answers a wrong query.
pub(crate) fn bad_request(why: String) -> Response {
    text(StatusCode::BAD_REQUEST, why)
}

/// Refuses native stacks, which the program has not allowed.
pub(crate) fn no_stacks() -> Response {
    let why = "cannot take native stacks: they need a signal to each thread, which this program has not allowed by \
               Options::native_stacks\nhelp: ask for threads=states";
    text(StatusCode::FORBIDDEN, why.to_owned())
}

/// Refuses local variables, which the program has not allowed.
pub(crate) fn no_locals() -> Response {
    let why = "cannot show local variables: they may be secrets, and this program has not allowed them by \
               Options::local_variables\nhelp: ask for awaits=debug-info";
    text(StatusCode::FORBIDDEN, why.to_owned())
}

/// Answers an unknown path with the known ones.
pub(crate) async fn not_found() -> Response {
    let paths = paths::list();
    text(
        StatusCode::NOT_FOUND,
        format!("cannot find this path\nhelp: use one of these paths:\n{paths}"),
    )
}

/// Redirects to a relative address, because the router may be nested anywhere.
pub(crate) fn redirect(to: &str) -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, to)]).into_response()
}

pub(crate) fn method_not_allowed() -> Response {
    let why = "cannot answer this method: no path changes the program\nhelp: use GET or HEAD";
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, why.to_owned());
    let allowed = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

pub(crate) fn denied(why: &Denial) -> Response {
    if !why.is_about_token() {
        return text(StatusCode::FORBIDDEN, why.to_string());
    }
    let mut response = text(StatusCode::UNAUTHORIZED, why.to_string());
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
}

/// Answers if the system cannot start a thread.
pub(crate) fn no_thread(error: &std::io::Error) -> Response {
    let why = format!("cannot start a thread that writes the dump: {error}");
    retry_later("5", why)
}

/// Answers a request whose budget is spent before anything was written.
pub(crate) fn too_much_work() -> Response {
    let why = "cannot write the dump: it takes more CPU time than a request may\n\
               help: ask with fewer and simpler conditions";
    text(StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
}

/// Answers if the thread of a dump has ended before it wrote anything.
pub(crate) fn not_written() -> Response {
    let why = "cannot write the dump: its thread has ended early\n\
               help: look for a panic of the thread birthmark-send in what the program prints";
    text(StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
}

/// Answers if too many requests wait for a permit.
pub(crate) fn busy() -> Response {
    retry_later(
        "30",
        "cannot write the dump now: too many others wait for one".to_owned(),
    )
}

fn retry_later(seconds: &'static str, why: String) -> Response {
    let why = format!("{why}\nhelp: try again in {seconds} seconds");
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, why);
    let later = HeaderValue::from_static(seconds);
    response.headers_mut().insert(RETRY_AFTER, later);
    response
}
