//! Code that joins birthmark with crates that log and trace. Each module is short enough to be copied into a program.
//!
//! | module | joins |
//! | --- | --- |
//! | [`sentry`] | a hub for each task, and the task in each event |
//! | [`fastrace`] | a span for each task, below the span of its spawner |
//! | [`log_fields`] | the task as key-values of each record of `log` |
//! | [`panic_hooks`] | the panic report in the hooks of color-eyre, human-panic and tracing-panic |

pub mod fastrace;
pub mod log_fields;
pub mod panic_hooks;
pub mod sentry;
