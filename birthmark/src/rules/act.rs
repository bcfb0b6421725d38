//! The actions of a rule, one after the other.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use super::action::{abort_tree, Step};
use super::condition::Subject;
use super::report::RuleReport;
use super::rule::Rule;
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

/// Reports, and does what the rule says. `before` is a dump from before the rule held.
pub(super) fn act(rule: &Rule, report: RuleReport, before: Option<&Dump>) {
    let report = Arc::new(report);
    let begins = !report.has_ended();
    if begins {
        rule.fired.fetch_add(1, Ordering::Relaxed);
    }
    if !rule.action.is_silent() {
        write(rule, &report);
    }
    for step in rule.action.steps() {
        match step {
            Step::Call(call) if !call.start(&report) => {
                rule.suppressed.fetch_add(1, Ordering::Relaxed);
            }
            Step::Dump { format, stacks } if begins && !shows_news(rule, *format) => {
                delivery::write_for_rule(*format, *stacks);
            }
            Step::Diff if begins => write_diff(before),
            Step::AbortTree if begins => abort_trees(&report),
            _ => {}
        }
    }
    let mut steps = rule.action.steps().iter();
    if begins && steps.any(|step| matches!(step, Step::Abort)) {
        std::process::abort();
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

/// Aborts the tasks of a report and all that descend from them.
fn abort_trees(report: &RuleReport) {
    for task in report.tasks() {
        let tree = abort_tree(task.id());
        let (aborted, left): (Vec<_>, Vec<_>) = tree.iter().partition(|task| task.is_aborted());
        let mut line = format!("birthmark: rule {}: ", escaped(report.rule()));
        let noun = if aborted.len() == 1 { "task" } else { "tasks" };
        line.push_str(&format!(
            "aborted {} {noun} of the tree of task {}",
            aborted.len(),
            task.id()
        ));
        for (index, task) in left.iter().enumerate() {
            line.push_str(if index == 0 { "; not aborted: " } else { ", " });
            line.push_str(&task.to_string());
        }
        line.push('\n');
        let _ = stderr::write(line.as_bytes());
    }
}

fn write_diff(before: Option<&Dump>) {
    let after = crate::dump();
    match before {
        Some(before) => delivery::write_text_for_rule(&after.diff(before).to_string()),
        None => delivery::write_for_rule(Some(Format::Groups), false),
    }
}
