//! The table of methods: how the value of `receiver.method()` relates to its receiver.

/// Relation between a method's value and its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Returns the content of an `Option` or a `Result`.
    Unwraps,
    /// Returns the value that the receiver constructs, or panics.
    Constructs,
    /// Returns another value of the receiver's type.
    Clones,
    /// Leads to the thing that the receiver is named after.
    Accesses,
    /// Adds something to a task, so that the role is the receiver's.
    Decorates,
    /// Adds something to an `async` literal, which can be changed below it.
    WrapsLiteral,
    /// Converts into a type that only the signature of the callee shows.
    Converts,
    /// Ends the chain of a builder: the value is no builder any more.
    Builds,
    /// Runs the future or closure that is its last argument.
    Runs,
    /// Returns the receiver, a reference to it or its content. The text of what is awaited omits the method.
    Passes,
}

use Effect::{
    Accesses, Builds, Clones, Constructs, Converts, Decorates, Passes, Runs, Unwraps, WrapsLiteral,
};

/// The methods that are known, by name.
const TABLE: &[(&str, &[Effect])] = &[
    ("abortable", &[Decorates]),
    ("and_then", &[Decorates]),
    ("as_mut", &[Accesses, Passes]),
    ("as_ref", &[Accesses, Passes]),
    ("borrow", &[Accesses, Passes]),
    ("borrow_mut", &[Accesses, Passes]),
    ("boxed", &[Decorates, WrapsLiteral]),
    ("boxed_local", &[Decorates, WrapsLiteral]),
    ("build", &[Accesses, Builds]),
    ("catch_unwind", &[Decorates]),
    ("clone", &[Accesses, Clones, Decorates, Passes]),
    ("collect", &[Converts]),
    ("context", &[Decorates]),
    ("enforce", &[Decorates]),
    ("err_into", &[Decorates]),
    (
        "expect",
        &[Accesses, Constructs, Decorates, Passes, Unwraps],
    ),
    ("finish", &[Builds]),
    ("fuse", &[Decorates]),
    ("get", &[Accesses]),
    ("in_current_span", &[Decorates, WrapsLiteral]),
    ("in_scope", &[Runs]),
    ("in_span", &[Decorates]),
    ("inspect", &[Decorates]),
    ("inspect_err", &[Decorates]),
    ("inspect_ok", &[Decorates]),
    ("instrument", &[Decorates, WrapsLiteral]),
    ("into", &[Converts]),
    ("into_future", &[Decorates]),
    ("left_future", &[Decorates]),
    ("lock", &[Accesses]),
    ("map", &[Decorates]),
    ("map_err", &[Decorates]),
    ("map_into", &[Decorates]),
    ("map_ok", &[Decorates]),
    ("never_error", &[Decorates]),
    ("num_threads", &[Accesses]),
    ("ok_into", &[Decorates]),
    ("or_cancel", &[Decorates]),
    ("or_else", &[Decorates]),
    ("parse", &[Converts]),
    ("product", &[Converts]),
    ("read", &[Accesses]),
    ("remote_handle", &[Decorates]),
    ("right_future", &[Decorates]),
    ("run_until_cancelled", &[Runs]),
    ("run_until_cancelled_owned", &[Runs]),
    ("scope", &[Runs]),
    ("shared", &[Decorates]),
    ("spawn", &[Builds]),
    ("sum", &[Converts]),
    ("then", &[Decorates]),
    ("timeout", &[Decorates]),
    ("track_future", &[Runs]),
    ("try_collect", &[Converts]),
    ("try_flatten", &[Decorates]),
    ("try_into", &[Converts]),
    ("unit_error", &[Decorates]),
    (
        "unwrap",
        &[Accesses, Constructs, Decorates, Passes, Unwraps],
    ),
    ("unwrap_or", &[Decorates, Passes, Unwraps]),
    ("unwrap_or_default", &[Decorates, Passes, Unwraps]),
    ("unwrap_or_else", &[Decorates, Passes, Unwraps]),
    ("with_cancellation_token", &[Decorates]),
    ("with_context", &[Decorates]),
    ("with_current_subscriber", &[Decorates, WrapsLiteral]),
    ("with_subscriber", &[Decorates, WrapsLiteral]),
    ("write", &[Accesses]),
];

/// Prefix of methods that [decorate](Effect::Decorates) their receiver.
const DECORATES: &str = "with_";

/// Returns `true` if the table has the method with this effect.
pub(crate) fn has(method: &str, effect: Effect) -> bool {
    let row = TABLE.binary_search_by_key(&method, |(name, _)| name);
    row.is_ok_and(|row| TABLE[row].1.contains(&effect))
}

/// Returns `true` if the role of the method's value is that of its receiver, by the table or by its prefix.
pub(crate) fn decorates(method: &str) -> bool {
    has(method, Effect::Decorates) || method.starts_with(DECORATES)
}

/// Returns the methods with the effect.
#[cfg(test)]
pub(super) fn names(effect: Effect) -> impl Iterator<Item = &'static str> {
    let rows = TABLE.iter().filter(move |row| row.1.contains(&effect));
    rows.map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_has_one_row_per_method() {
        assert!(TABLE.is_sorted_by(|one, next| one.0 < next.0));
    }
}
