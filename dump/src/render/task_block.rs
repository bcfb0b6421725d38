//! The block of lines that shows one task.

use std::fmt;
use std::time::Duration;

use super::output::{push, push_number, role_text};
use super::palette::Palette;
use super::range::Ago;
use crate::values::age::Age;
use crate::values::await_stack::AwaitStack;
use crate::values::span::TaskSpan;
use crate::values::stack::Stack;
use crate::values::task::knows_polls;
use crate::values::wake::WokenBy;
use crate::{State, Task};
use birthmark_core::__reader::label::Labels;
use birthmark_core::__reader::name::NameOrigin;
use birthmark_core::Kind;
use birthmark_core::Site;

/// The texts of one task, ready to be copied.
#[derive(Clone, Copy)]
pub(super) struct TaskBlock<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    pub(super) origin: Option<NameOrigin>,
    /// A line, or empty.
    pub(super) labels: &'a str,
    /// The span that the task is in. A line, or empty.
    pub(super) span: &'a str,
    pub(super) role: &'a str,
    pub(super) kind: Kind,
    pub(super) state: State,
    /// The state of the thread that runs the task, ` (futex)`, or empty.
    pub(super) kernel: &'a str,
    pub(super) since: &'a str,
    /// The origin of the last wake, as [`wake_text`] returns it.
    pub(super) woken: &'a str,
    pub(super) age: &'a str,
    pub(super) polls: u32,
    pub(super) root: bool,
    pub(super) pooled: bool,
    /// See [`Task::runs_no_task`].
    pub(super) runs_no_task: bool,
    pub(super) site: &'a str,
    pub(super) lineage: &'a str,
    pub(super) stack: &'a str,
}

impl TaskBlock<'_> {
    /// Calls `f` with the block of a task.
    pub(super) fn with(task: &Task, f: impl FnOnce(&TaskBlock<'_>)) {
        let name = task.name.as_ref();
        f(&TaskBlock {
            id: task.id.as_u64(),
            name: &name.map_or_else(String::new, |name| name.to_string()),
            origin: name.map(|name| name.origin()),
            labels: &(labels_line(&task.labels) + &task_locals_line(&task.task_locals)),
            span: &span_line(task.span.as_ref()),
            role: &role_text(task.site, &task.role),
            kind: task.kind,
            state: task.state,
            kernel: "",
            since: &age_text(task.since),
            woken: &wake_text(task.state, task.woken_by.as_ref(), task.has_no_waker),
            age: &age_text(task.age),
            polls: task.polls,
            root: task.root,
            pooled: task.pooled,
            runs_no_task: task.runs_no_task,
            site: &site_line(task.site()),
            lineage: &task.lineage.to_string(),
            stack: &frames_text(task),
        });
    }

    /// Appends the lines.
    pub(super) fn push(&self, out: &mut String, palette: &Palette) {
        out.push_str("task ");
        push_number(out, self.id);
        out.push(' ');
        self.push_label(out, palette);
        out.push_str(":\n    ");
        self.push_facts(out);
        out.push_str(self.labels);
        out.push_str(self.span);
        out.push_str(palette.faint);
        out.push_str(self.site);
        if !self.lineage.is_empty() {
            out.push_str("    lineage ");
            out.push_str(self.lineage);
            out.push('\n');
        }
        out.push_str(palette.end);
        out.push_str(self.stack);
    }

    /// `"req-id-123123" audit [waiting, 2 minutes, last woken by task 7 publish]`
    fn push_label(&self, out: &mut String, palette: &Palette) {
        push_who(out, palette, self.name, self.role);
        out.push_str(" [");
        out.push_str(palette.state(self.state));
        match self.state {
            State::Running { .. } if self.runs_no_task => out.push_str(RUNS_NO_TASK),
            State::Suspended => out.push_str("suspended"),
            State::Waiting => out.push_str("waiting"),
            state => push(out, state),
        }
        out.push_str(palette.end);
        out.push_str(self.kernel);
        // Since when a thread of a pool has run nothing is not known.
        if !self.since.is_empty() && !self.runs_no_task {
            out.push_str(", ");
            out.push_str(self.since);
        }
        out.push_str(self.woken);
        out.push(']');
    }

    /// `future, 3 polls, spawned 2 minutes ago, name inherited from task 6`
    fn push_facts(&self, out: &mut String) {
        out.push_str(self.kind.as_str());
        if knows_polls(self.kind, self.polls) {
            out.push_str(", ");
            push_number(out, self.polls.into());
            out.push_str(if self.polls == 1 { " poll" } else { " polls" });
        }
        if !self.age.is_empty() {
            out.push_str(", spawned ");
            out.push_str(self.age);
            out.push_str(" ago");
        }
        match self.origin {
            Some(NameOrigin::Explicit) => out.push_str(", name given to it"),
            Some(NameOrigin::Hook) => out.push_str(", name given by a hook"),
            Some(NameOrigin::Inherited { from }) => {
                out.push_str(", name inherited from task ");
                push_number(out, from.as_u64());
            }
            _ => {}
        }
        out.push_str(match (self.pooled, self.root) {
            (true, _) => ", kept by a pool\n",
            (false, true) => ", root\n",
            (false, false) => "\n",
        });
    }
}

