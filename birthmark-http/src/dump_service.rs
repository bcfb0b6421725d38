//! The handlers of dumps and of comparisons.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use birthmark::render::Format;
use birthmark::{AwaitDetail, Dump, Filter, ThreadDetail};

use crate::answer;
use crate::budget::{Budget, Watch};
use crate::gzip;
use crate::limits::Limits;
use crate::options::Options;
use crate::paths;
use crate::permits::Permits;
use crate::query::Query;
use crate::stream::{Sink, SlowClientPolicy, Unwritten, stream};

/// State that all requests for dumps share.
#[derive(Clone, Debug)]
pub(crate) struct DumpService {
    permits: Arc<AllPermits>,
    slow_clients: SlowClientPolicy,
    budget: Budget,
    native_stacks: bool,
    local_variables: bool,
}

#[derive(Debug)]
struct AllPermits {
    dumps: Permits,
    diffs: Permits,
}

impl DumpService {
    pub(crate) fn new(options: &Options, limits: Limits) -> Self {
        let permits = AllPermits {
            dumps: Permits::new(limits.dumps, limits.waiting),
            diffs: Permits::new(limits.diffs, limits.waiting),
        };
        DumpService {
            permits: Arc::new(permits),
            slow_clients: limits.slow_clients,
            budget: limits.budget,
            native_stacks: options.native_stacks,
            local_variables: options.local_variables,
        }
    }
}

/// A dump as a query describes it.
struct DumpRequest {
    filter: Filter,
    threads: ThreadDetail,
    awaits: AwaitDetail,
    waits: bool,
    limit: usize,
}

impl DumpRequest {
    fn of(query: &Query<'_>, format: Format) -> Result<Self, String> {
        Ok(DumpRequest {
            filter: query.filter(paths::dump(format).parameters)?,
            threads: query.threads()?,
            awaits: query.awaits()?,
            waits: query.waits()?,
            limit: query.limit()?,
        })
    }

    /// Writes a dump of this moment.
    fn write(&self, format: Format, watch: &Watch, out: &mut dyn Write) -> io::Result<()> {
        let dump = take(&self.filter, self.threads, watch)?;
        let dump = with_awaits(dump, self.awaits, watch)?;
        let dump = match self.waits {
            true => dump.with_waits(),
            false => dump,
        };
        watch.check()?;
        match format {
            Format::Json => write!(out, "{}", dump.json().limit(self.limit)),
            _ => dump.write(format, out),
        }
    }
}

/// Takes a dump, unless it is too much work, or nobody waits for it any more.
fn take(filter: &Filter, threads: ThreadDetail, watch: &Watch) -> io::Result<Dump> {
    let mut checked = watch.check();
    let dump = birthmark::dump().with_threads(threads);
    let dump = dump.filter_while(filter, &mut || {
        checked = watch.check();
        checked.is_ok()
    });
    // Sorting and counting may take a while, and begin after this.
    checked.and_then(|()| watch.check()).map(|()| dump)
}

/// Adds await stacks, unless it is too much work, or nobody waits for them any more.
fn with_awaits(dump: Dump, detail: AwaitDetail, watch: &Watch) -> io::Result<Dump> {
    let mut checked = watch.check();
    let dump = dump.with_awaits_while(detail, &mut || {
        checked = watch.check();
        checked.is_ok()
    });
    checked.and_then(|()| watch.check()).map(|()| dump)
}

/// Answers with a dump of the tasks that the query selects.
pub(crate) async fn dump(format: Format, service: DumpService, request: Request) -> Response {
    let wanted = match DumpRequest::of(&Query::of(request.uri()), format) {
        Ok(wanted) => wanted,
        Err(why) => return answer::bad_request(why),
    };
    if wanted.threads == ThreadDetail::Stacks && !service.native_stacks {
        return answer::no_stacks();
    }
    if wanted.awaits == AwaitDetail::Locals && !service.local_variables {
        return answer::no_locals();
    }
    let headers = BodyHeaders {
        content_type: format.content_type(),
        extension: format.extension(),
        // Profiles are compressed anyway.
        is_compressed: format.extension() != "pb.gz" && gzip::is_wanted(&request),
    };
    let write = move |out: &mut Sink| {
        let watch = out.watch();
        match headers.is_compressed {
            true => gzip::compress(out, |out| wanted.write(format, &watch, out)),
            false => wanted.write(format, &watch, out),
        }
    };
    let permits = &service.permits.dumps;
    service
        .reply(request.method(), headers, permits, write)
        .await
}

/// Answers with the changes between a dump and another one some seconds later. The server keeps neither of them, so a
/// request does not change the program.
pub(crate) async fn diff(service: DumpService, request: Request) -> Response {
    let query = Query::of(request.uri());
    let filter = query.filter(&[paths::SECONDS]);
    let (filter, apart) = match filter.and_then(|filter| Ok((filter, query.seconds()?))) {
        Ok(wanted) => wanted,
        Err(why) => return answer::bad_request(why),
    };
    let write = move |out: &mut Sink| {
        let watch = out.watch();
        let before = take(&filter, ThreadDetail::Off, &watch)?;
        out.wait(apart)?;
        let after = take(&filter, ThreadDetail::Off, &watch)?;
        write!(out, "{}", after.diff(&before))
    };
    let headers = BodyHeaders {
        content_type: answer::PLAIN,
        extension: "txt",
        is_compressed: false,
    };
    let permits = &service.permits.diffs;
    service
        .reply(request.method(), headers, permits, write)
        .await
}

/// The type, the name and the compression of a body.
#[derive(Clone, Copy)]
struct BodyHeaders {
    content_type: &'static str,
    /// The extension of a file with the body.
    extension: &'static str,
    is_compressed: bool,
}

impl BodyHeaders {
    fn into_map(self) -> HeaderMap {
        let name = format!("inline; filename=\"birthmark.{}\"", self.extension);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.extend(name.parse().map(|name| (CONTENT_DISPOSITION, name)));
        if self.is_compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers
    }
}

impl DumpService {
    /// Answers with the output of `write` as soon as a permit is free.
    async fn reply(
        &self,
        method: &Method,
        headers: BodyHeaders,
        permits: &Permits,
        write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
    ) -> Response {
        if *method == Method::HEAD {
            return (headers.into_map(), Body::empty()).into_response();
        }
        let Some(permit) = permits.take().await else {
            return answer::busy();
        };
        match stream(self.slow_clients, self.budget, permit, write).await {
            Ok(body) => (headers.into_map(), Body::new(body)).into_response(),
            Err(Unwritten::NoThread(error)) => answer::no_thread(&error),
            Err(Unwritten::TooMuchWork) => answer::too_much_work(),
            Err(Unwritten::Failed) => answer::not_written(),
        }
    }
}
