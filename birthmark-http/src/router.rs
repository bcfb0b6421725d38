//! The router: each path of the table with its handler and its guard.

use axum::Router;
use axum::handler::Handler;
use axum::http::Uri;
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodRouter, any};

use crate::access::{Access, Resource};
use crate::dump_service::{self, DumpService};
use crate::guard::{Guard, guard};
use crate::limits::Limits;
use crate::options::Options;
use crate::paths::{self, Answer, ROOT};
use crate::{answer, metrics, page};

/// Returns a router for the paths under `/debug/birthmark/`, for clients on the same machine.
///
/// The router needs the address of the client, so the application must be served with
/// [`into_make_service_with_connect_info`][info]. Without it, all requests for these paths are refused.
///
/// Requests that come through a proxy are refused as well, [as far as the router can detect one](crate#access). An
/// application behind a proxy needs [`router_with`] and a token.
///
/// All other paths of the application behave as before, including unknown ones.
///
/// The router uses the runtime that serves it. If that runtime hangs, the router does not answer, but
/// [`serve`](crate::serve) does.
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
/// An application with a state merges the router after `with_state`.
pub fn router() -> Router {
    router_with(Options::new())
}

/// Returns a router for the paths under `/debug/birthmark/`, for the clients that `options` allow.
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
    below_root(&options, Limits::default())
}

/// Also with `/metrics`, where scrapers look for it, and an answer to all other paths.
pub(crate) fn standalone(options: Options, limits: Limits) -> Router {
    let access = &options.access;
    let to_page = async |uri: Uri| redirect_with_query(&ROOT[1..], &uri);
    below_root(&options, limits)
        .route("/metrics", guarded(metrics::answer, access, Resource::Data))
        .route("/", guarded(to_page, access, Resource::Page))
        .fallback(guarded(answer::not_found, access, Resource::Page))
}

/// A handler behind the guard, for any method: the guard refuses those that are not safe.
///
/// Each route has a guard of its own. A layer around the whole router would also be around its fallback, which an
/// application takes over when the router is merged into it.
fn guarded<H, T>(handler: H, access: &Access, resource: Resource) -> MethodRouter
where
    H: Handler<T, ()>,
    T: 'static,
{
    let access = access.clone();
    let state = Guard { access, resource };
    any(handler).layer(middleware::from_fn_with_state(state, guard))
}

fn below_root(options: &Options, limits: Limits) -> Router {
    let access = &options.access;
    let shared = DumpService::new(options, limits);
    let page = page::page(options.native_stacks, page::host().as_deref());
    let redirect = guarded(redirect_to_page, access, Resource::Page);
    let not_found = guarded(answer::not_found, access, Resource::Page);
    let mut router = Router::new()
        .route(ROOT.trim_end_matches('/'), redirect)
        .route(&format!("{ROOT}{{*other}}"), not_found);
    for path in paths::all() {
        let (page, shared) = (page.clone(), shared.clone());
        let resource = match path.answer {
            Answer::Page => Resource::Page,
            Answer::Dump(_) | Answer::Diff | Answer::Metrics => Resource::Data,
        };
        let answer = match path.answer {
            Answer::Page => guarded(async move || page::answer(page), access, resource),
            Answer::Dump(format) => {
                let answer = move |request| dump_service::dump(format, shared, request);
                guarded(answer, access, resource)
            }
            Answer::Diff => {
                let answer = move |request| dump_service::diff(shared, request);
                guarded(answer, access, resource)
            }
            Answer::Metrics => guarded(metrics::answer, access, resource),
        };
        router = router.route(&path.full(), answer);
    }
    router
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