/// The state of a thread that is known to run, in no recorded task.
pub(super) const RUNS_NO_TASK: &str = "running no recorded task";

/// Appends `"req-id-123123" audit`. The name has quotes or is empty; name and role have escapes.
pub(super) fn push_who(out: &mut String, palette: &Palette, name: &str, role: &str) {
    if !name.is_empty() {
        out.push_str(palette.name);
        out.push_str(name);
        out.push_str(palette.end);
        out.push(' ');
    }
    out.push_str(palette.role);
    out.push_str(role);
    out.push_str(palette.end);
}

/// The state of several tasks, and the times in it.
pub(super) struct States {
    pub(super) state: State,
    pub(super) runs_no_task: bool,
    pub(super) since: Option<Ago>,
}

/// Appends ` [waiting, 0.3 s to 5 minutes]` or ` [idle]`.
pub(super) fn push_states(out: &mut String, palette: &Palette, states: States) {
    let States {
        state,
        runs_no_task,
        since,
    } = states;
    let color = palette.state(state);
    match state {
        State::Running { .. } if runs_no_task => {
            push(out, format_args!(" [{color}{RUNS_NO_TASK}{}", palette.end));
        }
        _ => push(out, format_args!(" [{color}{state}{}", palette.end)),
    }
    if let Some(since) = since.filter(|_| !runs_no_task) {
        push(out, format_args!(", {since}"));
    }
    out.push(']');
}

/// `"req-id-123123" audit [waiting, 2 minutes]`
pub(super) fn push_label(out: &mut String, palette: &Palette, task: &Task) {
    TaskBlock::with(task, |block| block.push_label(out, palette));
}

/// Writes the task as a dump shows it.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        TaskBlock::with(self, |block| block.push(&mut out, Palette::new(false)));
        f.write_str(&out)
    }
}

/// Returns the line `labels tenant=acme`, or an empty text.
pub(super) fn labels_line(labels: &Labels) -> String {
    match labels.as_slice() {
        [] => String::new(),
        _ => format!("    labels {labels}\n"),
    }
}

/// Returns the line `task locals TENANT=acme TRANSACTION`, or an empty text.
pub(super) fn task_locals_line(locals: &Labels) -> String {
    match locals.as_slice() {
        [] => String::new(),
        _ => format!("    task locals {locals}\n"),
    }
}

/// Returns the line `span request{id=7}`, or an empty text.
pub(super) fn span_line(span: Option<&TaskSpan>) -> String {
    span.map_or_else(String::new, |span| format!("    span {span}\n"))
}

/// Returns the line of a site, or an empty text if the task was not spawned at one.
pub(super) fn site_line(site: Option<&'static Site>) -> String {
    let Some(site) = site.filter(|site| site.is_real()) else {
        return String::new();
    };
    let (callee, module, function) = (site.callee(), site.module_path(), site.function());
    format!("    spawned at {site} by {callee} in {module}::{function}\n")
}

/// Returns a line for each frame that is known of a task.
fn frames_text(task: &Task) -> String {
    match &task.awaits {
        Some(awaits) => awaits_text(awaits),
        None => stack_text(&task.stack),
    }
}

/// Returns a line for each frame out of debug information, and for those that are joined with them.
pub(super) fn awaits_text(awaits: &AwaitStack) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = awaits.write(&mut out, "    ");
    out
}

/// Returns a line for each frame.
pub(super) fn stack_text(stack: &Stack) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = stack.write(&mut out, "    ");
    out
}

fn age_text(age: Option<Duration>) -> String {
    let mut out = String::new();
    push_age(&mut out, age);
    out
}

/// Returns what follows the state of a task, such as `, last woken by task 7 publish`. Empty if nothing is known.
pub(super) fn wake_text(state: State, by: Option<&WokenBy>, has_no_waker: bool) -> String {
    match (state, by) {
        (State::Runnable, Some(by)) => format!(": woken by {by}"),
        (State::Waiting, _) if has_no_waker => ", no waker left".into(),
        (State::Waiting, Some(by)) => format!(", last woken by {by}"),
        _ => String::new(),
    }
}

/// Appends an age, or nothing if ages are unknown.
pub(super) fn push_age(out: &mut String, age: Option<Duration>) {
    if let Some(age) = age {
        push(out, Age(age));
    }
}
