//! Which tasks cannot go on, and why.

use std::fmt;

use super::executors::{push_findings, time_in_state, LEAST};
use super::parts::Parts;
use super::{push_holder, push_task, push_wait, relation, value};
use crate::render::output::push;
use crate::render::palette::Palette;
use crate::wait_graph::{deadlocks, Deadlock, Reason, Step, WaitGraph};
use crate::Dump;

/// Displays which tasks of a [`Dump`] cannot go on, and why.
#[derive(Clone, Copy, Debug)]
pub struct Stuck<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
}

impl<'a> Stuck<'a> {
    pub(in crate::render) fn new(dump: &'a Dump) -> Self {
        Stuck {
            dump,
            palette: Palette::new(false),
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](crate::render::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }
}

impl fmt::Display for Stuck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = WaitGraph::new(self.dump.uses());
        let findings = findings(self.dump, self.palette, &graph);
        if findings.is_empty() {
            return f.write_str("no task is known to be stuck\n");
        }
        f.write_str(&findings)
    }
}

/// Writes the findings, if there are any.
pub(in crate::render) fn write_section(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
) -> fmt::Result {
    let findings = findings(dump, palette, graph);
    match findings.is_empty() {
        true => Ok(()),
        false => write!(f, "\n{findings}"),
    }
}

fn findings(dump: &Dump, palette: &Palette, graph: &WaitGraph<'_>) -> String {
    let mut out = String::new();
    let is_lasting = |task| {
        let row = dump.row(task);
        row.and_then(|row| time_in_state(dump, row)) >= Some(LEAST)
    };
    let is_selected = |task| {
        let place = dump.snapshot.place_of(task);
        place.is_some_and(|place| dump.is_selected(place))
    };
    for deadlock in deadlocks(graph, &is_lasting) {
        let mut circle = deadlock.circle.iter();
        if !circle.any(|step| is_selected(step.task)) {
            continue;
        }
        push_deadlock(&mut out, dump, palette, &deadlock);
    }
    push_findings(&mut out, dump, palette, graph);
    out
}

/// Appends a paragraph:
///
/// ```text
/// deadlock of 2 tasks, certain; 5 more tasks wait for it
///   task 4 "call-1" get_all waits for self.accounts.read at src/rpc.rs:33:43, queued behind
///   task 5 "call-2" add, which waits for self.accounts.write at src/rpc.rs:24:29, held for reading by
///   task 4 "call-1" get_all (a temporary value in Api::get_all since src/rpc.rs:32)
/// ```
fn push_deadlock(out: &mut String, dump: &Dump, palette: &Palette, deadlock: &Deadlock<'_>) {
    let futurelock = match &*deadlock.circle {
        [step] if step.is_futurelock() => Some(step),
        _ => None,
    };
    match (futurelock, deadlock.circle.len()) {
        (Some(_), _) => out.push_str("futurelock of 1 task"),
        (None, 1) => out.push_str("deadlock of 1 task with itself"),
        (None, count) => push(out, format_args!("deadlock of {count} tasks")),
    }
    out.push_str(match deadlock.is_certain {
        true => ", certain",
        false => ", probable",
    });
    match deadlock.behind {
        0 => {}
        1 => out.push_str("; 1 more task waits for it"),
        count => push(out, format_args!("; {count} more tasks wait for it")),
    }
    out.push_str("\n  ");
    match futurelock {
        Some(step) => push_futurelock(out, dump, palette, step),
        None => push_circle(out, dump, palette, &deadlock.circle),
    }
}

/// Appends the tasks of a circle, each with what it waits for.
fn push_circle(out: &mut String, dump: &Dump, palette: &Palette, circle: &[Step<'_>]) {
    for (index, step) in circle.iter().enumerate() {
        if index == 0 {
            push_task(out, dump, palette, step.task);
            out.push(' ');
        } else {
            out.push_str(", which ");
        }
        push_wait(out, dump, step.task, step.wait);
        push(out, format_args!(", {}\n  ", relation(step.edge.reason)));
        push_task(out, dump, palette, step.edge.task);
        push_holder(out, &step.edge);
    }
    out.push('\n');
}

/// Appends a task and those of its futures that have what it waits for.
fn push_futurelock(out: &mut String, dump: &Dump, palette: &Palette, step: &Step<'_>) {
    push_task(out, dump, palette, step.task);
    out.push(' ');
    push_wait(out, dump, step.task, step.wait);
    out.push_str(", which is held by futures that it keeps and does not poll:\n");
    let mut holders = Parts::default();
    for edge in &step.edges {
        if let Reason::Holds(of) = edge.reason {
            holders.add(value(of));
        }
    }
    holders.push_lines(out, "    ");
}
