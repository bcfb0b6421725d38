//! The tables of guards: methods that return a guard or a permit, and what takes a value away from its variable.

/// Methods whose value, perhaps after an `.await`, is a guard or a permit, or a `Result` of one.
const ACQUIRES: &[&str] = &[
    "acquire",
    "acquire_arc",
    "acquire_many",
    "acquire_many_owned",
    "acquire_owned",
    "blocking_lock",
    "blocking_lock_owned",
    "blocking_read",
    "blocking_write",
    "lock",
    "lock_arc",
    "lock_owned",
    "read",
    "read_arc",
    "read_owned",
    "try_acquire",
    "try_acquire_many",
    "try_acquire_many_owned",
    "try_acquire_owned",
    "try_lock",
    "try_lock_owned",
    "try_read",
    "try_read_owned",
    "try_write",
    "try_write_owned",
    "write",
    "write_arc",
    "write_owned",
];

/// Methods that return the content of a `Result`.
const UNWRAPS: &[&str] = &["expect", "unwrap", "unwrap_or_else"];

/// Methods that take `self` by value, of guards themselves or of traits that all types have.
const TAKES: &[&str] = &[
    "boxed",
    "downgrade",
    "forget",
    "into",
    "map",
    "pipe",
    "tap",
    "tap_mut",
    "then",
    "try_into",
    "unwrap",
];

/// Prefix of methods that take `self` by value.
const TAKES_PREFIX: &str = "into_";

/// Macros that borrow their arguments.
const BORROWS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "error",
    "event",
    "format",
    "format_args",
    "info",
    "panic",
    "print",
    "println",
    "trace",
    "warn",
    "write",
    "writeln",
];

/// Returns `true` if a method of this name returns a guard.
pub(crate) fn acquires(method: &str) -> bool {
    ACQUIRES.binary_search(&method).is_ok()
}

/// Returns `true` if a method of this name returns the content of a `Result`.
pub(crate) fn unwraps(method: &str) -> bool {
    UNWRAPS.contains(&method)
}

/// Returns `true` if a method of this name may take its receiver by value.
pub(crate) fn takes(method: &str) -> bool {
    TAKES.contains(&method) || method.starts_with(TAKES_PREFIX)
}

/// Returns `true` if a macro of this name borrows its arguments.
pub(crate) fn borrows(macro_name: &str) -> bool {
    BORROWS.binary_search(&macro_name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(ACQUIRES.is_sorted());
        assert!(BORROWS.is_sorted());
    }
}
