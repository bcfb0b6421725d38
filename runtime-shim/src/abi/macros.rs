//! The macros that generated code calls.

/// Not public API. Used by generated code: a spawn under `named!` or `root!`, of a task that a pool keeps, or with a text
/// beside the task.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_spawn_as {
    ($site:expr, pooled) => {
        $crate::__private::record_spawn_pooled($site)
    };
    ($site:expr, offered $name:literal) => {
        $crate::__private::record_spawn_offered($site, $name)
    };
    ($site:expr, $root:expr $(,)?) => {
        $crate::__private::record_spawn_as($site, $root, $crate::__private::core::option::Option::None)
    };
    ($site:expr, $root:expr, $($name:tt)+) => {
        match $crate::__private::is_enabled() {
            true => $crate::__private::record_spawn_as(
                $site,
                $root,
                $crate::__private::core::option::Option::Some($crate::__private::core::format_args!($($name)+)),
            ),
            false => $crate::__private::record_spawn_as($site, $root, $crate::__private::core::option::Option::None),
        }
    };
}

/// Not public API. Used by generated code: adapts an argument according to its type.
///
/// The argument is mentioned twice, so it must be a place. See `adapt.rs`.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapt {
    ($table:expr, $entry:literal, $task:expr) => {
        $crate::__private::Probe::new(&$task)
            .kind()
            .wrap($crate::__private::At($table, $entry), $task)
    };
    ($handle:expr, $task:expr) => {
        $crate::__private::Probe::new(&$task)
            .kind()
            .wrap($handle, $task)
    };
}

/// Not public API. Used by generated code: counts the polls of what the task blocks on, if that is a future.
///
/// The argument is mentioned twice, so it must be a place.
#[doc(hidden)]
#[macro_export]
macro_rules! __blocked {
    ($($future:tt)*) => {
        $crate::__private::Probe::new(&$($future)*)
            .kind()
            .blocked($($future)*)
    };
}

/// Not public API. Used by generated code: announces what may be the task of a callee, if it is a task by its type.
///
/// The argument is mentioned twice, so it must be a place.
#[doc(hidden)]
#[macro_export]
macro_rules! __guess {
    ($site:expr, $task:expr) => {
        $crate::__private::Probe::new(&$task)
            .kind()
            .guess($site, $task)
    };
}

/// Passes a refusal to the spawner, or keeps a handle. Not public API. Used by generated code.
///
/// The result of the callee decides the way of a refusal: by its type if it may be an `io::Result`, otherwise by its `abort`
/// method.
#[doc(hidden)]
#[macro_export]
macro_rules! __settle {
    (fallible, $table:expr, $entry:literal, $handle:ident) => {
        if $crate::__private::refused_at($table, $entry) {
            use $crate::__private::{ViaHandle as _, ViaResult as _, ViaScoped as _};
            (&&&$crate::__private::Probe::new(&$handle))
                .verdict()
                .settle($handle)
        } else {
            $handle
        }
    };
    ($table:expr, $entry:literal, $handle:ident) => {
        if $crate::__private::is_pending() {
            // Moved: what is referred to lies in memory, and nobody else need put it there.
            match $handle {
                handle => {
                    use $crate::__private::{Abort as _, AsOwnAbort as _, GetAbortHandle as _};
                    $crate::__private::Settle::new(
                        &handle,
                        || (&(&handle).abort()).__birthmark_abort(),
                        || (&handle).abort_handle(),
                    )
                    .settle($table, $entry, |handle| {
                        (&handle.abort()).__birthmark_abort()
                    });
                    handle
                }
            }
        } else {
            $handle
        }
    };
}
