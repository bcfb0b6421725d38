//! What every thread and task of a program does, over HTTP: the dumps of [`birthmark`], a page that
//! shows them, and metrics.
//!
//! # Quick start
//!
//! ```
//! # let address = "127.0.0.1:0";
//! # #[cfg(any())]
//! let address = "127.0.0.1:6060";
//! match birthmark_http::serve(address) {
//!     Ok(server) => {
//!         println!("{}", server.url()); // http://127.0.0.1:6060/debug/birthmark/
//!         server.detach();
//!     }
//!     // Another process may have the port. The program itself can go on without it.
//!     Err(error) => eprintln!("{error}"),
//! }
//! ```
//!
//! [`serve`] has a thread of its own, so that it answers also when the program's executors hang. To
//! answer on a server that is there already, merge [`router`] into it.
//!
//! # Paths
//!
//! | path | answer |
//! | --- | --- |
//! | `/debug/birthmark/` | the page: tree, table, groups, search, comparison, OS threads |
//! | `/debug/birthmark/text`, `…/tree`, `…/json` and so on | the dump in each [`Format`](birthmark::render::Format) |
//! | `/debug/birthmark/diff?seconds=5` | what changes in so many seconds, 1 to 60 |
//! | `/debug/birthmark/metrics` | metrics, as [Prometheus](https://prometheus.io) reads them |
//! | `/metrics` | the same, by [`serve`] only |
//!
//! The metrics count tasks by the *module* that spawns them, by *role* and by *kind*. If the source does not show the
//! kind, it is `task` until one is seen alive. Names are never labels. The number of series is bounded: after a thousand
//! pairs of module and role, both labels of any other pair are `(others)`.
//! With the feature `metrics`, `publish_metrics` hands the same numbers to the recorder that the program
//! has installed.
//!
//! A dump takes a [`Filter`](birthmark::Filter) as its query:
//! `/debug/birthmark/text?state=suspended&older=10s`. With `threads=states`, text, tree, groups and JSON also
//! say what OS threads do; with `threads=stacks`, where in their code they stand, if
//! [`Options::native_stacks`] allows that. `json?most=1000` shows no more than a thousand tasks, and if there are
//! more, all of them [in groups](birthmark::render::Json::most). All answer to `GET` and `HEAD` only, and none
//! changes what the program does.
//!
//! # The page
//!
//! Its address says what is shown: the view, the search, how rows are sorted, which are unfolded, and the task in the
//! panel. So that survives a reload, can be sent to somebody else, and the browser's Back undoes it. As in the dump as text,
//! more than four alike children are one row of the tree, which can be unfolded.
//!
//! It asks for a dump every two seconds while somebody looks at it, or less often where reading one takes long.
//! With a hundred thousand tasks, its work is in stretches of 20 to 60 ms of CPU time at most, depending on the machine.
//! Of more than 200,000 tasks it reads and lists the oldest, shows groups of all, and has the program itself search;
//! another number may be put into its address, as in `?most=1000000`. It needs a browser of summer 2024 or later, and
//! nothing from elsewhere.
//!
//! # Who may ask
//!
//! Dumps show names and source paths, so not everybody should see them. Unless [`Options`] say otherwise, a request
//! is answered if all of this holds, and the answer `403` names what does not:
//!
//! - Its client is on the same machine: the address is a loopback address.
//! - Its `Host` is a name of this machine. This refuses web pages that have their own name resolved to `127.0.0.1`.
//! - It comes through no proxy, as far as can be told. Only HTTP/1.1 and later is answered, and only headers that
//!   browsers, curl, `go tool pprof` and scrapers send. A request with any other header is refused, such as
//!   `X-Forwarded-For`, `Via`, `CF-Ray` or `X-Request-ID`.
//! - No page of another origin has caused it. A page elsewhere may link to the page, and by a click to a dump. It
//!   cannot load one in a frame, as an image or in the background. Browsers say who has caused a request
//!   ([Fetch Metadata](https://developer.mozilla.org/docs/Glossary/Fetch_metadata_request_header)). A browser that
//!   does not say so is refused.
//!
//! This leaves three kinds of clients that cannot be told from those that may ask:
//!
//! - other users of the same machine;
//! - clients of a proxy on this machine that adds no header, uses HTTP/1.1 and asks for a name of this machine, such as an
//!   nginx with `proxy_http_version 1.1` and nothing else;
//! - clients of what sends on bytes, such as `socat`, `ssh -R`, or HAProxy in TCP mode.
//!
//! If any of them can reach the program, give it a [`Token`]. A token is not made by default, because then each
//! dashboard, scraper and `go tool pprof` would need another one after each start. A token is also what it takes to
//! listen on other addresses, or to answer behind a proxy:
//!
//! ```
//! use birthmark_http::{serve_with, Options, Token};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = "0123456789abcdef";
//! let token: Token = secret.parse()?;
//! let server = serve_with("0.0.0.0:0", Options::new().token(token))?;
//! # Ok(())
//! # }
//! ```
//!
//! It is sent as `Authorization: Bearer …` or, in a browser, as `?token=…`.
//!
//! # What it costs
//!
//! Without requests, a thread that sleeps. A dump is written while it is sent: of its text, two
//! pieces of 64 KiB are held at a time, and of the snapshot 32 to 48 bytes a task, and its names, until
//! the client has read the last of it. Four dumps are made at a time; who comes later waits, and is answered
//! `503` with `Retry-After` if 128 wait already. A client is cut off that takes less than 64 KiB in half a
//! minute, or, if others wait for their turn, less than 256 KiB a second on average after its first ten
//! seconds: so nobody keeps others waiting by reading slowly.
//!
//! The work for one request is bounded. A filter has at most 64 conditions, with 1024 bytes in all, and a pattern takes
//! time in proportion to what it is compared with. A request may take ten seconds of CPU time, and ten more for each
//! million tasks, on Unix. After that it is answered `503`, or if a part of the dump was sent already, the connection
//! is closed without the end of the body, which clients report as an error. If a client closes its connection, the work
//! for it ends when it next looks: at each piece, and each 256 tasks of a filter.
//!
//! A million tasks arrive as JSON, 157 MB, in half
//! a second. On their way to other machines, dumps are compressed (feature `gzip`, on by default) if the client takes
//! that, to a tenth or less; on the same machine it would cost the program more time than it saves.

#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

#[cfg(test)]
use birthmark_test_support as _;

mod access;
mod answer;
mod budget;
mod dumps;
mod error;
mod guard;
#[cfg_attr(not(feature = "gzip"), path = "no_gzip.rs")]
mod gzip;
mod limits;
mod metrics;
mod options;
mod page;
mod query;
mod router;
mod server;
mod stream;
mod token;
mod turns;

#[cfg(feature = "metrics")]
pub use crate::metrics::publish_metrics;

pub use crate::error::ServeError;
pub use crate::options::Options;
pub use crate::router::{router, router_with};
pub use crate::server::{Server, serve, serve_with};
pub use crate::token::{Token, WeakToken};
