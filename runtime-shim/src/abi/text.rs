//! The macros between whose head and tail `birthmark-rewrite` puts an expression, when it instruments the text of a
//! source file.
//!
//! The user's tokens go through untouched, and what is around them is ours: its lints, its locals, its edition. The
//! attribute has all that from its spans. A spawn is written `TABLE[3]`, or `TABLE[3](root, "name")` under
//! `named!` and `root!`, or `TABLE[3](pooled)` of a task that a pool keeps.

/// Not public API. Used by generated code: what is awaited.
#[doc(hidden)]
#[macro_export]
macro_rules! __frame {
    ($table:ident[$site:literal], $($awaited:tt)*) => {
        $crate::__private::frame::<_, $table, $site>($($awaited)*)
    };
}

/// Not public API. Used by generated code: a branch of a macro that awaits it.
#[doc(hidden)]
#[macro_export]
macro_rules! __branch {
    ($table:ident[$site:literal], $($branch:tt)*) => {
        $crate::__private::branch::<_, $table, $site>($($branch)*)
    };
}

/// Not public API. Used by generated code: a branch whose temporaries live as long as it.
#[doc(hidden)]
#[macro_export]
macro_rules! __extending_branch {
    ($table:ident[$site:literal], $($branch:tt)*) => {
        $crate::__private::Framed {
            future: $($branch)*,
            on_drop: $crate::__private::frame_on_drop::<$table, $site>(),
        }
    };
}

/// Not public API. Used by generated code: a macro call that awaits its arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __frame_guard {
    ($table:ident[$site:literal], $($call:tt)*) => {
        match $crate::__private::frame_guard(&$table[$site]) { _standing => $($call)* }
    };
}

/// Not public API. Used by the macros below: a spawn.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_spawn {
    ($table:ident[$site:literal]) => {
        $crate::__private::record_spawn_at(&$table, $site)
    };
    ($table:ident[$site:literal](relayed $($relay:tt)*)) => {
        $crate::__private::relayed_at(&$table, $site, $($relay)*)
    };
    ($table:ident[$site:literal](relayed_from $($relay:tt)*)) => {
        $crate::__private::relayed_at(&$table, $site, $($relay)*)
    };
    ($table:ident[$site:literal](announced $($naming:tt)*)) => {
        $crate::__private::announced(&$table, $site, $crate::__record_spawn!($table[$site]($($naming)*)))
    };
    ($table:ident[$site:literal]($($naming:tt)*)) => {
        $crate::__private::record_spawn_as!($table.at($site), $($naming)*)
    };
}

/// Not public API. Used by generated code: a closure literal, after the spawn of the task.
#[doc(hidden)]
#[macro_export]
macro_rules! __closure {
    ($first:ident $last:ident $table:ident[$site:literal]$(($($naming:tt)*))?, $($closure:tt)*) => {{
        let ($first, $last) = $crate::__record_spawn!($table[$site]$(($($naming)*))?).closure();
        $($closure)*
    }};
}

/// Not public API. Used by generated code: a closure that runs as the task of who waits for it.
#[doc(hidden)]
#[macro_export]
macro_rules! __borrow_parent {
    ($first:ident $last:ident, $($closure:tt)*) => {{
        let ($first, $last) = $crate::__private::borrow_parent().closure();
        $($closure)*
    }};
}

/// Not public API. Used by generated code: the body of a closure that owns its handles in any case.
///
/// The temporaries of an arm are dropped at its end, in every edition; so they are dropped by the task. The second arm
/// is never reached: it mentions the handle that the closure is to drop last, behind all that the body mentions,
/// because captures are dropped in that order.
#[doc(hidden)]
#[macro_export]
macro_rules! __enter {
    ($first:ident $last:ident, $($body:tt)*) => {
        match $first.enter() { _entered => ($($body)*), _ => $last.last() }
    };
}

/// Not public API. Used by generated code: the body of a closure that captures only its handles by value.
#[doc(hidden)]
#[macro_export]
macro_rules! __enter_owned {
    ($first:ident $last:ident, $($body:tt)*) => {
        match $first.enter_owned() { _entered => ($($body)*), _ => $last.last_owned() }
    };
}

/// Not public API. Used by generated code: the body of a closure that makes a thread of a pool known by another role.
#[doc(hidden)]
#[macro_export]
macro_rules! __thread_role {
    ($table:ident[$site:literal], $($body:tt)*) => {
        match $crate::__private::thread_role(&$table, $site) { _role => ($($body)*) }
    };
}

/// Not public API. Used by generated code: a closure literal by the name of its variable, after the spawn of the task.
///
/// The closure around it is of the same function. So inference decides together which of `Fn`, `FnMut` and `FnOnce`
/// both implement.
#[doc(hidden)]
#[macro_export]
macro_rules! __closure_variable {
    ($enter:ident $table:ident[$site:literal]$(($($naming:tt)*))?, $($task:tt)*) => {{
        let (first, last) = $crate::__record_spawn!($table[$site]$(($($naming)*))?).closure();
        #[allow(unused_mut)] // Of an `FnMut` closure it must be.
        let mut task = $($task)*;
        move || $crate::__private::$enter!(first last, task())
    }};
}

/// Not public API. Used by generated code: an `async` block.
#[doc(hidden)]
#[macro_export]
macro_rules! __task {
    ($table:ident[$site:literal], $($task:tt)*) => {
        $crate::__private::future_at(&$table, $site, $($task)*)
    };
    ($table:ident[$site:literal]($($naming:tt)*), $($task:tt)*) => {
        $crate::__private::future($crate::__record_spawn!($table[$site]($($naming)*)), $($task)*)
    };
}

