//! Reports of rules, as text.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::counts::Change;
use birthmark_core::__reader::escape::{escape, Quoted};
use birthmark_dump::__private::{Age, Runnable};
use birthmark_dump::{NativeStack, StackError, State, Task};

/// A report of a rule: the rule has begun to hold, or has ended to hold.
///
/// Displayed, it has the [line](RuleReport::line) and, if the rule has begun to hold, more lines about the first task.
///
/// # Examples
///
/// ```
/// use birthmark::Action;
///
/// let page = Action::call(|report| {
///     if !report.has_ended() {
///         eprintln!("{report}");
///     }
/// });
/// birthmark::add_rule("role=handle&older=30s", page)?;
/// # Ok::<(), birthmark::ParseRuleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleReport {
    rule: Arc<str>,
    line: String,
    details: String,
    tasks: Vec<Task>,
    count: usize,
    has_ended: bool,
    evaluation: u64,
}

/// Number of tasks that a report has as values, and of runnable tasks that it names.
pub(super) const MAX_TASKS: usize = 16;
pub(super) const MAX_RUNNABLE: usize = 3;
/// Number of native frames that a report shows.
const MAX_FRAMES: usize = 32;

/// The thread of a task, and its stack.
#[derive(Debug)]
pub(super) struct Threaded {
    pub(super) id: u64,
    /// `None` if the poll ended while the stack was taken.
    pub(super) stack: Option<Result<NativeStack, StackError>>,
}

impl RuleReport {
    /// Returns the text of the rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Returns the report as one line, without a line end and without the name of the rule.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns the tasks, as they were when the rule began to hold: at most 16. A report of a number or of findings has none,
    /// and neither has the end of one.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Returns the number of tasks for which the rule began to hold together, or the number of tasks that were counted.
    pub fn task_count(&self) -> usize {
        self.count
    }

    /// Returns `true` if the rule held, and does no longer.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns the number of the evaluation of the rule that has found this, from 1 on.
    ///
    /// [`RuleStats::evaluations`](crate::RuleStats::evaluations) rises as each evaluation begins. So an evaluation with a higher
    /// number than that has seen all that was the case before.
    pub fn evaluation(&self) -> u64 {
        self.evaluation
    }

    pub(super) fn in_evaluation(self, evaluation: u64) -> Self {
        RuleReport { evaluation, ..self }
    }

    /// Returns the lines below the line, each with an indent.
    pub(super) fn details(&self) -> &str {
        &self.details
    }

    fn of(rule: &Arc<str>, line: String) -> Self {
        RuleReport {
            rule: rule.clone(),
            line,
            details: String::new(),
            tasks: Vec::new(),
            count: 0,
            has_ended: false,
            evaluation: 0,
        }
    }

    /// The rule holds for tasks. The first one is described.
    pub(super) fn of_tasks(
        rule: &Arc<str>,
        tasks: Vec<Task>,
        count: usize,
        stood_still: Duration,
        thread: Option<&Threaded>,
        runnable: Option<&Runnable>,
    ) -> Self {
        let mut report = RuleReport::of(rule, String::new());
        let Some(task) = tasks.first() else {
            return report;
        };
        let line = &mut report.line;
        line.push_str(&who(task));
        push_state(line, task);
        if !stood_still.is_zero() {
            let time = Age(stood_still);
            push(
                line,
                format_args!("; the process probably stood still for {time} of that"),
            );
        }
        if let Some(frame) = innermost(task) {
            push(line, format_args!(", in {frame}"));
        }
        if count > 1 {
            push(line, format_args!("; {} more such tasks", count - 1));
        }
        if let Some(runnable) = runnable {
            push_runnable(line, task, runnable);
        }
        push_details(&mut report.details, task, thread, runnable);
        report.count = count;
        report.tasks = tasks;
        report
    }

    /// Returns a report about no known task.
    pub(super) fn empty(rule: &Arc<str>) -> Self {
        RuleReport::of(rule, String::new())
    }

