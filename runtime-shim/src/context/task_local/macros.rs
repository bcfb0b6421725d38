//! The macro that declares locals.

/// Declares [locals](crate::TaskLocal): typed values of each task.
///
/// A declaration is that of a `static` without a value. These attributes are for the macro, all others for the static:
///
/// | attribute | children |
/// | --- | --- |
/// | `#[inherit(never)]`, or none | have no value |
/// | `#[inherit]` | have the same value as the spawner at the spawn |
/// | `#[inherit(with = function)]` | have the value that `fn(&T) -> Option<T>` returns, or none |
///
/// The function runs in the spawner, before the child exists. If it panics, the child has no value. A spawn in the
/// function, or in a hook, does not call it.
///
/// `#[show]` shows the value in dumps and panic reports by its `Display`. The text is made when a value is set or forked,
/// so a dump runs no code of the program. The text is cut after [`MAX_LABEL_LEN`](crate::MAX_LABEL_LEN) bytes, and
/// redacted like labels. Locals without the attribute are shown by their name alone.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::sync::Arc;
///
/// birthmark::task_local! {
///     /// The tenant on whose behalf the task runs.
///     #[inherit] #[show]
///     pub static TENANT: Arc<str>;
///
///     /// An open transaction.
///     #[inherit(never)]
///     static TRANSACTION: u64;
///
///     /// Half of what is left goes to each child.
///     #[inherit(with = halve)]
///     static BUDGET: Arc<AtomicU32>;
/// }
///
/// fn halve(budget: &Arc<AtomicU32>) -> Option<Arc<AtomicU32>> {
///     let half = budget.load(Ordering::Relaxed) / 2;
///     budget.fetch_sub(half, Ordering::Relaxed);
///     (half > 0).then(|| Arc::new(AtomicU32::new(half)))
/// }
///
/// #[birthmark::instrument]
/// fn main() {
///     BUDGET.set(Arc::new(AtomicU32::new(8)));
///     TRANSACTION.set(1);
///     let child = std::thread::spawn(|| {
///         assert!(TRANSACTION.try_get().is_err());
///         BUDGET.get().load(Ordering::Relaxed)
///     });
///     assert_eq!(child.join().unwrap(), 4);
///     assert_eq!(BUDGET.get().load(Ordering::Relaxed), 4);
/// }
/// ```
#[macro_export]
macro_rules! task_local {
    ($($declarations:tt)*) => {
        $crate::__task_local!($($declarations)*);
    };
}

/// Declares locals one by one. Not public API.
#[doc(hidden)]
#[macro_export]
macro_rules! __task_local {
    () => {};

    // A declaration begins: its attributes for the static, what children inherit, and whether it is shown.
    (#[$($attribute:tt)*] $($rest:tt)*) => {
        $crate::__task_local!(@[] [] [] #[$($attribute)*] $($rest)*);
    };
    ($visibility:vis static $($rest:tt)*) => {
        $crate::__task_local!(@[] [] [] $visibility static $($rest)*);
    };

    (@[$($kept:tt)*] [] [$($show:tt)*] #[inherit] $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)*] [Always] [$($show)*] $($rest)*);
    };
    (@[$($kept:tt)*] [] [$($show:tt)*] #[inherit(never)] $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)*] [Never] [$($show)*] $($rest)*);
    };
    (@[$($kept:tt)*] [] [$($show:tt)*] #[inherit(with = $fork:expr)] $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)*] [With($fork)] [$($show)*] $($rest)*);
    };
    (@[$($kept:tt)*] [] [$($show:tt)*] #[inherit $($other:tt)*] $($rest:tt)*) => {
        $crate::__private::core::compile_error!(
            "expected `#[inherit]`, `#[inherit(never)]` or `#[inherit(with = function)]`"
        );
    };
    (@[$($kept:tt)*] [$($inherit:tt)+] [$($show:tt)*] #[inherit $($other:tt)*] $($rest:tt)*) => {
        $crate::__private::core::compile_error!("a local has one attribute `#[inherit]`");
    };
    (@[$($kept:tt)*] [$($inherit:tt)*] [$($show:tt)*] #[show] $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)*] [$($inherit)*] [.shown()] $($rest)*);
    };
    (@[$($kept:tt)*] [$($inherit:tt)*] [$($show:tt)*] #[$($other:tt)*] $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)* #[$($other)*]] [$($inherit)*] [$($show)*] $($rest)*);
    };

    (@[$($kept:tt)*] [] [$($show:tt)*] $visibility:vis static $($rest:tt)*) => {
        $crate::__task_local!(@[$($kept)*] [Never] [$($show)*] $visibility static $($rest)*);
    };
    (@[$($kept:tt)*] [$($inherit:tt)+] [$($show:tt)*]
        $visibility:vis static $name:ident: $type:ty $(; $($rest:tt)*)?
    ) => {
        $($kept)*
        $visibility static $name: $crate::TaskLocal<$type> = $crate::TaskLocal::new(
            $crate::__private::Declaration::new(
                $crate::__private::core::stringify!($name),
                $crate::__private::Inherit::$($inherit)+,
            )$($show)*,
        );
        $($crate::__task_local!($($rest)*);)?
    };
}
