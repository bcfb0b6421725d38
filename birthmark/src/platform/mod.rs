//! The platform, as far as only this crate needs it. Each module has a fallback that works.

#[cfg_attr(target_os = "linux", path = "borrowed_stacks_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "borrowed_stacks_fallback.rs")]
pub(crate) mod borrowed_stacks;
#[cfg_attr(unix, path = "cpu_unix.rs")]
#[cfg_attr(not(unix), path = "cpu_fallback.rs")]
pub(crate) mod cpu;
#[cfg_attr(unix, path = "stderr_unix.rs")]
#[cfg_attr(not(unix), path = "stderr_fallback.rs")]
pub(crate) mod stderr;
#[cfg(feature = "native-stacks")]
pub(crate) mod sync;
#[cfg_attr(target_os = "linux", path = "tasks_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "tasks_fallback.rs")]
pub(crate) mod tasks;
