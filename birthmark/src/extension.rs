//! Tools for crates that deliver dumps in another way, as `birthmark-http` does over HTTP, or that put the current task
//! into logs, as `birthmark-tracing` does.

pub(crate) mod carriers;
mod carry;
mod identity;
mod pools;
pub(crate) mod site_cache;

use std::io;
use std::thread::JoinHandle;

use crate::Task;

pub use birthmark_dump::__private::SpanSource;
pub use carry::{Carry, CarryRules};
pub use identity::Identity;

pub use crate::platform::cpu::thread_cpu_time;
pub use crate::rules::RuleSink;

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

/// Returns the task that runs on this thread as a dump shows it. In contrast to [`current`](crate::current), names and
/// labels are redacted.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn main() {
/// let task = birthmark::extension::current_task().unwrap();
/// println!("{} {}", task.role(), task.lineage());
/// # }
/// ```
pub fn current_task() -> Option<Task> {
    birthmark_dump::__private::redacted_current()
}

/// Sets the function that takes the reports of rules to a log. The first function stays.
///
/// The function runs on a thread of birthmark's own. If it returns `true`, standard error does not get the report.
///
/// # Examples
///
/// ```
/// birthmark::extension::set_rule_sink(|report| {
///     println!("{}", report.line());
///     true
/// });
/// ```
pub fn set_rule_sink(sink: RuleSink) {
    crate::rules::set_sink(sink);
}

/// Sets the function that lists the tracing span of each task for dumps. The first function stays.
///
/// The function calls its argument with the id of each task that is in a span, the name of the span, and its fields. A
/// dump redacts the fields like labels. The function must not wait for a lock that a task may hold, because dumps are
/// taken from programs that hang.
///
/// # Examples
///
/// ```
/// #[birthmark::instrument]
/// fn main() {
///     birthmark::extension::set_span_source(|show| {
///         if let Some(task) = birthmark::current() {
///             show(task.id(), "request", &[("id", "7")]);
///         }
///     });
///     let _main = birthmark::current();
///     assert!(birthmark::dump().to_string().contains("request{id=7}\n"));
/// }
/// ```
pub fn set_span_source(source: SpanSource) {
    birthmark_dump::__private::set_source(source);
}
