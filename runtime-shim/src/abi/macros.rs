//! The macros that users write at a spawn, and those that generated code calls.

/// Sets the name of one spawned task. The macro stands around the task, as the argument of the spawn.
///
/// The spawner formats the name like [`format!`], only while birthmark is on. In code without the attribute, the
/// macro evaluates to its argument and does nothing else.
///
/// # Examples
///
/// ```
/// # async fn serve(_: u32) {}
/// # #[birthmark::instrument]
/// # fn f(peer: u32) {
/// tokio::spawn(birthmark::named!("conn {peer}" => serve(peer)));
/// # }
/// ```
#[macro_export]
macro_rules! named {
    // The text of the file was rewritten, and the name has moved into the spawn.
    (@moved $($name_and_task:tt)+) => {
        $crate::__named!(@moved $($name_and_task)+)
    };
    ($($name_and_task:tt)+) => {
        $crate::__named!([] $($name_and_task)+)
    };
}

/// Returns the task of `named!` in code that is not rewritten. Not public API.
///
/// The macro splits at the arrow. The compiler checks the name, so that variables in it count as used.
#[doc(hidden)]
#[macro_export]
macro_rules! __named {
    (@moved => $task:expr) => {
        $task
    };
    (@moved $name:tt $($rest:tt)+) => {
        $crate::__named!(@moved $($rest)+)
    };
    ([$($name:tt)+] => $task:expr) => {{
        if false {
            let _ = $crate::__private::core::format_args!($($name)+);
        }
        $task
    }};
    ([$($name:tt)*] $next:tt $($rest:tt)+) => {
        $crate::__named!([$($name)* $next] $($rest)+)
    };
    ([$($name:tt)*] $last:tt) => {
        $crate::__private::core::compile_error!(
            "`named!` takes a name and the task, as in `named!(\"conn {peer}\" => serve(peer))`"
        )
    };
}

/// Makes one spawned task a root, which inherits neither lineage nor name. The macro stands around the task, as the
/// argument of the spawn.
///
/// The macro is for work that a task starts by chance, such as a pool that its first user creates, or the janitor of
/// a cache. In code without the attribute, the macro evaluates to its argument and does nothing else.
///
/// # Examples
///
/// ```
/// # fn clean() {}
/// # #[birthmark::instrument]
/// # fn f() {
/// std::thread::spawn(birthmark::root!(|| clean()));
/// # }
/// ```
#[macro_export]
macro_rules! root {
    ($task:expr) => {
        $task
    };
}

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
