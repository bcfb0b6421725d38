//! What counts in a crate whose business is spawning.
//!
//! A task is recorded where it is handed to a runtime. From there it goes through several layers, each of
//! which calls the next one by a name such as `spawn`, and all of them would say the same.

/// What is recorded in a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All spawns.
    Spawns {
        /// But for those in these methods, which hand on what they are given.
        layers: &'static [&'static str],
        /// Those in these methods fill a pool: a connection is kept for whoever comes next, so it is a root.
        pooled: &'static [&'static str],
    },
    /// The OS threads it starts: it is a runtime, and keeps them for whoever comes next. So they are roots, unless
    /// they are scoped.
    Threads,
    /// Nothing: each thread it starts, if any, is one that was handed to it.
    Nothing,
}

impl Policy {
    const ALL: Policy = Policy::Spawns {
        layers: &[],
        pooled: &[],
    };

    const fn pooled(methods: &'static [&'static str]) -> Policy {
        Policy::Spawns {
            layers: &[],
            pooled: methods,
        }
    }
}

/// Packages in which not everything counts, or is somebody's child, by name.
const TABLE: &[(&str, Policy)] = &[
    ("actix-rt", Policy::Threads),
    ("async-executor", Policy::Threads),
    ("async-global-executor", Policy::Threads),
    ("async-io", Policy::Threads),
    ("async-std", Policy::Threads),
    ("async-task", Policy::Nothing),
    (
        "bb8-postgres",
        Policy::pooled(&["PostgresConnectionManager::connect"]),
    ),
    ("blocking", Policy::Threads),
    ("compio-runtime", Policy::Threads),
    ("crossbeam-utils", Policy::Nothing),
    (
        "deadpool-postgres",
        Policy::pooled(&["ConfigConnectImpl::connect"]),
    ),
    ("futures-executor", Policy::Threads),
    ("futures-timer", Policy::Threads),
    ("futures-util", Policy::Threads),
    ("glommio", Policy::Threads),
    (
        "hyper-util",
        Policy::Spawns {
            layers: &["Exec::execute", "TokioExecutor::execute"],
            pooled: &["Client::connect_to"],
        },
    ),
    ("monoio", Policy::Threads),
    ("rayon", Policy::Threads),
    ("rayon-core", Policy::Threads),
    ("scheduled-thread-pool", Policy::Threads),
    ("smol", Policy::Threads),
    ("smolscale", Policy::Threads),
    (
        "sqlx-sqlite",
        Policy::pooled(&["ConnectionWorker::establish"]),
    ),
    ("threadpool", Policy::Threads),
    ("tokio", Policy::Threads),
    ("tokio-executor", Policy::Threads),
    ("tokio-threadpool", Policy::Threads),
    ("tokio-util", Policy::Threads),
];

/// What is recorded in the package of this name.
pub fn of(package: &str) -> Policy {
    let row = TABLE.binary_search_by_key(&package, |(name, _)| name);
    row.map_or(Policy::ALL, |row| TABLE[row].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_their_names() {
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
        assert_eq!(of("tokio"), Policy::Threads);
        assert_eq!(of("hyper"), Policy::ALL);
    }
}
