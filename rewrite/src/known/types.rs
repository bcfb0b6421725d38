//! The tables of types and traits: the meaning of a parameter's type for the task that is its argument.

/// Meaning of a bound of the standard library or futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The value is a future.
    Future,
    /// The value is called once.
    CalledOnce,
    /// The value may be called more than once.
    Called,
    /// A changed task meets the bound if the task itself does.
    Kept,
    /// No changed task meets the bound.
    Unmet,
}

/// The bounds that are known.
const BOUNDS: &[(Bound, &[&str])] = &[
    (Bound::Future, &["Future", "IntoFuture", "TryFuture"]),
    (Bound::CalledOnce, &["FnOnce", "AsyncFnOnce"]),
    (Bound::Called, &["FnMut", "Fn", "AsyncFnMut", "AsyncFn"]),
    (
        Bound::Kept,
        &[
            "Send",
            "Sync",
            "Unpin",
            "Sized",
            "UnwindSafe",
            "RefUnwindSafe",
            "Any",
        ],
    ),
    (
        Bound::Unmet,
        &[
            "Clone",
            "Copy",
            "Default",
            "PartialEq",
            "Eq",
            "PartialOrd",
            "Ord",
            "Hash",
            "Debug",
            "Display",
            "FusedFuture",
        ],
    ),
];

/// Types of which no value is a task. Primitive types are recognised by their small letters.
const NO_TASKS: &[&str] = &["String", "Vec", "Option", "Result", "Duration", "Instant"];

/// Aliases of a pinned box of a future.
const BOXED_FUTURES: &[&str] = &["BoxFuture", "LocalBoxFuture"];

/// Returns the meaning of a bound.
pub(crate) fn bound(name: &str) -> Option<Bound> {
    let row = BOUNDS.iter().find(|(_, names)| names.contains(&name));
    row.map(|(bound, _)| *bound)
}

/// Returns `true` if no value of the type is a task.
pub(crate) fn is_no_task(name: &str) -> bool {
    let is_primitive = name.chars().all(|c| !c.is_uppercase());
    is_primitive || NO_TASKS.contains(&name)
}

/// Returns `true` if the type is a pinned box of a future.
pub(crate) fn is_boxed_future(name: &str) -> bool {
    BOXED_FUTURES.contains(&name)
}
