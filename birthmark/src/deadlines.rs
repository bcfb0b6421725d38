//! Deadlines that were exceeded, in reports; and trees of tasks that are aborted.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use birthmark_core::__reader::escape::escape;
use birthmark_core::__reader::source_path::from_package;
use birthmark_core::__reader::subtree;
use birthmark_core::{Exceeded, SubtreeTask, TaskId};
use birthmark_dump::__private::Age;
use birthmark_dump::Filter;

use crate::extension::owner_of;
use crate::output;

/// Maximum number of live tasks that a report lists.
const MAX_LISTED: usize = 8;

/// Has deadlines that are exceeded reported where panics are.
pub(crate) fn install() {
    subtree::set_report(report);
}

/// Aborts a task and all that descend from it, and returns those that were alive.
///
/// A task can be aborted if both of these hold:
///
/// - The spawn was within an [`AbortScope`](crate::AbortScope) or an [enforced](crate::WithDeadline::enforce) deadline.
/// - The spawn has returned a handle with a method `abort_handle`, as those of tokio have.
///
/// birthmark keeps no handles of other spawns, because each handle keeps the memory of its task. So a program that wants to
/// abort a tree declares a scope around its spawns. All other tasks go on, and [`SubtreeTask::is_aborted`] returns `false`
/// for them.
///
/// If a task of the tree has made a scope or an enforced deadline, that is aborted as a whole:
/// [`cancelled`](crate::cancelled) is ready in it.
///
/// Tasks under [`root!`](crate::root) do not descend from their spawner. An ancestor that was left out of a very long lineage is not
/// found.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let scope = birthmark::AbortScope::new();
/// let job = scope.enter(|| {
///     tokio::spawn(async { std::future::pending::<()>().await })
/// });
/// # tokio::task::yield_now().await;
/// let id = birthmark::tasks().last().unwrap().id();
/// for task in birthmark::abort_tree(id) {
///     println!("{task}: {}", if task.is_aborted() { "aborted" } else { "goes on" });
/// }
/// assert!(job.await.unwrap_err().is_cancelled());
/// # }
/// ```
pub fn abort_tree(id: TaskId) -> Vec<SubtreeTask> {
    let dump = crate::dump().filter(&Filter::new().under(id));
    let tasks: Vec<_> = dump.tasks().collect();
    let ids: BTreeSet<TaskId> = tasks.iter().map(|task| task.id()).collect();
    let aborted = subtree::abort_tasks(&ids);
    let tasks = tasks.iter().filter_map(|task| {
        let is_aborted = aborted.contains(&task.id());
        Some(SubtreeTask::new(
            task.id(),
            task.site()?,
            task.kind(),
            is_aborted,
        ))
    });
    tasks.collect()
}

/// Writes the report, unless reports of panics are off.
fn report(exceeded: &Exceeded, left_out: u64) {
    if !crate::panic_report::is_on() {
        return;
    }
    let mut text = String::new();
    // A string takes everything.
    let _ = write_report(&mut text, exceeded, left_out);
    let _ = output::write(text.as_bytes());
}

fn write_report(out: &mut String, exceeded: &Exceeded, left_out: u64) -> fmt::Result {
    if left_out > 0 {
        writeln!(
            out,
            "birthmark: {left_out} reports of deadlines were left out"
        )?;
    }
    let place = exceeded.location();
    let (file, line, column) = (from_package(place.file()), place.line(), place.column());
    let timeout = Timeout(exceeded);
    writeln!(
        out,
        "birthmark: a deadline{timeout}, set at {file}:{line}:{column}, was exceeded"
    )?;
    write_owner(out, exceeded)?;
    let (aborted, others): (Vec<_>, Vec<_>) =
        exceeded.tasks().iter().partition(|task| task.is_aborted());
    write_tasks(out, "aborted", &aborted)?;
    let label = if exceeded.is_enforced() {
        "asked"
    } else {
        "alive"
    };
    write_tasks(out, label, &others)
}

/// ` of 5.0 s`
struct Timeout<'a>(&'a Exceeded);

impl fmt::Display for Timeout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timeout = self.0.timeout();
        match timeout.as_secs() {
            0 if timeout.is_zero() => f.write_str(" that had passed before"),
            0 => write!(f, " of {} ms", timeout.as_millis()),
            _ => write!(f, " of {}", Age(timeout)),
        }
    }
}

/// Writes the task that has set the deadline, with its lineage, in the form of a panic report.
fn write_owner(out: &mut String, exceeded: &Exceeded) -> fmt::Result {
    let Some(task) = owner_of(exceeded) else {
        return match (exceeded.task(), exceeded.site()) {
            (Some(id), Some(site)) => {
                let role = site.role();
                writeln!(
                    out,
                    "  in task {id} {role}, which has ended\n    spawned  {site}"
                )
            }
            _ => writeln!(out, "  in no task"),
        };
    };
    write!(out, "  in task {} ", task.id())?;
    if let Some(name) = task.name() {
        write!(out, "{name} ")?;
    }
    escape(task.role(), out)?;
    out.push('\n');
    let mut separator = "    labels   ";
    for label in task.labels() {
        write!(out, "{separator}{label}")?;
        separator = " ";
    }
    if separator == " " {
        out.push('\n');
    }
    if let Some(site) = task.site().filter(|site| site.is_real()) {
        let (callee, function) = (site.callee(), site.function());
        write!(out, "    spawned  {site} by {callee} in {function}")?;
        match task.age() {
            Some(age) => writeln!(out, ", {} ago", Age(age))?,
            None => out.push('\n'),
        }
    }
    match task.lineage().is_empty() {
        true => Ok(()),
        false => writeln!(out, "    by       {}", task.lineage()),
    }
}

/// Writes a line of tasks: `    alive    8 audit, 9 flush (blocking)`
fn write_tasks(out: &mut String, label: &str, tasks: &[&SubtreeTask]) -> fmt::Result {
    let mut separator = format!("    {label:<9}");
    for task in tasks.iter().take(MAX_LISTED) {
        write!(out, "{separator}{task}")?;
        separator.replace_range(.., ", ");
    }
    match tasks.len() {
        0 => Ok(()),
        len if len > MAX_LISTED => writeln!(out, ", … {} more", len - MAX_LISTED),
        _ => writeln!(out),
    }
}
