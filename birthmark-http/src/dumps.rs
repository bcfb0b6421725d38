//! Dumps, in each of their forms.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use birthmark::render::Format;
use birthmark::{Filter, ThreadReport};

use crate::answer;
use crate::gzip;
use crate::limits::Limits;
use crate::options::Options;
use crate::query::Query;
use crate::stream::{Patience, Sink, stream};
use crate::turns::Turns;

/// What dumps share.
#[derive(Clone, Debug)]
pub(crate) struct Dumps {
    turns: Arc<AllTurns>,
    patience: Patience,
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
            native_stacks: options.native_stacks,
        }
    }
}

/// What the path of a form understands besides filters.
fn parameters(format: Format) -> &'static [&'static str] {
    match format {
        Format::Text | Format::Tree | Format::Groups => &["threads"],
        Format::Json => &["threads", "most"],
        _ => &[],
    }
}

/// What of a dump is wanted.
struct Wanted {
    filter: Filter,
    threads: ThreadReport,
    most: usize,
}

impl Wanted {
    fn of(query: &Query<'_>, format: Format) -> Result<Self, String> {
        Ok(Wanted {
            filter: query.filter(parameters(format))?,
            threads: query.threads()?,
            most: query.most()?,
        })
    }

    /// Writes a dump of this moment.
    fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let dump = birthmark::dump().with_threads(self.threads);
        let dump = dump.filter(&self.filter);
        match format {
            Format::Json => write!(out, "{}", dump.json().most(self.most)),
            _ => dump.write(format, out),
        }
    }
}

/// A dump of the tasks that the query selects.
pub(crate) async fn dump(format: Format, dumps: Dumps, request: Request) -> Response {
    let wanted = match Wanted::of(&Query::of(request.uri()), format) {
        Ok(wanted) => wanted,
        Err(why) => return answer::bad_request(why),
    };
    if wanted.threads == ThreadReport::Stacks && !dumps.native_stacks {
        return answer::no_stacks();
    }
    let turns = &dumps.turns.dumps;
    let form = Form {
        content_type: format.content_type(),
        extension: format.extension(),
        // Profiles are compressed anyway.
        is_compressed: format.extension() != "pb.gz" && gzip::is_wanted(&request),
    };
    let write = move |out: &mut Sink| match form.is_compressed {
        true => gzip::compress(out, |out| wanted.write(format, out)),
        false => wanted.write(format, out),
    };
    reply(request.method(), form, turns, dumps.patience, write).await
}

/// What has changed between a dump and another some seconds later. Nothing is kept from one request to
/// the next, so that asking does not change the program.
pub(crate) async fn diff(dumps: Dumps, request: Request) -> Response {
    let query = Query::of(request.uri());
    let filter = query.filter(&["seconds"]);
    let (filter, apart) = match filter.and_then(|filter| Ok((filter, query.seconds()?))) {
        Ok(wanted) => wanted,
        Err(why) => return answer::bad_request(why),
    };
    let write = move |out: &mut Sink| {
        let before = birthmark::dump().filter(&filter);
        out.wait(apart)?;
        let after = birthmark::dump().filter(&filter);
        write!(out, "{}", after.diff(&before))
    };
    let turns = &dumps.turns.diffs;
    let form = Form {
        content_type: answer::PLAIN,
        extension: "txt",
        is_compressed: false,
    };
    reply(request.method(), form, turns, dumps.patience, write).await
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

/// What `write` writes, once it is its turn.
async fn reply(
    method: &Method,
    form: Form,
    turns: &Turns,
    patience: Patience,
    write: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> Response {
    let body = if *method == Method::HEAD {
        Ok(Body::empty())
    } else {
        let Some(turn) = turns.take().await else {
            return answer::busy();
        };
        stream(patience, turn, write).map(Body::new)
    };
    match body {
        Ok(body) => (form.headers(), body).into_response(),
        Err(error) => answer::no_thread(&error),
    }
}
