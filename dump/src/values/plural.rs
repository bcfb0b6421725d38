//! Numbers of things, as a sentence has them.

/// What follows the word for so many things: nothing for one.
pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 {
        ""
    } else {
        "s"
    }
}

/// The verb that follows so many things that are over.
pub(crate) fn was(count: usize) -> &'static str {
    if count == 1 {
        "was"
    } else {
        "were"
    }
}

/// The verb that follows so many things.
pub(crate) fn have(count: usize) -> &'static str {
    if count == 1 {
        "has"
    } else {
        "have"
    }
}
