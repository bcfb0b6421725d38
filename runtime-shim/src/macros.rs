//! The macros that users write at a spawn, and those that generated code calls.

/// Names the task that is spawned: put it around the task's argument.
///
/// The name is formatted like [`format!`], by the spawner, and only while birthmark is on. Where
/// the code is not instrumented, this is the argument and nothing else.
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
    // The text of the file was rewritten, and the name has moved into the birth.
    (@moved $($name_and_task:tt)+) => {
        $crate::__named!(@moved $($name_and_task)+)
    };
    ($($name_and_task:tt)+) => {
        $crate::__named!([] $($name_and_task)+)
    };
}

/// Not public API. Used by `named!` where it is not rewritten: splits at the arrow, and gives the
/// task back. The name is looked at by the compiler, so that what it mentions counts as used.
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

/// Makes the task that is spawned the root of a lineage, which inherits no name: put it around the
/// task's argument.
///
/// For what is started by chance in the middle of something else: a pool that is made when it is
/// first needed, a cache's janitor. Where the code is not instrumented, this is the argument and
/// nothing else.
///
/// # Examples
///
/// ```
/// # fn clean() {}
/// # #[birthmark::instrument]
/// # fn f() {
/// std::thread::spawn(birthmark::detached!(|| clean()));
/// # }
/// ```
#[macro_export]
macro_rules! detached {
    ($task:expr) => {
        $task
    };
}

/// Not public API. Used by generated code: a birth under `named!` or `detached!`, or of a task that a pool keeps.
#[doc(hidden)]
#[macro_export]
macro_rules! __birth_as {
    ($site:expr, pooled) => {
        $crate::__private::birth_pooled($site)
    };
    ($site:expr, $detached:expr $(,)?) => {
        $crate::__private::birth_as($site, $detached, $crate::__private::core::option::Option::None)
    };
    ($site:expr, $detached:expr, $($name:tt)+) => {
        match $crate::__private::is_enabled() {
            true => $crate::__private::birth_as(
                $site,
                $detached,
                $crate::__private::core::option::Option::Some($crate::__private::core::format_args!($($name)+)),
            ),
            false => $crate::__private::birth_as($site, $detached, $crate::__private::core::option::Option::None),
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
    ($birth:expr, $task:expr) => {
        $crate::__private::Probe::new(&$task)
            .kind()
            .wrap($birth, $task)
    };
}

/// Not public API. Used by generated code: passes the verdict of a hook on to the spawner, by what
/// the callee returned: where that may be an `io::Result`, by its type, else by its `abort` method.
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
        if $crate::__private::refused_at($table, $entry) {
            // Moved: what is referred to lies in memory, and nobody else need put it there.
            match $handle {
                refused => {
                    use $crate::__private::Abort as _;
                    $crate::__private::settle((&refused).abort());
                    refused
                }
            }
        } else {
            $handle
        }
    };
}
