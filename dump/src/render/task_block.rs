//! The block of lines that shows one task.
//!
//! ```text
//! task 27 "req-ld-2" quotes::quote::{async}                  waiting 0.9 s  route=/quotes/{sku}
//!     awaits   client.send in fetch quotes.rs:24:28
//!     within   retry in quote quotes.rs:13:65
//!     spawned  shop-server/src/routes/quotes.rs:12:15 by asked.spawn in quotes, 0.9 s ago, 3 polls
//!     by       9 accept (its name) < 4 main
//! ```
//!
//! The first line has fields that two blanks or more separate. Each line below begins with a label. A further kind of line
//! is a [`Field`], and its place is in [`TaskBlock::push`].

use std::fmt;
use std::time::Duration;

use super::field::{columns, pad, Field, WIDTH};
use super::frames;
use super::output::{escaped, push, push_number, role_text};
use super::palette::Palette;
use super::paths::{push_whole, Paths};
use super::range::Ago;
use super::spawn_stacks::spawn_stack_lines;
use super::wrap::push_wrapped_lines;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::values::age::Age;
use crate::values::await_stack::AwaitStack;
use crate::values::lineage::{Lineage, LOST};
use crate::values::role::qualified;
use crate::values::span::TaskSpan;
use crate::values::task::knows_polls;
use crate::values::wake::WokenBy;
use crate::{State, Task};
use birthmark_core::__reader::name::{Name, NameOrigin};
use birthmark_core::Kind;
use birthmark_core::Site;

/// The texts of one task, ready to be copied.
#[derive(Clone, Copy)]
pub(super) struct TaskBlock<'a> {
    pub(super) id: u64,
    /// In quotes, or empty.
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) kind: Kind,
    pub(super) state: StateText<'a>,
    /// `tenant=acme shard=3`, or empty.
    pub(super) labels: &'a str,
    /// `TENANT=acme TRANSACTION`, or empty.
    pub(super) task_locals: &'a str,
    /// The span that the task is in: `request{id=7}`, or empty.
    pub(super) span: &'a str,
    /// Lines.
    pub(super) stack: &'a str,
    /// `src/main.rs:3:5 by tokio::spawn in run`, or empty.
    pub(super) site: &'a str,
    pub(super) age: &'a str,
    pub(super) polls: u32,
    /// The origin of the last wake, as [`wake_text`] returns it.
    pub(super) woken: &'a str,
    /// How the task came by its name, if its lineage does not show it.
    pub(super) name_note: &'a str,
    pub(super) root: bool,
    pub(super) pooled: bool,
    /// Lines, or empty.
    pub(super) spawn_stack: &'a str,
    /// Lines, or empty.
    pub(super) lineage: &'a str,
}

/// The state of a task, and what belongs to it.
#[derive(Clone, Copy)]
pub(super) struct StateText<'a> {
    pub(super) state: State,
    /// See [`Task::runs_no_task`].
    pub(super) runs_no_task: bool,
    /// The task that a thread runs, if the task is the thread.
    pub(super) inner: Option<u64>,
    /// The time in the state, or empty.
    pub(super) since: &'a str,
    /// The system call of the thread that runs the task: ` in futex`, or empty.
    pub(super) kernel: &'a str,
    /// The thread that runs the task: ` on worker (4711)`, or empty.
    pub(super) thread: &'a str,
    pub(super) has_no_waker: bool,
}

