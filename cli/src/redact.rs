//! Redaction of names and labels, which leave the target as the program has set them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use birthmark_dump::__private::redact::{Redaction, install};

/// Replaces all names and values of labels from now on. Equal texts become equal, and another run of the command replaces
/// them by others.
pub(crate) fn all() {
    let key = Arc::new(RandomState::new());
    let names = key.clone();
    install(Redaction {
        names: Some(Arc::new(move |name: &str| replaced(&names, name).into())),
        labels: Some(Arc::new(move |_: &str, value: &str| {
            replaced(&key, value).into()
        })),
        // All messages are hidden, because names are redacted.
        messages: None,
        locals: Some(Arc::new(|_| true)),
    });
}

fn replaced(key: &RandomState, text: &str) -> String {
    format!("redacted-{:08x}", key.hash_one(text) as u32)
}
