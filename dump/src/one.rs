//! Tasks outside of dumps.

use birthmark_core::__reader::local;
use birthmark_core::__reader::record::read::Record;
use birthmark_core::TaskRef;

use crate::snapshot::builder::SnapshotBuilder;
use crate::snapshot::row::Row;
use crate::snapshot::threads::Threads;
use crate::source::{Source, ThisProcess};
use crate::Task;

/// Returns the number of live tasks.
pub fn task_count() -> usize {
    ThisProcess.count()
}

/// Returns the task that runs on this thread, or `None` on a thread that instrumented code did not spawn, unless the
/// thread has spawned from instrumented code.
///
/// # Examples
///
/// ```
/// # #[birthmark::instrument]
/// # fn main() {
/// let child = std::thread::spawn(|| birthmark::current().unwrap().role().to_owned());
/// assert_eq!(child.join().unwrap(), "main::{closure}");
/// # }
/// ```
pub fn current() -> Option<Task> {
    let (record, name) = current_record()?;
    Some(one_under(
        SnapshotBuilder::new(ThisProcess),
        &record,
        name.as_ref(),
    ))
}

/// Returns the current task with redacted names and labels.
#[doc(hidden)]
pub fn redacted_current() -> Option<Task> {
    let (record, name) = current_record()?;
    Some(one_under(
        SnapshotBuilder::redacted(ThisProcess),
        &record,
        name.as_ref(),
    ))
}

/// Returns the record of the current task, and its name node.
#[doc(hidden)]
pub fn current_record() -> Option<(Record, Option<Record>)> {
    local::adopt_main();
    let (task, parent) = (local::current()?, local::spawn_parent()?);
    let record = Record::of_live(task);
    // Its own name may be that of another call.
    let is_unnamed_call = record.is_called() && parent == task.into();
    let name = match Record::read(parent.slot()).filter(|name| name.is_name_of(task.slot())) {
        None if !is_unnamed_call => record.own_name(),
        name => name,
    };
    Some((record, name))
}

impl Task {
    /// Reads everything that is known about a task that a hook receives.
    ///
    /// # Examples
    ///
    /// ```
    /// let hook = birthmark::add_hook(|spawn: &mut birthmark::Spawn<'_>| {
    ///     let task = birthmark::Task::of(spawn);
    ///     println!("{task}");
    /// });
    /// # drop(hook);
    /// ```
    pub fn of(task: &TaskRef<'_>) -> Task {
        let record = Record::of_live(local::slot_of(task));
        let own = record.own_name();
        one_under(SnapshotBuilder::new(ThisProcess), &record, own.as_ref())
    }
}

/// Returns the tasks of records, with redacted names.
#[doc(hidden)]
pub fn redacted_tasks(records: &[Record]) -> Vec<Task> {
    let now = ThisProcess.now();
    let mut builder = SnapshotBuilder::redacted(ThisProcess);
    let rows: Vec<Row> = records.iter().map(|record| builder.row(record)).collect();
    let mut snapshot = builder.finish();
    snapshot.threads = Threads::now(ThisProcess);
    rows.iter().map(|row| snapshot.task(row, now)).collect()
}

/// Returns a task with the name and labels of a name node.
fn one_under(
    mut builder: SnapshotBuilder<ThisProcess>,
    record: &Record,
    name: Option<&Record>,
) -> Task {
    let now = ThisProcess.now();
    let row = builder.row_under(record, name);
    let mut snapshot = builder.finish();
    let status = snapshot.shape(&row).status;
    snapshot.threads = Threads::only(ThisProcess, status);
    snapshot.task(&row, now)
}
