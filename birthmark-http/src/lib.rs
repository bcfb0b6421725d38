//! This crate serves the threads and tasks of a program over HTTP: the dumps of [`birthmark`], a page that shows
//! them, and metrics.
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
//!     // Another process may use the port. The program continues without the server.
//!     Err(error) => eprintln!("{error}"),
//! }
//! ```
//!
//! [`serve`] runs on a thread of its own, so it answers even when the program's executors hang. A program that has an
//! HTTP server already merges [`router`] into it. [`RequestLayer`] makes each of its requests a task, with a name and
//! labels.
//!
//! # Paths
//!
//! | path | answer | parameters |
//! | --- | --- | --- |
//! | `/debug/birthmark/` | the page: tree, table, groups, search, comparison, OS threads, stuck tasks |  |
//! | `/debug/birthmark/text` | a paragraph for each task | a filter; `threads=states` adds OS threads; `awaits=debug-info` adds await stacks out of debug information |
//! | `/debug/birthmark/tree` | the tasks below their parents | a filter; `threads=states` adds OS threads; `awaits=debug-info` adds await stacks out of debug information |
//! | `/debug/birthmark/groups` | equal tasks, counted together | a filter; `threads=states` adds OS threads; `awaits=debug-info` adds await stacks out of debug information |
//! | `/debug/birthmark/stuck` | tasks that cannot go on, and why | a filter |
//! | `/debug/birthmark/resources` | things that tasks share, the most waited for first | a filter |
//! | `/debug/birthmark/folded` | stacks for flame graphs | a filter; `awaits=debug-info` adds await stacks out of debug information |
//! | `/debug/birthmark/json` | all of a dump, for programs | a filter; `threads=states` adds OS threads; `awaits=debug-info` adds await stacks out of debug information; `waits=on` adds what tasks wait for, who has it, and stuck tasks; `limit=1000` shows no more tasks, and all in groups |
//! | `/debug/birthmark/pprof` | a profile for go tool pprof | a filter; `awaits=debug-info` adds await stacks out of debug information |
//! | `/debug/birthmark/diff` | the changes between two dumps | a filter; `seconds=5` sets the time between the two dumps, 1 to 60 |
//! | `/debug/birthmark/metrics` | metrics for Prometheus; also at /metrics, only with serve |  |
//!
//! The metrics count tasks by the *module* that spawns them, by *role* and by *kind*. If the source does not show the
//! kind, it is `task` until a live task shows it. Names are never labels. The number of series is bounded: after a
//! thousand pairs of module and role, both labels of any other pair are `(others)`. With the feature `metrics`,
//! `publish_metrics` passes the same numbers to the recorder of the program.
//!
//! A filter is a [`Filter`](birthmark::Filter): `/debug/birthmark/text?state=suspended&older=10s`. `threads=stacks`
//! adds native stacks, if [`Options::native_stacks`] allows them. `awaits=debug-info` adds
//! [await stacks](birthmark::AwaitDetail), with the feature `debug-stacks`, and `awaits=locals` local variables, if
//! [`Options::local_variables`] allows them. `json?waits=on` adds
//! [waits](birthmark::Dump::with_waits). `json?limit=1000` shows at most a thousand tasks. If
//! more are alive, it adds all of them [in groups](birthmark::render::Json::limit).
//!
//! All paths answer to `GET` and `HEAD` only, and none changes the program.
//!
//! # The page
//!
//! The address of the page contains the view, the search, the order of rows, the unfolded rows, and the selected
//! task. A view therefore survives a reload, can be shared, and works with the browser's Back. As in the dump as
//! text, more than four equal children are one row of the tree, which can be unfolded.
//!
//! The page requests a dump every two seconds while it is visible, or less often if a dump takes long. With a hundred
//! thousand tasks, it works in stretches of at most 20 to 60 ms of CPU time, depending on the machine.
//!
//! With more than 200,000 tasks, the page lists the oldest ones. Groups still count all of them, and searches run in
//! the program. Its address may set another number, as in `?limit=1000000`. The page needs a browser of summer 2024 or
//! later, and loads nothing from elsewhere.
//!
//! # Access
//!
//! Dumps show names and source paths, so not everybody should see them. Unless [`Options`] allow more, a request is
//! answered only if all of the following conditions hold. The answer `403` names the one that does not:
//!
//! - The client is on the same machine: its address is a loopback address.
//! - The `Host` header is a name of this machine. This condition refuses web pages whose own name resolves to
//!   `127.0.0.1`.
//! - The request comes through no proxy, as far as the server can detect one. The request must use HTTP/1.1 or later,
//!   and only headers that browsers, curl, `go tool pprof` and scrapers send. Any other header is refused, such as
//!   `X-Forwarded-For`, `Via`, `CF-Ray` or `X-Request-ID`.
//! - No page of another origin has caused the request. A page elsewhere may link to the page, and by a click to a
//!   dump. Such a page cannot load a dump in a frame, as an image or in the background. Browsers report the cause of
//!   a request ([Fetch Metadata](https://developer.mozilla.org/docs/Glossary/Fetch_metadata_request_header)). A
//!   browser that does not is refused.
//!
//! Three kinds of clients cannot be told from allowed ones:
//!
//! - other users of the same machine;
//! - clients of a proxy on this machine that adds no header, uses HTTP/1.1 and requests a name of this machine, such
//!   as an nginx with only `proxy_http_version 1.1`;
//! - clients of a program that forwards bytes, such as `socat`, `ssh -R`, or HAProxy in TCP mode.
//!
//! If any of them can reach the program, use a [`Token`]. There is no token by default, because each dashboard,
//! scraper and `go tool pprof` would need a new one after each start. A token is also required on other addresses,
//! and behind a proxy:
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
//! The client sends the token as `Authorization: Bearer …` or, in a browser, as `?token=…`.
//!
//! # Cost
//!
//! Without requests, the server is a sleeping thread. A dump is written while it is sent. Until the client has read
//! the end, the server holds two pieces of 64 KiB of its text. The server also holds the snapshot, 32 to 48 bytes a
//! task, and the names.
//!
//! Four dumps are made at a time, and later requests wait. If 128 are waiting already, the answer is `503` with
//! `Retry-After`.
//!
//! Slow readers do not block others for long. The server closes a connection that takes less than 64 KiB in half a
//! minute. If others wait, it also closes one that takes less than 256 KiB a second on average after its first ten
//! seconds.
//!
//! The work for one request is bounded. A filter has at most 64 conditions, with 1024 bytes in all. The time of a
//! pattern is proportional to the length of the compared text. On Unix, a request may take ten seconds of CPU time,
//! and ten more for each million tasks.
//!
//! Beyond that, the answer is `503`. If a part of the dump was sent already, the server closes the connection without
//! the end of the body, which clients report as an error. If a client closes its connection, the work ends at the
//! next check: at each piece, and after each 256 tasks of a filter.
//!
//! A million tasks arrive as JSON, 157 MB, in half a second. Dumps for other machines are compressed to a tenth or
//! less, if the client accepts that (feature `gzip`, on by default). On the same machine, compression would take more
//! time than it saves.