impl TaskBlock<'_> {
    /// Calls `f` with the block of a task.
    pub(super) fn with(task: &Task, paths: &Paths, f: impl FnOnce(&TaskBlock<'_>)) {
        let name = task.name.as_ref();
        let origin = name.map(Name::origin);
        let (lineage, name_note) = lineage_lines(&task.lineage, origin);
        f(&TaskBlock {
            id: task.id.as_u64(),
            name: &name.map_or_else(String::new, |name| name.to_string()),
            role: &role_text(task.site, &task.role),
            kind: task.kind,
            state: StateText {
                state: task.state,
                runs_no_task: task.runs_no_task,
                inner: None,
                since: &age_text(task.since),
                kernel: "",
                thread: &thread_text(task.state, ""),
                has_no_waker: task.has_no_waker,
            },
            labels: &task.labels.to_string(),
            task_locals: &task.task_locals.to_string(),
            span: &span_text(task.span.as_ref()),
            stack: &match &task.awaits {
                Some(awaits) => awaits_lines(awaits),
                None => frames::stack_lines(&task.stack, paths),
            },
            site: &site_text(task.site()),
            age: &age_text(task.age),
            polls: task.polls,
            woken: &wake_text(task.state, task.woken_by.as_ref()),
            name_note: &name_note,
            root: task.root,
            pooled: task.pooled,
            spawn_stack: &spawn_stack_lines(task.site),
            lineage: &lineage,
        });
    }

    /// Appends the lines.
    pub(super) fn push(&self, out: &mut String, palette: &Palette) {
        self.push_head(out, palette);
        if !self.task_locals.is_empty() {
            let mut field = Field::new(out, "locals");
            field.piece("", self.task_locals);
            field.end();
        }
        out.push_str(self.stack);
        out.push_str(palette.faint);
        self.push_spawned(out);
        out.push_str(self.spawn_stack);
        out.push_str(self.lineage);
        out.push_str(palette.end);
    }

    /// `task 27 "req-ld-2" quote         waiting 0.9 s  route=/quotes/{sku}`
    fn push_head(&self, out: &mut String, palette: &Palette) {
        let start = out.len();
        out.push_str("task ");
        push_number(out, self.id);
        let width = columns(&out[start..]) + 1 + who_columns(self.name, self.role);
        out.push(' ');
        push_who(out, palette, self.name, self.role);
        let mut line = HeadLine::new(out, palette, width, self.state.state, &self.state.text());
        line.push("labels", self.labels);
        line.push("span", self.span);
        line.end();
    }

    /// `spawned  src/main.rs:3:5 by tokio::spawn in run, 0.9 s ago, 3 polls`
    fn push_spawned(&self, out: &mut String) {
        let mut field = Field::new(out, "spawned");
        if !self.site.is_empty() {
            field.piece("", self.site);
        }
        if !self.age.is_empty() {
            field.piece(", ", &format!("{} ago", self.age));
        }
        if self.kind != Kind::Future {
            field.piece(", ", self.kind.as_str());
        }
        if knows_polls(self.kind, self.polls) {
            field.piece(", ", &polls_text(self.polls));
        }
        let kept = match (self.pooled, self.root) {
            (true, _) => "root (pool)",
            (false, true) => "root",
            (false, false) => "",
        };
        for piece in [kept, self.name_note, self.woken] {
            if !piece.is_empty() {
                field.piece(", ", piece);
            }
        }
        field.end();
    }
}

/// The column of the state, if the name and the role leave room for it.
const STATE: usize = 60;

/// The first line of a block. Its fields continue on lines of their own if they have no room.
pub(super) struct HeadLine<'a> {
    out: &'a mut String,
    column: usize,
    below: String,
}

impl<'a> HeadLine<'a> {
    /// Appends the state to a line that has `column` columns.
    pub(super) fn new(
        out: &'a mut String,
        palette: &Palette,
        column: usize,
        state: State,
        text: &str,
    ) -> Self {
        let start = STATE.max(column + 2);
        pad(out, column, start);
        out.push_str(palette.state(state));
        out.push_str(text);
        out.push_str(palette.end);
        HeadLine {
            out,
            column: start + columns(text),
            below: String::new(),
        }
    }

    /// Appends a field, or nothing if it is empty.
    pub(super) fn push(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let width = 2 + columns(text);
        if self.column + width <= WIDTH {
            self.out.push_str("  ");
            self.out.push_str(text);
            self.column += width;
        } else {
            let mut field = Field::new(&mut self.below, label);
            field.piece("", text);
            field.end();
        }
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.out.push('\n');
        self.out.push_str(&self.below);
    }
}

impl StateText<'_> {
    /// `waiting 0.9 s`, `blocked 3.2 s in futex on worker (4711)`, `idle`
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if let Some(inner) = self.inner {
            // The line of that task has all else.
            push(
                &mut out,
                format_args!("running task {inner}{}", self.thread),
            );
            return out;
        }
        self.push_word(&mut out);
        // Since when a thread has run no recorded task is not known.
        if !self.since.is_empty() && !self.runs_no_task {
            out.push(' ');
            out.push_str(self.since);
        }
        out.push_str(self.kernel);
        out.push_str(self.thread);
        if self.has_no_waker && self.state == State::Waiting {
            out.push_str(", no waker left");
        }
        out
    }

    fn push_word(&self, out: &mut String) {
        match self.state {
            State::Running { .. } if self.runs_no_task => out.push_str(RUNS_NO_TASK),
            State::Running { .. } => out.push_str("running"),
            State::Blocked { .. } => out.push_str("blocked"),
            State::Waiting => out.push_str("waiting"),
            State::Suspended => out.push_str("suspended"),
            state => push(out, state),
        }
    }
}

/// The state of a thread that is known to run, in no recorded task.
const RUNS_NO_TASK: &str = "running no recorded task";

/// Returns the thread that a state refers to: ` on worker (4711)`, or an empty text.
pub(super) fn thread_text(state: State, name: &str) -> String {
    let (State::Running { thread: Some(id) } | State::Blocked { thread: Some(id) }) = state else {
        return String::new();
    };
    match name {
        "" => format!(" on thread {id}"),
        name => format!(" on {} ({id})", escaped(name)),
    }
}

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

