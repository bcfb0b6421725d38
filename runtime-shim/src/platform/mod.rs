//! The platform, and services of the process that need nothing else of birthmark.
//!
//! Each module that depends on the platform has a fallback that works.

pub(crate) mod callback;
pub mod clock;
pub mod fork;
pub mod internal_thread;
pub mod runtime_flags;
pub(crate) mod sync;
#[allow(missing_debug_implementations, reason = "a closure has no `Debug`")]
pub mod unwind;

#[cfg_attr(unix, path = "memory_unix.rs")]
#[cfg_attr(not(unix), path = "memory_fallback.rs")]
pub(crate) mod memory;
#[cfg_attr(target_os = "linux", path = "thread_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "thread_fallback.rs")]
pub mod thread;
