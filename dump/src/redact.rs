//! Names and the values of labels as people may see them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use birthmark_core::__reader::bounded::Text;
use birthmark_core::__reader::label::{Label, LabelSet};
use birthmark_core::__reader::unwind::contained;

type OfNames = dyn Fn(&str) -> Cow<'_, str> + Send + Sync;
type OfLabels = dyn for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync;

/// The program's functions: that through which names go, and that for the values of labels.
#[derive(Clone, Default)]
pub struct Redaction {
    /// Changes a name.
    pub names: Option<Arc<OfNames>>,
    /// Changes the value of the label with this key.
    pub labels: Option<Arc<OfLabels>>,
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

/// Read without a lock, since a thread that panics reads it.
static REDACTION: OnceLock<Redaction> = OnceLock::new();

/// Sets the functions. The first ones stay: later ones could show what they were to hide.
pub fn install(redaction: Redaction) {
    if redaction.names.is_some() || redaction.labels.is_some() {
        let _ = REDACTION.set(redaction);
    }
}

std::thread_local! {
    /// A function runs on this thread. If it panics, the report of that must not call it again: a
    /// panic in a panic hook ends the program.
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// A name as it may be shown. No name stays none.
pub fn redact(name: &str) -> Cow<'_, str> {
    match REDACTION
        .get()
        .and_then(|redaction| redaction.names.as_ref())
    {
        Some(function) if !name.is_empty() => call(|| function(name)),
        _ => name.into(),
    }
}

/// The value of a label as it may be shown: what the function for labels makes of it, or else that for
/// names.
fn redact_value<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    match REDACTION
        .get()
        .and_then(|redaction| redaction.labels.as_ref())
    {
        Some(function) => call(|| function(key, value)),
        None => redact(value),
    }
}

/// Labels as they may be shown. A value that becomes empty takes its label away.
pub fn redact_labels(labels: &[u8]) -> LabelSet {
    LabelSet::map(labels, |label: &Label<'_>| {
        Text::new(redact_value(label.key(), label.value()))
    })
}

/// Returns `true` if a function runs on this thread.
pub fn runs() -> bool {
    RUNS.get()
}

fn call<'a>(function: impl FnOnce() -> Cow<'a, str>) -> Cow<'a, str> {
    let failed = || "(redaction failed)".into();
    if RUNS.replace(true) {
        return failed();
    }
    let redacted = contained(function);
    RUNS.set(false);
    redacted.unwrap_or_else(failed)
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;

    use super::call;

    /// Is dropped when a panic with it has been caught.
    struct Worse(u32);

    impl Drop for Worse {
        fn drop(&mut self) {
            if self.0 > 0 {
                resume_unwind(Box::new(Worse(self.0 - 1)));
            }
        }
    }

    #[test]
    fn whatever_a_function_panics_with_ends_here() {
        for deep in 0..3 {
            assert_eq!(
                call(|| resume_unwind(Box::new(Worse(deep)))),
                "(redaction failed)"
            );
        }
        assert_eq!(call(|| "fine".into()), "fine");
    }
}
