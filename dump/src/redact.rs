//! Redaction of names and of label values.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use birthmark_core::__reader::bounded::BoundedText;
use birthmark_core::__reader::label::{Label, LabelSet};
use birthmark_core::__reader::unwind::catch_user_panic;

type OfNames = dyn Fn(&str) -> Cow<'_, str> + Send + Sync;
type OfLocals = dyn Fn(&LocalToRedact<'_>) -> bool + Send + Sync;
type OfLabels = dyn for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync;

/// The program's functions that replace names and label values.
#[derive(Clone, Default)]
pub struct Redaction {
    /// Changes a name.
    pub names: Option<Arc<OfNames>>,
    /// Changes the value of the label with this key.
    pub labels: Option<Arc<OfLabels>>,
    /// Changes the message of a panic, or the reason of a refusal.
    pub messages: Option<Arc<OfNames>>,
    /// Returns `true` if the value of a local variable is hidden.
    pub locals: Option<Arc<OfLocals>>,
}

/// A local variable or a field of one, as a redaction sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LocalToRedact<'a> {
    /// Path of the function.
    pub function: &'a str,
    /// Name of the variable or field.
    pub name: &'a str,
    /// Path of its type with all type arguments.
    pub type_name: &'a str,
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

/// The present functions. They are read without a lock, because panicking threads read them.
static REDACTION: OnceLock<Redaction> = OnceLock::new();

/// Sets the functions. The first ones stay, because later ones could show what the first ones hide.
pub fn install(redaction: Redaction) {
    let Redaction {
        names,
        labels,
        messages,
        locals,
    } = &redaction;
    if names.is_some() || labels.is_some() || messages.is_some() || locals.is_some() {
        let _ = REDACTION.set(redaction);
    }
}

std::thread_local! {
    /// `true` while a function runs on this thread. If it panics, the report must not call it again, because a panic in
    /// a panic hook aborts the program.
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// Returns a redacted name. The empty name stays empty.
pub fn redact(name: &str) -> Cow<'_, str> {
    match REDACTION
        .get()
        .and_then(|redaction| redaction.names.as_ref())
    {
        Some(function) if !name.is_empty() => call(|| function(name)),
        _ => name.into(),
    }
}

/// Returns a redacted message. A program that redacts names, but has no function for messages, hides all of them: they may
/// contain the names.
pub(crate) fn redact_message(message: &str) -> Cow<'_, str> {
    let Some(redaction) = REDACTION.get().filter(|_| !message.is_empty()) else {
        return message.into();
    };
    match &redaction.messages {
        Some(function) => call(|| function(message)),
        None if redaction.names.is_some() || redaction.labels.is_some() => "(hidden)".into(),
        None => message.into(),
    }
}

/// Returns a redacted label value. If there is no function for labels, the one for names applies.
fn redact_value<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    match REDACTION
        .get()
        .and_then(|redaction| redaction.labels.as_ref())
    {
        Some(function) => call(|| function(key, value)),
        None => redact(value),
    }
}

/// Returns redacted labels. A label whose value becomes empty is left out.
pub fn redact_labels(labels: &[u8]) -> LabelSet {
    LabelSet::map(labels, |label: &Label<'_>| {
        BoundedText::new(redact_value(label.key(), label.value()))
    })
}

/// Returns `true` if the value of a local variable is hidden. A program that redacts names, but has no function for
/// variables, hides all of them: their values may contain the names.
pub fn hides_local(function: &str, name: &str, type_name: &str) -> bool {
    let Some(redaction) = REDACTION.get() else {
        return false;
    };
    let Some(hides) = &redaction.locals else {
        return true;
    };
    let variable = LocalToRedact {
        function,
        name,
        type_name,
    };
    if RUNS.replace(true) {
        return true;
    }
    let hides = catch_user_panic(|| hides(&variable));
    RUNS.set(false);
    hides.unwrap_or(true)
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
    let redacted = catch_user_panic(function);
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
    fn panic_of_a_redaction_is_contained_whatever_its_payload_is() {
        for deep in 0..3 {
            assert_eq!(
                call(|| resume_unwind(Box::new(Worse(deep)))),
                "(redaction failed)"
            );
        }
        assert_eq!(call(|| "fine".into()), "fine");
    }
}
