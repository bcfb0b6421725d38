//! Tools for crates that deliver dumps in another way, as `birthmark-http` does over HTTP.

use std::io;
use std::thread::JoinHandle;

pub use crate::platform::cpu::thread_cpu_time;

/// Starts a thread that is none of the program's. Dumps do not count it, and the program's signals do not arrive on it.
///
/// A thread that answers requests for dumps would otherwise appear in them.
///
/// # Errors
///
/// Returns an error if the system cannot start a thread.
///
/// # Examples
///
/// ```
/// use birthmark::extension::spawn_internal_thread;
///
/// let thread = spawn_internal_thread("dumps", 512 * 1024, || {
///     println!("{}", birthmark::dump());
/// })?;
/// thread.join().unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn_internal_thread(
    name: &str,
    stack_size: usize,
    f: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    birthmark_core::__reader::internal_thread::spawn(name, stack_size, f)
}
