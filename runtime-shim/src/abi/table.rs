//! The macros of the tables. A row is data only, so that there is little to parse, to check and to evaluate.
//!
//! After `here`, where nobody knows the file, the compiler is asked for it.

/// Not public API. Used by generated code: the table of sites of a module or a body.
#[doc(hidden)]
#[macro_export]
macro_rules! __table {
    (here $table:ident $count:literal $(($($row:tt)*))*) => {
        $crate::__table! { $table $count $(($crate::__private::core::file!(), $($row)*))* }
    };
    ($table:ident $count:literal
        $(($file:expr, $line:literal, $column:literal, $function:literal, $callee:literal, $role:literal, $kind:ident, $fallible:literal, $certain:literal))*
    ) => {
        static $table: $crate::__private::Sites = {
            // One expansion for all.
            const MODULE: &$crate::__private::core::primitive::str = $crate::__private::core::module_path!();
            static SITES: [$crate::__private::Site; $count] = [$($crate::__private::Site {
                file: $file,
                line: $line,
                column: $column,
                module: MODULE,
                function: $function,
                callee: $callee,
                role: $role,
                kind: $crate::__private::Kind::$kind,
                fallible: $fallible,
                certain: $certain,
                counts: $crate::__private::Counts::NONE,
            }),*];
            $crate::__private::Sites { sites: &SITES, test: $crate::__private::core::cfg!(test) }
        };
        $crate::__private::inventory::submit! { $table }
    };
}

/// Not public API. Used by generated code: the table of frame sites of a module or a body.
#[doc(hidden)]
#[macro_export]
macro_rules! __frames {
    (here $table:ident $count:literal $(($($row:tt)*))*) => {
        $crate::__frames! { $table $count $(($crate::__private::core::file!(), $($row)*))* }
    };
    ($table:ident $count:literal $(($file:expr, $line:literal, $column:literal, $function:literal, $awaited:literal, $guards:literal))*) => {
        static $table: [$crate::__private::FrameSite; $count] = [$(
            $crate::__private::FrameSite {
                file: $file,
                line: $line,
                column: $column,
                function: $function,
                awaited: $awaited,
                guards: &$guards,
            }
        ),*];
        enum $table {}
        impl $crate::__private::FrameSites for $table {
            const SITES: &'static [$crate::__private::FrameSite] = &$table;
        }
    };
}
