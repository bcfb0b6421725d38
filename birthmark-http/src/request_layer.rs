//! The layer that makes each request a task, with a name and labels.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::extract::MatchedPath;
use axum::http::{Extensions, HeaderMap, HeaderName, Method, Request, Uri};
use birthmark::Scope;
use tower_layer::Layer;
use tower_service::Service;

/// The header that has the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the text of a request for a name or a label.
type Text = Arc<dyn Fn(RequestHead<'_>) -> Option<String> + Send + Sync>;

/// A layer that makes each request a task of its own within the task of its connection.
///
/// Dumps and panic reports then show each request like a spawned task, with its age, its state and its awaits. Tasks that
/// a handler spawns are children of the request, and inherit its name and labels. The layer is for axum, and for any other
/// server of [`tower`](https://docs.rs/tower) services for HTTP requests.
///
/// | part of the task | value |
/// | --- | --- |
/// | name | the header `x-request-id`, or `req-1`, `req-2` and so on if a request has none |
/// | label `method` | the method |
/// | label `route` | axum's [`MatchedPath`], if there is one |
/// | role | `request` |
/// | place | the call of [`RequestLayer::new`] |
///
/// A client chooses the header. Dumps escape a name, and cut it to [`MAX_NAME_LEN`](birthmark::MAX_NAME_LEN) bytes. If clients
/// are not trusted, [`RequestLayer::name_by`] sets another name.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use birthmark_http::RequestLayer;
///
/// async fn quote() -> String {
///     // task 9 "req-1" request
///     birthmark::current().unwrap().to_string()
/// }
///
/// let app: Router = Router::new()
///     .route("/quotes/{sku}", get(quote))
///     .layer(RequestLayer::new());
/// ```
#[derive(Clone)]
pub struct RequestLayer {
    header: HeaderName,
    name: Option<Text>,
    labels: Vec<(&'static str, Text)>,
    place: &'static Location<'static>,
    /// The number of requests without an id.
    unnamed: Arc<AtomicU64>,
}

/// The head of a request: all but its body.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The address.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// Values of other layers, such as axum's [`MatchedPath`].
    pub extensions: &'a Extensions,
}

impl RequestLayer {
    /// Returns a layer that takes the name of a request from the header `x-request-id`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        RequestLayer {
            header: REQUEST_ID,
            name: None,
            labels: Vec::new(),
            place: Location::caller(),
            unnamed: Arc::default(),
        }
    }

    /// Takes the name of a request from another header.
    #[must_use]
    pub fn header(mut self, header: HeaderName) -> Self {
        self.header = header;
        self
    }

    /// Names a request by a function. If the function returns `None`, the header counts.
    ///
    /// # Examples
    ///
    /// ```
    /// # use birthmark_http::RequestLayer;
    /// let layer = RequestLayer::new().name_by(|request| Some(request.uri.path().to_owned()));
    /// ```
    #[must_use]
    pub fn name_by(
        mut self,
        name: impl Fn(RequestHead<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.name = Some(Arc::new(name));
        self
    }

    /// Adds a label, or sets `method` or `route` in another way. If the function returns `None`, the label is not set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use birthmark_http::RequestLayer;
    /// let layer = RequestLayer::new().label("tenant", |request| {
    ///     Some(request.headers.get("x-tenant")?.to_str().ok()?.to_owned())
    /// });
    /// ```
    #[must_use]
    pub fn label(
        mut self,
        key: &'static str,
        value: impl Fn(RequestHead<'_>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.labels.push((key, Arc::new(value)));
        self
    }

    /// Returns a future as the task of a request.
    fn scope<F: Future>(&self, head: &Head, future: F) -> Scope<F> {
        let mut scope = birthmark::scope(&head.name, future)
            .role("request")
            .place(self.place);
        for (key, value) in &head.labels {
            scope = scope.label(key, value);
        }
        scope
    }

    /// Returns the name and the labels of the task of a request.
    fn read(&self, request: RequestHead<'_>) -> Head {
        let given = self.name.as_ref().and_then(|name| name(request));
        let id = || {
            let id = request.headers.get(&self.header)?.to_str().ok()?;
            (!id.is_empty()).then(|| id.to_owned())
        };
        let number = || 1 + self.unnamed.fetch_add(1, Ordering::Relaxed);
        let name = given.or_else(id);
        let route = request.extensions.get::<MatchedPath>();
        let mut labels = vec![("method", request.method.to_string())];
        labels.extend(route.map(|route| ("route", route.as_str().to_owned())));
        let more = self.labels.iter();
        labels.extend(more.filter_map(|(key, value)| Some((*key, value(request)?))));
        Head {
            name: name.unwrap_or_else(|| format!("req-{}", number())),
            labels,
        }
    }
}

/// The name and the labels of the task of a request.
struct Head {
    name: String,
    labels: Vec<(&'static str, String)>,
}

impl Default for RequestLayer {
    #[track_caller]
    fn default() -> Self {
        RequestLayer::new()
    }
}

impl fmt::Debug for RequestLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<&str> = self.labels.iter().map(|(key, _)| *key).collect();
        f.debug_struct("RequestLayer")
            .field("header", &self.header)
            .field("labels", &labels)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`RequestLayer`] makes.
#[derive(Clone, Debug)]
pub struct RequestService<S> {
    inner: S,
    layer: RequestLayer,
}

impl<S, B> Service<Request<B>> for RequestService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Scope<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Scope<S::Future> {
        if !birthmark::is_enabled() {
            return birthmark::scope("", self.inner.call(request));
        }
        let head = self.layer.read(RequestHead {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        });
        let future = self.inner.call(request);
        self.layer.scope(&head, future)
    }
}