/// Appends name and role of a task, as [`push_who`] does.
pub(super) fn push_who_of(out: &mut String, palette: &Palette, snapshot: &Snapshot, row: &Row) {
    let name = snapshot.name_of(row);
    let name = name.map_or_else(String::new, |name| name.to_string());
    let role = role_text(snapshot.site(row), &snapshot.role(row));
    push_who(out, palette, &name, &role);
}

/// Returns the columns that [`push_who`] fills.
pub(super) fn who_columns(name: &str, role: &str) -> usize {
    match name {
        "" => columns(role),
        name => columns(name) + 1 + columns(role),
    }
}

/// Returns the state of several tasks: `waiting 0.3 s to 5 m 2 s`, or `idle`.
pub(super) fn states_text(state: State, runs_no_task: bool, since: Option<Ago>) -> String {
    let since = since.map_or_else(String::new, |since| since.to_string());
    StateText {
        state,
        runs_no_task,
        inner: None,
        since: &since,
        kernel: "",
        thread: "",
        has_no_waker: false,
    }
    .text()
}

/// Writes the task as a dump shows it.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        TaskBlock::with(self, &Paths::default(), |block| {
            block.push(&mut out, Palette::new(false));
        });
        f.write_str(&out)
    }
}

/// Returns the span as a dump shows it, or an empty text.
pub(super) fn span_text(span: Option<&TaskSpan>) -> String {
    span.map_or_else(String::new, |span| span.to_string())
}

/// Returns `src/main.rs:3:5 by tokio::spawn in run`, or an empty text if the task was not spawned at a site.
pub(super) fn site_text(site: Option<&'static Site>) -> String {
    let Some(site) = site.filter(|site| site.is_real()) else {
        return String::new();
    };
    let mut out = String::new();
    push_whole(&mut out, site);
    push(&mut out, format_args!(" by {}", site.callee()));
    if !site.function().is_empty() {
        push(&mut out, format_args!(" in {}", site.function()));
    }
    out
}

/// Returns the line of ancestors, and how the task came by its name if that line does not show it. The ancestor whose
/// name the task inherits is marked, and its name is left out.
pub(super) fn lineage_lines(lineage: &Lineage, origin: Option<NameOrigin>) -> (String, String) {
    let mut out = String::new();
    let (pieces, note) = lineage_pieces(lineage, origin);
    if !pieces.is_empty() {
        let mut field = Field::new(&mut out, "by");
        for piece in &pieces {
            field.piece(" < ", piece);
        }
        field.end();
    }
    (out, note)
}

/// Returns the ancestors for [`lineage_lines`].
pub(super) fn lineage_pieces(
    lineage: &Lineage,
    origin: Option<NameOrigin>,
) -> (Vec<String>, String) {
    let from = match origin {
        Some(NameOrigin::Inherited { from }) => Some(from),
        _ => None,
    };
    let (mut pieces, mut is_shown) = (Vec::new(), false);
    for ancestor in lineage {
        if ancestor.elided_before() > 0 {
            pieces.push(format!("… {} cut …", ancestor.elided_before()));
        }
        let mut piece = format!("{} ", ancestor.id());
        let is_source = from == Some(ancestor.id()) && !is_shown;
        is_shown |= is_source;
        match ancestor.name() {
            Some(name) if !is_source => push(&mut piece, format_args!("{name} ")),
            _ => {}
        }
        piece += &escaped(&qualified(ancestor.site, ancestor.role()));
        if is_source {
            piece += " (its name)";
        }
        pieces.push(piece);
    }
    if !lineage.is_complete() {
        pieces.push(LOST.to_owned());
    }
    let note = match origin {
        Some(NameOrigin::Hook) => "named by a hook".to_owned(),
        Some(NameOrigin::Inherited { from }) if !is_shown => {
            format!("its name is from task {from}")
        }
        _ => String::new(),
    };
    (pieces, note)
}

/// Returns a line for each frame out of debug information, and for those that are joined with them.
pub(super) fn awaits_lines(awaits: &AwaitStack) -> String {
    let (mut lines, mut out) = (String::new(), String::new());
    // Writing to a string does not fail.
    let _ = awaits.write(&mut lines, "    ");
    push_wrapped_lines(&mut out, &lines);
    out
}

fn polls_text(polls: u32) -> String {
    format!("{polls} poll{}", if polls == 1 { "" } else { "s" })
}

pub(super) fn age_text(age: Option<Duration>) -> String {
    let mut out = String::new();
    push_age(&mut out, age);
    out
}

/// Returns the origin of the last wake, `last woken by task 7 publish`. Empty if nothing is known.
pub(super) fn wake_text(state: State, by: Option<&WokenBy>) -> String {
    match (state, by) {
        (State::Runnable, Some(by)) => format!("woken by {by}"),
        (State::Waiting, Some(by)) => format!("last woken by {by}"),
        _ => String::new(),
    }
}

/// Appends an age, or nothing if ages are unknown.
pub(super) fn push_age(out: &mut String, age: Option<Duration>) {
    if let Some(age) = age {
        push(out, Age(age));
    }
}
