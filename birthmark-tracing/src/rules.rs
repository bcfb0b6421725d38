//! Reports of rules as events.

use birthmark::RuleReport;
use tracing::{Level, warn};

/// The target of the event.
const TARGET: &str = "birthmark::rule";

/// Has the reports of rules become events.
pub(crate) fn install() {
    birthmark::extension::set_rule_sink(emit);
}

/// Emits an event for a report. Returns `true` if a subscriber or a logger takes it.
fn emit(report: &RuleReport) -> bool {
    if !is_wanted() {
        return false;
    }
    let task = report.tasks().first();
    let details = report.to_string();
    let details = details.split_once('\n').map(|(_, details)| details);
    warn!(
        target: TARGET,
        rule = report.rule(),
        ended = report.has_ended(),
        tasks = report.task_count(),
        task.id = task.map(|task| task.id().as_u64()),
        task.name = task.and_then(|task| task.name()).map(|name| name.as_str()),
        task.role = task.map(|task| task.role()),
        details,
        "{}",
        report.line(),
    );
    true
}

/// Returns `true` if somebody takes the event.
fn is_wanted() -> bool {
    #[cfg(feature = "log")]
    if log::log_enabled!(target: TARGET, log::Level::Warn) {
        return true;
    }
    tracing::enabled!(target: TARGET, Level::WARN)
}
