//! What every thread and task of a program does, over HTTP: the dumps of [`birthmark`], a page that
//! shows them, and metrics.
//!
//! # Quick start
//!
//! ```
//! # fn main() -> Result<(), birthmark_http::ServeError> {
//! # let address = "127.0.0.1:0";
//! # #[cfg(any())]
//! let address = "127.0.0.1:6060";
//! let server = birthmark_http::serve(address)?;
//! println!("{}", server.url()); // http://127.0.0.1:6060/debug/birthmark/
//! # Ok(())
//! # }
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
//! The metrics count tasks by *role* and by *kind*. Where the source does not show the kind, it is `task` until
//! one is seen alive. Names are never labels, and no more than a thousand roles are: the role of others is
//! `(others)`.
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
//! It asks for a dump every two seconds while somebody looks at it, or less often where reading one takes long.
//! With a hundred thousand tasks, its work is in stretches of 31 ms of CPU time at most.
//! Of more than 200,000 tasks it reads and lists the oldest, shows groups of all, and has the program itself search;
//! another number may be put into its address, as in `?most=1000000`. It needs a browser of summer 2024 or later, and
//! nothing from elsewhere.
//!
//! # Who may ask
//!
//! Dumps tell names and source paths, so not everybody should see them. Unless [`Options`] say
//! otherwise, whoever asks must be on the same machine and must have asked for it by a name of this
//! machine. The latter keeps out web pages that have their own name resolved to `127.0.0.1`. What a proxy on this
//! machine passes on may be anybody's, and is not answered if the proxy says what it is (`X-Forwarded-For`, `Via` and
//! the like). To listen on other addresses, or behind a proxy, takes a [`Token`]:
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
//! seconds: so nobody keeps others waiting by reading slowly. A million tasks arrive as JSON, 157 MB, in half
//! a second. On their way to other machines, dumps are compressed (feature `gzip`, on by default) if the client takes
//! that, to a tenth or less; on the same machine it would cost the program more time than it saves.

#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

#[cfg(test)]
use birthmark_test_support as _;

mod access;
mod answer;
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
