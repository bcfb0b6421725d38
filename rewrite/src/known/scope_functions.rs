//! The table of scopes: functions that run a closure while their caller waits.

/// How the closure runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// On the caller's thread, with a scope as its parameter on which scoped threads are spawned.
    WithThreads,
    /// On a thread of a pool, as the task of the caller.
    OnPool,
}

/// One function.
pub(crate) struct Row {
    pub name: &'static str,
    pub runs: Runs,
    /// Crates and modules of which one has to be in the path of a call.
    pub paths: &'static [&'static str],
    /// Words of which one has to be in the receiver's name, if it is called as a method.
    pub receivers: &'static [&'static str],
}

/// The scopes that are known.
pub(crate) const TABLE: &[Row] = &[
    Row {
        name: "scope",
        runs: Runs::WithThreads,
        paths: &["thread", "crossbeam", "crossbeam_utils"],
        receivers: &[],
    },
    Row {
        name: "scope",
        runs: Runs::OnPool,
        paths: &["rayon"],
        receivers: &["pool"],
    },
    Row {
        name: "scope_fifo",
        runs: Runs::OnPool,
        paths: &["rayon"],
        receivers: &["pool"],
    },
    Row {
        name: "install",
        runs: Runs::OnPool,
        paths: &[],
        receivers: &["pool"],
    },
];

/// Returns the function of this name that runs its closure so.
pub(crate) fn find(name: &str, runs: Runs) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.name == name && row.runs == runs)
}

/// Returns `true` if the name is in the table.
#[cfg(feature = "text")]
pub(crate) fn is_known(name: &str) -> bool {
    TABLE.iter().any(|row| row.name == name)
}

/// Returns `true` if a call of this name may run its closure as the task of its caller.
pub(crate) fn may_inherit(name: &str) -> bool {
    find(name, Runs::OnPool).is_some()
}
