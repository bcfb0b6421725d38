//! The actions of a rule, one after the other.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::action::{abort_tree, Step};
use super::condition::Subject;
use super::report::RuleReport;
use super::rule::Rule;
use super::writer;
use crate::{delivery, platform::stderr};
use birthmark_dump::render::Format;
use birthmark_dump::Dump;

/// A function that takes the reports of rules to a log; see [`set_rule_sink`](crate::extension::set_rule_sink).
pub type RuleSink = fn(&RuleReport) -> bool;

static SINK: OnceLock<RuleSink> = OnceLock::new();

/// Sets the function that takes reports. The first function stays.
pub(crate) fn set_sink(sink: RuleSink) {
    let _first = SINK.set(sink);
}

/// How long the end of the process waits for what is to be written before.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// Reports, and does what the rule says. `before` is a dump from before the rule held.
///
/// Functions of the program and writes are on threads of their own, so that neither stops another rule.
pub(super) fn act(rule: &'static Rule, report: RuleReport, before: Option<Arc<Dump>>) {
    let report = Arc::new(report);
    let begins = !report.has_ended();
    let is_silent = rule.action.is_silent();
    let note = || rule.fired.fetch_add(u64::from(begins), Ordering::Relaxed);
    if is_silent {
        note();
    }
    let steps = || rule.action.steps().iter();
    let calls = steps().filter_map(|step| match step {
        Step::Call(call) => Some(call),
        _ => None,
    });
    let refused = calls.filter(|call| !call.start(&report)).count();
    let mut suppressed = refused as u64;
    let mut aborted = String::new();
    if begins && steps().any(|step| matches!(step, Step::AbortTree)) {
        // Handles are code of the executor.
        let abort = AssertUnwindSafe(|| abort_trees(&report));
        aborted = catch_unwind(abort).unwrap_or_default();
    }
    if !is_silent {
        let writes = move || write_all(rule, &report, &aborted, before.as_deref());
        suppressed += u64::from(!writer::write(writes));
        // After the write, so that a program that waits for the number does not end before.
        note();
    }
    rule.suppressed.fetch_add(suppressed, Ordering::Relaxed);
    if begins && steps().any(|step| matches!(step, Step::Abort)) {
        writer::flush(LAST_WRITES);
        std::process::abort();
    }
}

/// Writes the report, and the dumps of the rule.
fn write_all(rule: &Rule, report: &RuleReport, aborted: &str, before: Option<&Dump>) {
    write(rule, report);
    let begins = !report.has_ended();
    for step in rule.action.steps().iter().filter(|_| begins) {
        match step {
            Step::Dump { format, stacks } if !shows_news(rule, *format) => {
                delivery::write_for_rule(*format, *stacks);
            }
            Step::Diff => write_diff(before),
            Step::AbortTree => {
                let _ = stderr::write(aborted.as_bytes());
            }
            _ => {}
        }
    }
}

/// Returns `true` if a dump of stuck tasks is what the rule itself is about. The report has what is new of it.
fn shows_news(rule: &Rule, format: Option<Format>) -> bool {
    matches!(rule.condition.subject, Subject::Stuck { .. }) && format == Some(Format::Stuck)
}

/// Writes the report to the log, or to standard error in one piece.
fn write(rule: &Rule, report: &RuleReport) {
    let to_log = |sink: &RuleSink| catch_unwind(AssertUnwindSafe(|| sink(report))).unwrap_or(false);
    if SINK.get().is_some_and(to_log) {
        return;
    }
    let has_details = |step: &Step| match step {
        Step::Stacks => true,
        Step::Dump { format, .. } => shows_news(rule, *format),
        _ => false,
    };
    let mut text = format!(
        "birthmark: rule {}: {}\n",
        escaped(report.rule()),
        report.line()
    );
    if rule.action.steps().iter().any(has_details) {
        text.push_str(report.details());
    }
    // If it cannot be written, nobody reads it.
    let _ = stderr::write(text.as_bytes());
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    super::report::push_escaped(&mut out, "", text);
    out
}

/// Aborts the tasks of a report and all that descend from them. Returns a line for each.
fn abort_trees(report: &RuleReport) -> String {
    let mut lines = String::new();
    for task in report.tasks() {
        let tree = abort_tree(task.id());
        let (aborted, left): (Vec<_>, Vec<_>) = tree.iter().partition(|task| task.is_aborted());
        lines.push_str(&format!("birthmark: rule {}: ", escaped(report.rule())));
        let noun = if aborted.len() == 1 { "task" } else { "tasks" };
        lines.push_str(&format!(
            "aborted {} {noun} of the tree of task {}",
            aborted.len(),
            task.id()
        ));
        for (index, task) in left.iter().enumerate() {
            lines.push_str(if index == 0 { "; not aborted: " } else { ", " });
            lines.push_str(&task.to_string());
        }
        lines.push('\n');
    }
    lines
}

fn write_diff(before: Option<&Dump>) {
    let after = crate::dump();
    match before {
        Some(before) => delivery::write_text_for_rule(&after.diff(before).to_string()),
        None => delivery::write_for_rule(Some(Format::Groups), false),
    }
}
