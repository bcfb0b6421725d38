//! The table of packages that spawn on behalf of others: runtimes, pools, and forwarders between them.
//!
//! A task is recorded where a program gives it to a runtime. There, several forwarders call each other by names such as
//! `spawn`. A record in each of them would be the same task once more.

/// Selection of the spawns that are recorded in a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All spawns.
    Spawns {
        /// Methods whose spawns are excepted, because they forward a task that they received.
        forwarders: &'static [&'static str],
        /// Functions that fill or serve a pool. Their tasks are roots, because a connection is kept for a later user.
        pooled: &'static [&'static str],
    },
    /// OS threads only: the package is a runtime. Its threads are roots unless they are scoped, because it keeps them
    /// for later tasks.
    Threads,
    /// No spawn, because each thread of the package was given to it.
    Nothing,
}

impl Policy {
    const ALL: Policy = Policy::Spawns {
        forwarders: &[],
        pooled: &[],
    };

    const fn pooled(functions: &'static [&'static str]) -> Policy {
        Policy::Spawns {
            forwarders: &[],
            pooled: functions,
        }
    }
}

/// The packages with a policy of their own, sorted by name.
const TABLE: &[(&str, Policy)] = &[
    ("actix-rt", Policy::Threads),
    // A runtime on threads of its caller. Its `Builder` makes tasks, which it is handed.
    ("async-executor", Policy::Nothing),
    ("async-global-executor", Policy::Threads),
    ("async-io", Policy::Threads),
    ("async-std", Policy::Threads),
    ("async-task", Policy::Nothing),
    (
        "bb8-postgres",
        Policy::pooled(&["PostgresConnectionManager::connect"]),
    ),
    ("bevy_tasks", Policy::Threads),
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
            forwarders: &["Exec::execute", "TokioExecutor::execute"],
            pooled: &["Client::connect_to", "PoolInner::spawn_idle_interval"],
        },
    ),
    ("monoio", Policy::Threads),
    ("rayon", Policy::Threads),
    ("rayon-core", Policy::Threads),
    (
        "reqwest",
        Policy::pooled(&["ClientHandle::new", "Pool::new_connection"]),
    ),
    ("scheduled-thread-pool", Policy::Threads),
    ("smol", Policy::Threads),
    ("smolscale", Policy::Threads),
    ("sqlx-core", Policy::pooled(&["spawn_maintenance_tasks"])),
    (
        "sqlx-sqlite",
        Policy::pooled(&["ConnectionWorker::establish"]),
    ),
    ("threadpool", Policy::Threads),
    ("tokio", Policy::Threads),
    ("tokio-executor", Policy::Threads),
    ("tokio-threadpool", Policy::Threads),
    ("tokio-util", Policy::Threads),
    (
        "tonic",
        Policy::pooled(&["Channel::new", "Channel::connect"]),
    ),
];

/// Returns the policy of a crate in a package, by the names of both. The table concerns libraries and their unit tests.
/// The other tests of a package, its examples and benchmarks use the library as any program does.
#[must_use]
pub fn policy_of(package: &str, krate: &str) -> Policy {
    if !is_library(package, krate) {
        return Policy::ALL;
    }
    let row = TABLE.binary_search_by_key(&package, |(name, _)| name);
    row.map_or(Policy::ALL, |row| TABLE[row].1)
}

/// Each library in the table is named like its package.
pub(super) fn is_library(package: &str, krate: &str) -> bool {
    let same = |(one, other): (u8, u8)| one == other || (one, other) == (b'-', b'_');
    package.len() == krate.len() && package.bytes().zip(krate.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_their_names() {
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
        assert_eq!(policy_of("tokio", "tokio"), Policy::Threads);
        assert_eq!(policy_of("tokio-util", "tokio_util"), Policy::Threads);
        assert_eq!(policy_of("hyper", "hyper"), Policy::ALL);
    }

    #[test]
    fn tests_of_a_runtime_are_programs() {
        assert_eq!(policy_of("tokio", "rt_basic"), Policy::ALL);
        assert_eq!(policy_of("crossbeam-utils", "thread"), Policy::ALL);
    }
}