/// Not public API. Used by generated code: a closure that returns the future.
#[doc(hidden)]
#[macro_export]
macro_rules! __task_fn {
    ($table:ident[$site:literal]$(($($naming:tt)*))?, $($task:tt)*) => {
        $crate::__private::future_fn($crate::__record_spawn!($table[$site]$(($($naming)*))?), $($task)*)
    };
}

/// Not public API. Used by generated code: a task that is a place, which may be mentioned twice.
#[doc(hidden)]
#[macro_export]
macro_rules! __place {
    ($table:ident[$site:literal], $($task:tt)*) => {
        $crate::__private::adapt!(&$table, $site, $($task)*)
    };
    ($table:ident[$site:literal](relayed $($relay:tt)*), $($task:tt)*) => {
        $crate::__private::adapt!($crate::__private::Relayed(&$table, $site, $($relay)*), $($task)*)
    };
    ($table:ident[$site:literal](relayed_from $($relay:tt)*), $($task:tt)*) => {
        $crate::__private::adapt!($crate::__private::relayed_from(&$table, $site, $($relay)*), $($task)*)
    };
    ($table:ident[$site:literal]($($naming:tt)*), $($task:tt)*) => {
        $crate::__private::adapt!($crate::__record_spawn!($table[$site]($($naming)*)), $($task)*)
    };
}

/// Not public API. Used by generated code: a task that is any other value. The `match` keeps its temporaries alive to
/// the end of the user's statement; under a name, it is formatted before the task takes what it mentions.
#[doc(hidden)]
#[macro_export]
macro_rules! __value {
    ($table:ident[$site:literal], $($task:tt)*) => {
        match ($($task)*) { task => $crate::__private::adapt!(&$table, $site, task) }
    };
    ($table:ident[$site:literal](relayed $($relay:tt)*), $($task:tt)*) => {
        match ($($task)*) {
            task => $crate::__private::adapt!($crate::__private::Relayed(&$table, $site, $($relay)*), task),
        }
    };
    ($table:ident[$site:literal](relayed_from $($relay:tt)*), $($task:tt)*) => {
        match ($($task)*) {
            task => $crate::__private::adapt!($crate::__private::relayed_from(&$table, $site, $($relay)*), task),
        }
    };
    ($table:ident[$site:literal]($($naming:tt)*), $($task:tt)*) => {
        match ($crate::__record_spawn!($table[$site]($($naming)*)), $($task)*) {
            (handle, task) => $crate::__private::adapt!(handle, task),
        }
    };
}

/// Not public API. Used by generated code: a literal that may be the task of a callee that is out of sight.
#[doc(hidden)]
#[macro_export]
macro_rules! __guess_literal {
    ($table:ident[$site:literal]($($relay:tt)*), $($task:tt)*) => {{
        $crate::__private::Guessed(&$table, $site, $($relay)*).announce();
        $($task)*
    }};
}

/// Not public API. Used by generated code: a place that may be such a task.
#[doc(hidden)]
#[macro_export]
macro_rules! __guess_place {
    ($table:ident[$site:literal]($($relay:tt)*), $($task:tt)*) => {
        $crate::__private::guess!($crate::__private::Guessed(&$table, $site, $($relay)*), $($task)*)
    };
}

/// Not public API. Used by generated code: any other value that may be such a task. The `match` keeps its temporaries
/// alive to the end of the user's statement.
#[doc(hidden)]
#[macro_export]
macro_rules! __guess_value {
    ($table:ident[$site:literal]($($relay:tt)*), $($task:tt)*) => {
        match ($($task)*) {
            task => $crate::__private::guess!($crate::__private::Guessed(&$table, $site, $($relay)*), task),
        }
    };
}

/// Not public API. Used by generated code: any other value that the task blocks on. The `match` keeps its temporaries
/// alive to the end of the user's statement.
#[doc(hidden)]
#[macro_export]
macro_rules! __blocked_value {
    ($($future:tt)*) => {
        match ($($future)*) { future => $crate::__private::blocked!(future) }
    };
}

/// Not public API. Used by generated code: a whole call, whose result may have to carry a refusal.
#[doc(hidden)]
#[macro_export]
macro_rules! __settled {
    (fallible $table:ident[$site:literal], $($call:tt)*) => {
        match ($($call)*) { handle => $crate::__private::settle!(fallible, &$table, $site, handle) }
    };
    ($table:ident[$site:literal], $($call:tt)*) => {
        match ($($call)*) { handle => $crate::__private::settle!(&$table, $site, handle) }
    };
}

/// Not public API. Used by generated code: a call that has announced a task.
#[doc(hidden)]
#[macro_export]
macro_rules! __returned {
    ($table:ident[$site:literal], $($call:tt)*) => {
        $crate::__private::returned($crate::__private::callee(), &$table, $site, $($call)*)
    };
    (beside $table:ident[$site:literal], $($call:tt)*) => {
        $crate::__private::returned($crate::__private::callee_beside(), &$table, $site, $($call)*)
    };
}

/// Not public API. Used by generated code: such a call, whose result is awaited at once.
#[doc(hidden)]
#[macro_export]
macro_rules! __awaited {
    ($table:ident[$site:literal], $($call:tt)*) => {
        $crate::__private::awaited($crate::__private::callee(), &$table, $site, $($call)*)
    };
    (beside $table:ident[$site:literal], $($call:tt)*) => {
        $crate::__private::awaited($crate::__private::callee_beside(), &$table, $site, $($call)*)
    };
}
