//! Spans of [`tracing`] reach every task that a task spawns, and each line of a log names its task.
//!
//! A span is lost where a task is spawned, unless the code calls `.in_current_span()` at that spawn. This crate is a hook
//! of [`birthmark`], so a spawn in instrumented code carries the span without a change. Under
//! `cargo birthmark run --deps`, spawns in libraries do, too.
//!
//! # Quick start
//!
//! ```
//! #[birthmark::instrument]
//! mod server {
//!     use tracing::{Instrument, info, info_span};
//!
//!     pub async fn handle(id: u64) {
//!         async {
//!             // The child logs in the span `request`.
//!             tokio::spawn(audit()).await.unwrap();
//!         }
//!         .instrument(info_span!("request", id))
//!         .await;
//!     }
//!
//!     async fn audit() {
//!         info!("audited");
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() {
//!     birthmark::install();
//!     birthmark_tracing::install();
//! # #[cfg(feature = "fmt")]
//!     tracing_subscriber::fmt()
//!         .map_event_format(birthmark_tracing::with_task)
//!         .init();
//!     server::handle(7).await;
//! }
//! ```
//!
//! The line shows the span of the spawner, and the task:
//!
//! ```text
//! INFO request{id=7}: my_program::server: audited task.id=2 task.role=audit
//! ```
//!
//! # What is carried
//!
//! The current span of the spawner is entered around each poll of the child, around the call of a closure, and around the
//! drop of what the child owns. If the dispatcher of the spawner is the default of its thread only, the child gets it,
//! too.
//!
//! A task that outlives the request which spawns it would keep the span of the request open. Roots and tasks of known
//! pools therefore get a span of their own that [follows from](Carry::FollowsFrom) it. [`Builder`] has rules for other
//! tasks.
//!
//! # Where to find what
//!
//! | to | use |
//! | --- | --- |
//! | carry spans | [`install`], [`builder`], [`Carry`] |
//! | make a span for each task | [`Builder::task_spans`] |
//! | name the task in each line of a log | `with_task`, [`TaskFields`] |
//! | show the span of each task in dumps | `TaskLayer` |
//! | report panics as events | [`Builder::panics`] |
//! | report refused spawns as events | [`Builder::refusals`] |
//! | report what rules find as events | [`Builder::rules`] |
//! | report exceeded deadlines as events | [`Builder::deadlines`] |
//!
//! # Features
//!
//! | feature | | content |
//! | --- | --- | --- |
//! | `fmt` | default | `with_task` and `TaskLayer`, for `tracing-subscriber` |
//! | `ansi` | default | `with_task` for the pretty format, and in colours |
//! | `json` | | `with_task` for the JSON format |
//! | `log` | | panics and refusals reach the logger of the `log` crate if no subscriber takes them |
//!
//! # Layers
//!
//! Each module uses those above it in this table, and none below.
//!
//! | module | contents |
//! | --- | --- |
//! | `slots` | slots that are read without a lock |
//! | `span_text` | names and fields of spans |
//! | `open_spans` | spans as dumps find them |
//! | `scoped` | dispatchers of one thread |
//! | `callsite` | callsites of task spans |
//! | `task_span` | a span for each task |
//! | `refusals` | refused spawns as events |
//! | `deadlines` | exceeded deadlines as events |
//! | `panics` | panics as events |
//! | `rules` | reports of rules as events |
//! | `hook` | the spawn hook |
//! | `install` | the configuration |
//! | `fields` | the current task as fields |
//! | `format` | formats of `tracing-subscriber` |
//! | `layer` | the layer for `tracing-subscriber` |

#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
use birthmark_test_support as _;

mod callsite;
mod deadlines;
mod fields;
#[cfg(feature = "fmt")]
mod format;
mod hook;
mod install;
#[cfg(feature = "fmt")]
mod layer;
#[cfg(feature = "fmt")]
mod open_spans;
#[cfg(not(feature = "fmt"))]
#[path = "no_open_spans.rs"]
mod open_spans;
mod panics;
mod refusals;
mod rules;
mod scoped;
#[cfg(feature = "fmt")]
mod slots;
#[cfg(feature = "fmt")]
mod span_text;
mod task_span;

pub use crate::fields::TaskFields;
#[cfg(feature = "fmt")]
pub use crate::format::{TaskFormat, WithTask, with_task};
pub use crate::install::{Builder, builder, install};
#[cfg(feature = "fmt")]
pub use crate::layer::TaskLayer;
pub use crate::panics::Panics;
pub use birthmark::extension::Carry;
