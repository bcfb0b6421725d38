//! What counts in a crate whose business is spawning.
//!
//! A task is recorded where it is handed to a runtime. From there it goes through several layers, each of
//! which calls the next one by a name such as `spawn`, and all of them would say the same.

/// What is recorded in a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All spawns, but for those in these methods, which hand on what they are given.
    Except(&'static [&'static str]),
    /// The OS threads it starts: it is a runtime.
    Threads,
    /// Nothing: each thread it starts, if any, is one that was handed to it.
    Nothing,
}

/// Packages in which not everything counts, by name.
const TABLE: &[(&str, Policy)] = &[
    ("actix-rt", Policy::Threads),
    ("async-executor", Policy::Threads),
    ("async-global-executor", Policy::Threads),
    ("async-std", Policy::Threads),
    ("async-task", Policy::Nothing),
    ("blocking", Policy::Threads),
    ("compio-runtime", Policy::Threads),
    ("crossbeam-utils", Policy::Nothing),
    ("futures-executor", Policy::Threads),
    ("futures-util", Policy::Threads),
    ("glommio", Policy::Threads),
    (
        "hyper-util",
        Policy::Except(&["Exec::execute", "TokioExecutor::execute"]),
    ),
    ("monoio", Policy::Threads),
    ("rayon", Policy::Threads),
    ("rayon-core", Policy::Threads),
    ("smol", Policy::Threads),
    ("smolscale", Policy::Threads),
    ("threadpool", Policy::Threads),
    ("tokio", Policy::Threads),
    ("tokio-executor", Policy::Threads),
    ("tokio-threadpool", Policy::Threads),
    ("tokio-util", Policy::Threads),
];

/// What is recorded in the package of this name.
pub fn of(package: &str) -> Policy {
    let row = TABLE.binary_search_by_key(&package, |(name, _)| name);
    row.map_or(Policy::Except(&[]), |row| TABLE[row].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_their_names() {
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
        assert_eq!(of("tokio"), Policy::Threads);
        assert_eq!(of("hyper"), Policy::Except(&[]));
    }
}
