//! Names as people may see them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, OnceLock};

type Function = dyn Fn(&str) -> Cow<'_, str> + Send + Sync;

/// The program's function through which names go.
#[derive(Clone)]
pub(crate) struct Redaction(pub(crate) Arc<Function>);

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

/// Read without a lock, since a thread that panics reads it.
static REDACTION: OnceLock<Redaction> = OnceLock::new();

/// Sets the function. The first one stays: a later one could show what it was to hide.
pub(crate) fn install(redaction: Redaction) {
    let _ = REDACTION.set(redaction);
}

std::thread_local! {
    /// The function runs on this thread. If it panics, the report of that must not call it again: a
    /// panic in a panic hook ends the program.
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// A name as it may be shown. No name stays none.
pub(crate) fn redact(name: &str) -> Cow<'_, str> {
    match REDACTION.get() {
        Some(function) if !name.is_empty() => {
            call(function, name).unwrap_or("(redaction failed)".into())
        }
        _ => name.into(),
    }
}

/// Whether the function runs on this thread.
pub(crate) fn runs() -> bool {
    RUNS.get()
}

fn call<'a>(Redaction(function): &Redaction, name: &'a str) -> Option<Cow<'a, str>> {
    if RUNS.replace(true) {
        return None;
    }
    let redacted = catch_unwind(AssertUnwindSafe(|| function(name)));
    RUNS.set(false);
    redacted.ok()
}
