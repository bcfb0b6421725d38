//! The table of asides: code in a body that says nothing of what the body does. A role looks past it.

/// Macros that log.
const LOGS: &[&str] = &[
    "debug", "eprintln", "error", "info", "log", "println", "trace", "warn",
];

/// Functions that only release a value.
const RELEASES: &[&str] = &["drop"];

/// Variants whose value is that of their argument.
const RESULTS: &[&str] = &["Ok", "Some"];

/// Functions that only wait. A role of such a name would say less than the enclosing function.
const WAITS: &[&str] = &[
    "park",
    "park_timeout",
    "pending",
    "poll_fn",
    "ready",
    "sleep",
    "sleep_until",
    "yield_now",
];

/// Returns `true` if a macro of this name only logs.
pub(crate) fn is_log(macro_name: &str) -> bool {
    LOGS.contains(&macro_name)
}

/// Returns `true` if a function of this name only releases its argument.
pub(crate) fn is_release(function: &str) -> bool {
    RELEASES.contains(&function)
}

/// Returns `true` if the variant holds a result.
pub(crate) fn is_result(variant: &str) -> bool {
    RESULTS.contains(&variant)
}

/// Returns `true` if a function of this name only waits.
pub(crate) fn is_wait(function: &str) -> bool {
    WAITS.contains(&function)
}
