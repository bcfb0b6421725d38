//! Dumps, in each of their forms.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use birthmark::render::Format;
use birthmark::{Dump, Filter, ThreadDetail};

use crate::answer;
use crate::budget::{Budget, Watch};
use crate::gzip;
use crate::limits::Limits;
use crate::options::Options;
use crate::paths;
use crate::query::Query;
use crate::stream::{Patience, Sink, Unwritten, stream};
use crate::turns::Turns;

/// What dumps share.
#[derive(Clone, Debug)]
pub(crate) struct Dumps {
    turns: Arc<AllTurns>,
    patience: Patience,
    budget: Budget,
    native_stacks: bool,
}

#[derive(Debug)]
struct AllTurns {
    dumps: Turns,
    diffs: Turns,
}

impl Dumps {
    pub(crate) fn new(options: &Options, limits: Limits) -> Self {
        let turns = AllTurns {
            dumps: Turns::new(limits.dumps, limits.waiting),
            diffs: Turns::new(limits.diffs, limits.waiting),
        };
        Dumps {
            turns: Arc::new(turns),
            patience: limits.patience,
            budget: limits.budget,
            native_stacks: options.native_stacks,
        }
    }
}

/// What of a dump is wanted.
struct Wanted {
    filter: Filter,
    threads: ThreadDetail,
    most: usize,
}

impl Wanted {
    fn of(query: &Query<'_>, format: Format) -> Result<Self, String> {
        Ok(Wanted {
            filter: query.filter(paths::dump(format).parameters)?,
            threads: query.threads()?,
            most: query.limit()?,
        })
    }

    /// Writes a dump of this moment.
    fn write(&self, format: Format, watch: &Watch, out: &mut dyn Write) -> io::Result<()> {
        let dump = take(&self.filter, self.threads, watch)?;
        match format {
            Format::Json => write!(out, "{}", dump.json().limit(self.most)),
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

/// A dump of the tasks that the query selects.
pub(crate) async fn dump(format: Format, dumps: Dumps, request: Request) -> Response {
    let wanted = match Wanted::of(&Query::of(request.uri()), format) {
        Ok(wanted) => wanted,
        Err(why) => return answer::bad_request(why),
    };
    if wanted.threads == ThreadDetail::Stacks && !dumps.native_stacks {
        return answer::no_stacks();
    }
    let form = Form {
        content_type: format.content_type(),
        extension: format.extension(),
        // Profiles are compressed anyway.
        is_compressed: format.extension() != "pb.gz" && gzip::is_wanted(&request),
    };
    let write = move |out: &mut Sink| {
        let watch = out.watch();
        match form.is_compressed {
            true => gzip::compress(out, |out| wanted.write(format, &watch, out)),
            false => wanted.write(format, &watch, out),
        }
    };
    let turns = &dumps.turns.dumps;
    dumps.reply(request.method(), form, turns, write).await
}

/// What has changed between a dump and another some seconds later. Nothing is kept from one request to
/// the next, so that asking does not change the program.
pub(crate) async fn diff(dumps: Dumps, request: Request) -> Response {
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
    let form = Form {
        content_type: answer::PLAIN,
        extension: "txt",
        is_compressed: false,
    };
    let turns = &dumps.turns.diffs;
    dumps.reply(request.method(), form, turns, write).await
}

/// What an answer is in.
#[derive(Clone, Copy)]
struct Form {
    content_type: &'static str,
    /// What files of it end with.
    extension: &'static str,
    is_compressed: bool,
}

impl Form {
    fn headers(self) -> HeaderMap {
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

impl Dumps {
    /// What `write` writes, once it is its turn.
    async fn reply(
        &self,
        method: &Method,
        form: Form,
        turns: &Turns,
        write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
    ) -> Response {
        if *method == Method::HEAD {
            return (form.headers(), Body::empty()).into_response();
        }
        let Some(turn) = turns.take().await else {
            return answer::busy();
        };
        match stream(self.patience, self.budget, turn, write).await {
            Ok(body) => (form.headers(), Body::new(body)).into_response(),
            Err(Unwritten::NoThread(error)) => answer::no_thread(&error),
            Err(Unwritten::TooMuchWork) => answer::too_much_work(),
            Err(Unwritten::Failed) => answer::not_written(),
        }
    }
}
