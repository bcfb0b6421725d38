//! The whole public interface without an effect, for the feature `off`.
//!
//! Nothing of the other folders is compiled then, apart from plain values. `birthmark_core` and `birthmark_dump` have their
//! parts of the interface, and describe the types. `tests/support/tests/off.rs` compares the signatures with those of the other
//! folders.

#![allow(
    missing_docs,
    unused_variables,
    reason = "the documentation is at the items of the same name, and arguments have no effect"
)]

pub mod extension;
mod install;
mod leaks;
mod panic_report;
mod rules;
#[path = "../delivery/signal.rs"]
mod signal;

use std::io;
use std::path::PathBuf;

pub use install::{builder, install, Builder};
pub use leaks::{assert_no_leaks, leak_scope, LeakCheck, LeakScope, Leaks};
pub use panic_report::{report_panic, PanicReport, PanicText, ParsePanicReportError};
pub use rules::{
    add_rule, rules, timebox, Action, ParseRuleError, RuleReport, RuleStats, Timebox, TimeboxSpawn,
};
pub use signal::{DumpSignal, ParseSignalError};

use crate::{Dump, HookHandle, ParseFilterError, SpawnHook, SubtreeTask, Task, TaskId};

#[inline]
pub fn dump() -> Dump {
    Dump::none()
}

/// Returns an empty text.
#[inline]
pub fn stuck() -> String {
    String::new()
}

#[inline]
pub fn tasks() -> Vec<Task> {
    Vec::new()
}

#[inline]
pub fn write_dump() -> io::Result<Option<PathBuf>> {
    Ok(None)
}

#[inline]
pub fn abort_tree(id: TaskId) -> Vec<SubtreeTask> {
    Vec::new()
}

#[inline]
pub fn add_hook_for(filter: &str, hook: impl SpawnHook) -> Result<HookHandle, ParseFilterError> {
    Ok(birthmark_core::add_hook(hook))
}