#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
use birthmark_test_support as _;

// Layers: each module uses those above it in this table, and none below.
//
// | module | contents |
// | --- | --- |
// | `budget.rs` | the CPU time of a request |
// | `permits.rs` | the number of dumps at a time |
// | `stream.rs` | bodies that are written while they are sent |
// | `limits.rs` | all limits of a server |
// | `gzip.rs` | compression |
// | `metrics/` | counts for Prometheus |
// | `page/` | the page and its scripts |
// | `paths.rs` | the table of paths |
// | `query.rs` | parameters of a request |
// | `token.rs` | the secret of clients |
// | `access/` | the decision whether a request is answered |
// | `options.rs` | access rules of the program |
// | `answer.rs` | short answers |
// | `dump_service.rs` | dumps and comparisons |
// | `guard.rs` | access and headers of each route |
// | `router.rs` | handlers of the paths |
// | `request_layer.rs` | the layer that makes each request a task |
// | `error.rs` | errors of `serve` |
// | `server.rs` | the thread, the listener and the connections |

mod access;
mod answer;
mod budget;
mod dump_service;
mod error;
mod guard;
#[cfg_attr(not(feature = "gzip"), path = "no_gzip.rs")]
mod gzip;
mod limits;
mod metrics;
mod options;
mod page;
mod paths;
mod permits;
mod query;
mod request_layer;
mod router;
mod server;
mod stream;
mod token;

#[cfg(feature = "metrics")]
pub use crate::metrics::publish_metrics;

pub use crate::error::ServeError;
pub use crate::options::Options;
pub use crate::request_layer::{RequestHead, RequestLayer, RequestService};
pub use crate::router::{router, router_with};
pub use crate::server::{Server, serve, serve_with};
pub use crate::token::{InvalidToken, Token};