    /// A timebox is exceeded. The rest of the report describes the task.
    pub(super) fn exceeded(mut self, of: &str, limit: Duration) -> Self {
        let mut line = format!("{of} has taken longer than {limit:?}");
        if !self.line.is_empty() {
            push(&mut line, format_args!(": {}", self.line));
        }
        self.line = line;
        self
    }

    /// The rule held for tasks. `lead` is the first one.
    pub(super) fn of_end(
        rule: &Arc<str>,
        lead: &str,
        others: usize,
        how: &str,
        after: Duration,
    ) -> Self {
        let mut line = lead.to_owned();
        match others {
            0 => {}
            1 => line.push_str(" and 1 more task"),
            _ => push(&mut line, format_args!(" and {others} more tasks")),
        }
        push(&mut line, format_args!(" {how} after {}", Age(after)));
        RuleReport {
            has_ended: true,
            count: others + 1,
            ..RuleReport::of(rule, line)
        }
    }

    /// The rule holds for a number of tasks, or does no longer.
    pub(super) fn of_count(rule: &Arc<str>, change: &Change) -> Self {
        let (line, count, has_ended) = match change {
            Change::Above { group, count } => (format!("{count} tasks {group}"), count, false),
            Change::Grew {
                group,
                from,
                to,
                in_time,
            } => {
                let time = Age(*in_time);
                let line = format!("{to} tasks {group}, after {from}: the number grows for {time}");
                (line, to, false)
            }
            Change::Over {
                group,
                count,
                after,
            } => {
                let line = format!("{count} tasks {group}, after {}: no longer", Age(*after));
                (line, count, true)
            }
        };
        RuleReport {
            count: usize::try_from(*count).unwrap_or(usize::MAX),
            has_ended,
            ..RuleReport::of(rule, line)
        }
    }

    /// A dump has a finding that it had not before.
    pub(super) fn of_finding(rule: &Arc<str>, finding: &str) -> Self {
        let (line, details) = finding.split_once('\n').unwrap_or((finding, ""));
        let mut report = RuleReport::of(rule, line.to_owned());
        for line in details.lines() {
            push(&mut report.details, format_args!("{line}\n"));
        }
        report
    }

    /// A finding is gone.
    pub(super) fn of_gone(rule: &Arc<str>, finding: &str, after: Duration) -> Self {
        let line = format!("no longer after {}: {finding}", Age(after));
        RuleReport {
            has_ended: true,
            ..RuleReport::of(rule, line)
        }
    }
}

/// Displays `rule state=running&for=500ms: task 7 handle has been in one poll for 0.6 s`, and the details below it.
impl fmt::Display for RuleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rule ")?;
        escape(&self.rule, f)?;
        write!(f, ": {}", self.line)?;
        match self.details.trim_end() {
            "" => Ok(()),
            details => write!(f, "\n{details}"),
        }
    }
}

/// Returns `task 7 "req-7" handle`.
pub(super) fn who(task: &Task) -> String {
    let mut out = format!("task {}", task.id());
    if let Some(name) = task.name() {
        push(&mut out, format_args!(" {name}"));
    }
    push_escaped(&mut out, " ", task.role());
    out
}

/// Appends the state of a task, and its time.
fn push_state(out: &mut String, task: &Task) {
    let time = task.time_in_state().map(|time| Age(time).to_string());
    let time = time.unwrap_or_else(|| "an unknown time".into());
    match task.state() {
        State::Running { thread } => {
            out.push_str(match (task.kind(), task.polls()) {
                (birthmark_core::Kind::Future, 0) => " has been in its drop, without a poll, for ",
                (birthmark_core::Kind::Future, _) => " has been in one poll for ",
                _ => " has run for ",
            });
            out.push_str(&time);
            if let Some(thread) = thread {
                push(out, format_args!(", on thread {thread}"));
            }
        }
        State::Runnable => {
            push(
                out,
                format_args!(" was woken {time} ago and has had no turn"),
            );
            if let Some(by) = task.woken_by() {
                push(out, format_args!(", woken by {by}"));
            }
        }
        _ if task.has_no_waker() => {
            push(
                out,
                format_args!(" has been suspended for {time}, and no waker is left"),
            );
        }
        state => push(out, format_args!(" has been {state} for {time}")),
    }
    if let Some(age) = task.age() {
        push(out, format_args!(", spawned {} ago", Age(age)));
    }
}

