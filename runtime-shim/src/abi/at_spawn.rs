//! The macros that users write at a spawn.

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
