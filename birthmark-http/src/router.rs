//! The paths.

use axum::Router;
use axum::http::Uri;
use axum::middleware;
use axum::response::Response;
use axum::routing::any;
use birthmark::render::Format;

use crate::dumps::{self, Dumps};
use crate::guard::guard;
use crate::limits::Limits;
use crate::options::Options;
use crate::{answer, metrics, page};

/// What all paths start with.
pub(crate) const ROOT: &str = "/debug/birthmark/";

/// The paths under `/debug/birthmark/`, for clients on the same machine.
///
/// A router is not told where requests come from unless it is served with
/// [`into_make_service_with_connect_info`][info]; without it, all are refused. So are requests that come
/// through a proxy under another name than this machine's.
///
/// The router needs nothing of the runtime that it is served on, but if that hangs, it does not
/// answer: [`serve`](crate::serve) does.
///
/// [info]: axum::Router::into_make_service_with_connect_info
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use std::net::SocketAddr;
///
/// # async fn run() -> std::io::Result<()> {
/// let app = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .merge(birthmark_http::router());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
/// # }
/// ```
///
/// If the application has a state, merge the router once that has been given.
pub fn router() -> Router {
    router_with(Options::new())
}

/// The paths under `/debug/birthmark/`, for those whom `options` allow.
///
/// # Examples
///
/// ```
/// use birthmark_http::{Options, Token, router_with};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = "0123456789abcdef";
/// let token: Token = secret.parse()?;
/// let app = axum::Router::new().merge(router_with(Options::new().token(token)));
/// # let _: axum::Router = app;
/// # Ok(())
/// # }
/// ```
pub fn router_with(options: Options) -> Router {
    guarded(paths(&options, Limits::default()), options)
}

/// Also with `/metrics`, where scrapers look for it, and an answer to all other paths.
pub(crate) fn whole(options: Options, limits: Limits) -> Router {
    let paths = paths(&options, limits).route("/metrics", any(metrics::answer));
    let to_page = async |uri: Uri| redirect_with_query(&ROOT[1..], &uri);
    let paths = paths.route("/", any(to_page));
    guarded(paths.fallback(async || answer::not_found()), options)
}

fn guarded(paths: Router, options: Options) -> Router {
    paths.layer(middleware::from_fn_with_state(options.access, guard))
}

/// Each answers `any` method: the guard lets those through that are safe.
fn paths(options: &Options, limits: Limits) -> Router {
    let shared = Dumps::new(options, limits);
    let page = page::page(options.native_stacks);
    let at = |path: &str| format!("{ROOT}{path}");
    let mut router = Router::new()
        .route(ROOT.trim_end_matches('/'), any(redirect_to_page))
        .route(ROOT, any(async move || page::answer(page.clone())))
        .route(&at("metrics"), any(metrics::answer))
        .route(&at("{*other}"), any(async || answer::not_found()));
    for &format in Format::ALL {
        let shared = shared.clone();
        let answer = move |request| dumps::dump(format, shared, request);
        router = router.route(&at(format.as_str()), any(answer));
    }
    router.route(
        &at("diff"),
        any(move |request| dumps::diff(shared, request)),
    )
}

/// The page has relative links, which need the slash.
async fn redirect_to_page(uri: Uri) -> Response {
    redirect_with_query("birthmark/", &uri)
}

/// Without the query, the token would be gone.
fn redirect_with_query(to: &str, uri: &Uri) -> Response {
    let query = uri
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    answer::redirect(&format!("{to}{query}"))
}