/// Returns the frame in which a suspended task waits.
fn innermost(task: &Task) -> Option<String> {
    let mut frames = task.stack().frames().iter();
    let frame = frames.rfind(|frame| !frame.is_idle())?;
    Some(frame.site().to_string())
}

/// Appends what is runnable meanwhile.
fn push_runnable(out: &mut String, task: &Task, runnable: &Runnable) {
    let others = runnable.count;
    if others == 0 || !matches!(task.state(), State::Running { .. }) {
        return;
    }
    let noun = if others == 1 { "task is" } else { "tasks are" };
    push(out, format_args!("; {others} {noun} runnable meanwhile"));
    if let Some(time) = runnable.max_time() {
        push(out, format_args!(", for up to {}", Age(time)));
    }
}

fn push_details(
    out: &mut String,
    task: &Task,
    thread: Option<&Threaded>,
    runnable: Option<&Runnable>,
) {
    if let Some(thread) = thread {
        push_stack(out, thread);
    }
    for line in task.to_string().lines() {
        push(out, format_args!("  {line}\n"));
    }
    let Some(runnable) = runnable.filter(|it| it.count > 0) else {
        return;
    };
    push(out, format_args!("  runnable meanwhile\n"));
    for other in &runnable.longest {
        push(out, format_args!("    {}", who(other)));
        if let Some(time) = other.time_in_state() {
            push(out, format_args!(", woken {} ago", Age(time)));
        }
        if let Some(by) = other.woken_by() {
            push(out, format_args!(" by {by}"));
        }
        out.push('\n');
    }
    let more = runnable.count.saturating_sub(runnable.longest.len());
    if more > 0 {
        push(out, format_args!("    and {more} more\n"));
    }
}

/// Appends the native stack of the thread that runs the task, innermost first.
fn push_stack(out: &mut String, thread: &Threaded) {
    let id = thread.id;
    match &thread.stack {
        None => push(
            out,
            format_args!("  the poll ended while the stack of thread {id} was taken\n"),
        ),
        Some(Err(why)) => push(out, format_args!("  no stack of thread {id}: {why}\n")),
        Some(Ok(stack)) => {
            push(out, format_args!("  stack of thread {id}\n"));
            let frames = stack.frames_of_task();
            for frame in frames.iter().take(MAX_FRAMES) {
                push(out, format_args!("    {frame}\n"));
            }
            let more = frames.len().saturating_sub(MAX_FRAMES);
            if more > 0 {
                push(out, format_args!("    and {more} more\n"));
            }
        }
    }
}

/// Returns how a task left the state for which a rule is.
pub(super) fn how_it_ended(was: State, is_alive: bool) -> &'static str {
    match (is_alive, was) {
        (false, _) => "ended",
        (true, State::Running { .. }) => "ran on",
        (true, State::Runnable) => "had its turn",
        (true, _) => "went on",
    }
}

/// Returns `at src/main.rs:3:5 handle`, or the name or label by which tasks were counted.
pub(super) fn group_text(what: &str, value: &str) -> String {
    match what {
        "" => value.to_owned(),
        _ => format!("with the {what} {}", Quoted::whole(value)),
    }
}

pub(super) fn push_escaped(out: &mut String, before: &str, text: &str) {
    out.push_str(before);
    // Writing to a string does not fail.
    let _ = escape(text, out);
}

fn push(out: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}
