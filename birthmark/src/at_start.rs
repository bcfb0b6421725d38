//! Sets birthmark up before `main`, in programs that do not mention it.
//!
//! `cargo birthmark` puts [`__at_start!`](crate::__at_start) into the root of every executable. It stands in
//! the executable and not here, so that a build script or a procedural macro that contains an
//! instrumented library does not change the panics of its host.

/// Not public API. Used by generated code: what the loader calls.
pub extern "C" fn install_at_start() {
    // The program has not asked for a thread.
    crate::builder().clock(false).at_start().install();
}

/// Not public API. Used by generated code: as [`install_at_start`], in a program that runs tests.
pub extern "C" fn install_at_start_of_tests() {
    crate::builder().clock(false).at_start().in_test().install();
}

/// Not public API. Used by generated code: switches the carriers of libraries on, which the manifest of the program names.
pub fn carry_at_start(libraries: &[&str]) {
    let libraries = libraries.iter().filter_map(|name| name.parse().ok());
    libraries.for_each(crate::extension::carriers::carry);
}

/// Not public API. Used by generated code: adds rules, which the manifest of the program has.
pub fn rules_at_start(rules: &[&str]) {
    crate::rules::install_from_manifest(rules);
}

/// Not public API. Used by generated code: takes the stacks of spawns that the manifest of the program or an option chooses.
pub fn spawn_stacks_at_start(patterns: &[&str]) {
    crate::spawn_stacks::install_from_manifest(patterns);
}

/// Not public API. Used by generated code: has the loader call [`install`](crate::install) before `main`.
#[doc(hidden)]
#[macro_export]
macro_rules! __at_start {
    ($($library:ident)* $(; $($rule:literal)* $(; $($pattern:literal)*)?)?) => {
        const _: () = {
            #[used]
            // SAFETY: the section is the platform's list of functions to call before `main`, and holds
            // pointers to functions with the C ABI that take no argument they would have to look at.
            #[cfg_attr(
                any(
                    target_os = "linux",
                    target_os = "android",
                    target_os = "freebsd",
                    target_os = "netbsd",
                    target_os = "openbsd",
                    target_os = "illumos"
                ),
                unsafe(link_section = ".init_array")
            )]
            #[cfg_attr(
                target_vendor = "apple",
                unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")
            )]
            #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
            static AT_START: extern "C" fn() = at_start;
            extern "C" fn at_start() {
                $crate::__private::carry_at_start(&[
                    $($crate::__private::core::stringify!($library)),*
                ]);
                $(
                    $crate::__private::rules_at_start(&[$($rule),*]);
                    $($crate::__private::spawn_stacks_at_start(&[$($pattern),*]);)?
                )?
                if $crate::__private::core::cfg!(test) {
                    $crate::__private::install_at_start_of_tests();
                } else {
                    $crate::__private::install_at_start();
                }
            }
        };
    };
}
