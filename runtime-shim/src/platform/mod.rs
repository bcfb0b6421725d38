//! The platform, and services of the process that need nothing else of birthmark.
//!
//! Each module that depends on the platform has a fallback that works.

pub(crate) mod callback;
pub(crate) mod clock;
pub(crate) mod fork;
pub(crate) mod mode;
pub(crate) mod own_thread;
pub(crate) mod sync;
pub(crate) mod unwind;

#[cfg_attr(unix, path = "cpu_unix.rs")]
#[cfg_attr(not(unix), path = "cpu_fallback.rs")]
pub(crate) mod cpu;
#[cfg_attr(unix, path = "memory_unix.rs")]
#[cfg_attr(not(unix), path = "memory_fallback.rs")]
pub(crate) mod memory;
#[cfg_attr(unix, path = "stderr_unix.rs")]
#[cfg_attr(not(unix), path = "stderr_fallback.rs")]
pub(crate) mod stderr;
#[cfg_attr(target_os = "linux", path = "tasks_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "tasks_fallback.rs")]
pub(crate) mod tasks;
#[cfg_attr(target_os = "linux", path = "thread_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "thread_fallback.rs")]
pub(crate) mod thread;
