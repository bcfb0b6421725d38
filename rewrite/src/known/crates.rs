//! The tables of libraries: crates whose functions give no task to instrumented code.

/// The crates, and modules of them.
const LIBRARIES: &[&str] = &[
    "std",
    "tokio",
    "tokio_util",
    "thread",
    "rayon",
    "smol",
    "async_std",
    "futures",
    "crossbeam",
    "crossbeam_utils",
    "actix",
    "actix_rt",
    "blocking",
    "async_executor",
    "async_global_executor",
];

/// Types of such crates.
const TYPES: &[&str] = &["JoinSet", "JoinMap", "LocalSet", "TaskTracker"];

/// Crates, and modules of them, whose spawns call a closure once.
const CALLING_ONCE: &[&str] = &["thread", "rayon"];

/// Modules whose spawns start an OS thread.
const STARTING_THREADS: &[&str] = &["thread"];

/// Functions named like spawns that spawn nothing. The caller gets the future back, in a type that it polls by hand.
const POLLED_BY_HAND: &[&[&str]] = &[&["tokio_test", "task", "spawn"]];

/// Returns `true` if the spawns of the crate give the future back.
pub(crate) fn gives_back(name: &str) -> bool {
    POLLED_BY_HAND.iter().any(|path| path[0] == name)
}

/// Returns `true` if the function at this path gives the future back.
pub(crate) fn is_polled_by_hand(path: &[String]) -> bool {
    POLLED_BY_HAND.iter().any(|known| path == *known)
}

/// Returns `true` if the crate, of whatever version, is a known library: `tokio`, `tokio02` and `tokio_1` are tokio.
pub(crate) fn is_library(name: &str) -> bool {
    LIBRARIES.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_'))
}

/// Returns `true` if the type is of a known library.
pub(crate) fn is_type_of_library(name: &str) -> bool {
    TYPES.contains(&name)
}

/// Returns `true` if the spawns below this segment of a path call a closure once.
pub(crate) fn calls_once(segment: &str) -> bool {
    CALLING_ONCE.contains(&segment)
}

/// Returns `true` if the spawns below this segment of a path start an OS thread.
pub(crate) fn starts_threads(segment: &str) -> bool {
    STARTING_THREADS.contains(&segment)
}
