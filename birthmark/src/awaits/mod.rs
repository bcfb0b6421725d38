//! The await stacks of suspended tasks, out of debug information.
//!
//! A task shows where its future is in its first poll. Debug information has the type of the future,
//! and so of all futures inside of it. Memory is copied by a system call, which returns an error for an address without
//! memory. No task is stopped: the record tells whether a task has run meanwhile.

// The one place that has the platforms with debug information, except manifests.
#[cfg_attr(
    not(all(feature = "debug-stacks", target_os = "linux")),
    path = "no_debug_info.rs"
)]
mod debug_info;

pub(crate) use debug_info::{read, words_around};
