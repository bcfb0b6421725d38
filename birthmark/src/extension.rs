//! Tools for crates that deliver dumps in another way, as `birthmark-http` does over HTTP, or that put the current task
//! into logs, as `birthmark-tracing` does.

pub(crate) mod carriers;
mod carry;
mod identity;
pub(crate) mod site_cache;

use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::{Exceeded, Task};

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

/// Returns the milliseconds until the deadline of the current task, if it has one. The number is negative if the deadline has
/// passed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// birthmark::with_timeout_blocking(Duration::from_secs(5), || {
///     assert!(birthmark::extension::remaining_ms().unwrap() <= 5000);
/// });
/// assert_eq!(birthmark::extension::remaining_ms(), None);
/// ```
pub fn remaining_ms() -> Option<i64> {
    let deadline = birthmark_core::deadline()?;
    let now = Instant::now();
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Some(match deadline.checked_duration_since(now) {
        Some(left) => millis(left),
        None => -millis(now - deadline),
    })
}

/// Returns the task that set a deadline as a dump shows it, unless the task has ended.
///
/// # Examples
///
/// ```
/// use birthmark::{Exceeded, Spawn, SpawnHook};
///
/// struct Late;
///
/// impl SpawnHook for Late {
///     fn on_spawn(&self, _spawn: &mut Spawn<'_>) {}
///
///     fn on_exceeded(&self, exceeded: &Exceeded) {
///         if let Some(task) = birthmark::extension::owner_of(exceeded) {
///             println!("{} is late, {}", task.role(), task.lineage());
///         }
///     }
/// }
///
/// let hook = birthmark::add_hook(Late);
/// # drop(hook);
/// ```
pub fn owner_of(exceeded: &Exceeded) -> Option<Task> {
    let record = exceeded.owner_record()?;
    birthmark_dump::__private::redacted_tasks(&[record]).pop()
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
