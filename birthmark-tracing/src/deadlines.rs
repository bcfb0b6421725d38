//! Deadlines that were exceeded, as events.

use birthmark::extension::owner_of;
use birthmark::{Exceeded, SubtreeTask, Task};
use tracing::warn;

/// Emits the event of a deadline.
pub(crate) fn emit(exceeded: &Exceeded) {
    let owner = owner_of(exceeded);
    let owner = owner.as_ref();
    let role = owner
        .map(Task::role)
        .or(exceeded.site().map(|it| it.role()));
    let timeout_ms = u64::try_from(exceeded.timeout().as_millis()).unwrap_or(u64::MAX);
    let aborted = exceeded.tasks().iter().filter(|task| task.is_aborted());
    warn!(
        target: "birthmark::deadline",
        place = %exceeded.location(),
        timeout_ms,
        enforced = exceeded.is_enforced(),
        task.id = exceeded.task().map(|id| id.as_u64()),
        task.name = owner.and_then(Task::name).map(|name| name.as_str()),
        task.role = role,
        task.lineage = owner.map(|task| task.lineage().to_string()),
        alive = exceeded.tasks().len(),
        aborted = aborted.count(),
        tasks = list(exceeded.tasks()),
        "a deadline was exceeded",
    );
}

/// Maximum number of tasks in the list.
const MAX_LISTED: usize = 8;

fn list(tasks: &[SubtreeTask]) -> String {
    let listed = tasks.iter().take(MAX_LISTED).map(ToString::to_string);
    let mut list = listed.collect::<Vec<_>>().join(", ");
    if tasks.len() > MAX_LISTED {
        list.push_str(", …");
    }
    list
}
