//! Numbers of things in a sentence.

/// Returns the ending of a noun after this number.
pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 {
        ""
    } else {
        "s"
    }
}

/// Returns the past verb after this number of things.
pub(crate) fn was(count: usize) -> &'static str {
    if count == 1 {
        "was"
    } else {
        "were"
    }
}

/// Returns the verb after this number of things.
pub(crate) fn have(count: usize) -> &'static str {
    if count == 1 {
        "has"
    } else {
        "have"
    }
}
