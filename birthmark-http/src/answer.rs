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

/// The query is wrong.
pub(crate) fn bad_request(why: String) -> Response {
    text(StatusCode::BAD_REQUEST, why)
}

/// Native stacks are asked for, and the program has not allowed that.
pub(crate) fn no_stacks() -> Response {
    let why = "threads=stacks sends a signal to each thread, which this program has not allowed by \
               Options::native_stacks; ask for threads=states";
    text(StatusCode::FORBIDDEN, why.to_owned())
}

/// Lists what there is instead.
pub(crate) async fn not_found() -> Response {
    let paths = paths::list();
    text(
        StatusCode::NOT_FOUND,
        format!("there is nothing here; these are the paths:\n{paths}"),
    )
}

/// Relative, since the router may be nested anywhere.
pub(crate) fn redirect(to: &str) -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, to)]).into_response()
}

pub(crate) fn method_not_allowed() -> Response {
    let why = "only GET and HEAD are answered: nothing here changes the program";
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

/// There is no thread to be had.
pub(crate) fn no_thread(error: &std::io::Error) -> Response {
    let why = format!("no thread could be started to write the dump: {error}");
    retry_later("5", why)
}

/// Answers a request whose budget is spent before anything was written.
pub(crate) fn too_much_work() -> Response {
    let why = "cannot write the dump: it takes more CPU time than a request may\n\
               help: ask with fewer and simpler conditions";
    text(StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
}

/// The thread that was to write the dump has ended without it.
pub(crate) fn not_written() -> Response {
    let why = "cannot write the dump: its thread has ended before\n\
               help: look for a panic of the thread birthmark-send in what the program prints";
    text(StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
}

/// Too many wait for their turn.
pub(crate) fn busy() -> Response {
    retry_later("30", "too many others wait for a dump".to_owned())
}

fn retry_later(seconds: &'static str, why: String) -> Response {
    let why = format!("{why}; try again in {seconds} seconds");
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, why);
    let later = HeaderValue::from_static(seconds);
    response.headers_mut().insert(RETRY_AFTER, later);
    response
}
