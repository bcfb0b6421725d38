//! The OpenTelemetry context reaches every task that a task spawns, with its span and its baggage.
//!
//! A context is lost where a task is spawned, unless the code attaches it in the child. This crate is a hook of
//! [`birthmark`], so a spawn in instrumented code carries the context without a change. The crate `tracing` is not needed. A program
//! that uses `tracing` with `tracing-opentelemetry` uses the crate
//! [`birthmark-tracing`](https://docs.rs/birthmark-tracing) instead, or both if it also has baggage.
//!
//! # Quick start
//!
//! ```
//! use opentelemetry::baggage::BaggageExt;
//! use opentelemetry::{Context, KeyValue};
//!
//! #[birthmark::instrument]
//! fn main() {
//!     birthmark::install();
//!     birthmark_opentelemetry::install();
//!
//!     let request = Context::current_with_baggage([KeyValue::new("tenant", "acme")]);
//!     let _attached = request.attach();
//!     let child = std::thread::spawn(|| Context::current().baggage().get("tenant").cloned());
//!     assert_eq!(child.join().unwrap().unwrap().as_str(), "acme");
//! }
//! ```
//!
//! # What is carried
//!
//! The context is attached around each poll of the child, around the call of a closure, and around the drop of what the
//! child owns. Spans that the child starts are children of the spawner's span.
//!
//! A task that outlives the request which spawns it would be a part of the request's trace for ever. [`Carry`] lists
//! which tasks get a context of their own instead, with a root span that has a link to the spawner's span.
//!
//! # Features
//!
//! | feature | content |
//! | --- | --- |
//! | `sdk` | `TaskSpanProcessor` adds the task to each span |
//! | `logs` | `TaskLogProcessor` adds the task to each record of a log |

#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
use birthmark_test_support as _;

mod hook;
mod install;
#[cfg(any(feature = "sdk", feature = "logs"))]
mod processors;

pub use crate::install::{Builder, builder, install};
#[cfg(feature = "logs")]
pub use crate::processors::TaskLogProcessor;
#[cfg(feature = "sdk")]
pub use crate::processors::TaskSpanProcessor;
pub use birthmark::extension::Carry;
