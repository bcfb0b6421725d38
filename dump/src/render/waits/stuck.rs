//! Which tasks cannot go on, and why.

use std::collections::HashMap;
use std::fmt;

use super::executors::{push_findings, time_in_state, LEAST};
use super::parts::{Parts, NAMED};
use super::{push_holder, push_task, push_wait, relation, value, write_unknown};
use crate::render::output::push;
use crate::render::palette::Palette;
use crate::render::wrap::push_wrapped_lines;
use crate::snapshot::row::Row;
use crate::wait_graph::{deadlocks, Deadlock, Deadlocks, Reason, Step, WaitGraph};
use crate::{Dump, State};

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
        let text = text(self.dump, self.palette, &graph);
        match text.is_empty() {
            true => f.write_str("no task is known to be stuck\n")?,
            false => f.write_str(&text)?,
        }
        write_unknown(f, self.dump)
    }
}

/// Writes the findings, if there are any.
pub(in crate::render) fn write_section(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
) -> fmt::Result {
    let text = text(dump, palette, graph);
    match text.is_empty() {
        true => Ok(()),
        false => write!(f, "\n{text}"),
    }
}

/// Returns a paragraph for each finding. Long lines are wrapped.
fn text(dump: &Dump, palette: &Palette, graph: &WaitGraph<'_>) -> String {
    let mut out = String::new();
    for finding in findings(dump, palette, graph) {
        push_wrapped_lines(&mut out, &finding.text);
    }
    out
}

/// Tasks that cannot go on, and the reason.
#[derive(Debug)]
pub(in crate::render) struct Finding {
    pub(in crate::render) kind: FindingKind,
    pub(in crate::render) is_certain: bool,
    /// Ids of the tasks that the finding is about.
    pub(in crate::render) tasks: Vec<u64>,
    /// Number of further tasks that wait for them.
    pub(in crate::render) behind: usize,
    /// Lines.
    pub(in crate::render) text: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) enum FindingKind {
    Deadlock,
    Futurelock,
    BlockingPool,
    /// A poll that does not end.
    Poll,
    /// A driver of sockets and timers that nobody polls.
    Driver,
    /// Tasks that were woken and get no turn.
    Runnable,
    /// Tasks that were never polled.
    Unstarted,
}

impl FindingKind {
    /// Returns the name in JSON.
    pub(in crate::render) fn as_str(self) -> &'static str {
        match self {
            FindingKind::Deadlock => "deadlock",
            FindingKind::Futurelock => "futurelock",
            FindingKind::BlockingPool => "blocking-pool",
            FindingKind::Poll => "poll",
            FindingKind::Driver => "driver",
            FindingKind::Runnable => "runnable",
            FindingKind::Unstarted => "unstarted",
        }
    }
}

impl Finding {
    pub(super) fn new(kind: FindingKind, is_certain: bool) -> Self {
        Finding {
            kind,
            is_certain,
            tasks: Vec::new(),
            behind: 0,
            text: String::new(),
        }
    }
}

/// Returns what is found: deadlocks first, then those of executors.
pub(in crate::render) fn findings(
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_lasting = |task| dump.row(task).is_some_and(|row| is_lasting(dump, row));
    let is_selected = |task| {
        let place = dump.snapshot.place_of(task);
        place.is_some_and(|place| dump.is_selected(place))
    };
    let deadlocks = deadlocks(graph, &is_lasting);
    let woken = Woken::new(dump, graph, &deadlocks);
    for deadlock in &deadlocks.found {
        let mut circle = deadlock.circle.iter();
        if circle.any(|step| is_selected(step.task)) {
            found.push(describe(dump, palette, graph, deadlock, &woken));
        }
    }
    push_findings(&mut found, dump, palette, graph);
    found
}

fn is_lasting(dump: &Dump, row: &Row) -> bool {
    time_in_state(dump, row) >= Some(LEAST)
}

/// Tasks that wait and were last woken by tasks that are stuck, by the number of the deadlock.
struct Woken(HashMap<u32, Vec<u64>>);

impl Woken {
    fn new(dump: &Dump, graph: &WaitGraph<'_>, deadlocks: &Deadlocks<'_>) -> Self {
        let mut woken: HashMap<u32, Vec<u64>> = HashMap::new();
        if deadlocks.found.is_empty() {
            return Woken(woken);
        }
        for row in &dump.snapshot.rows {
            let is_waiting = dump.snapshot.bare_state(row) == State::Waiting;
            let waker = dump.snapshot.waking_task(row).filter(|_| is_waiting);
            let deadlock = waker.and_then(|id| deadlocks.of_task(graph, id));
            let is_in_one = || deadlocks.of_task(graph, row.id).is_some();
            match deadlock {
                Some(deadlock) if is_lasting(dump, row) && !is_in_one() => {
                    woken.entry(deadlock.number).or_default().push(row.id);
                }
                _ => {}
            }
        }
        Woken(woken)
    }
}

/// Appends a paragraph:
///
/// ```text
/// deadlock of 2 tasks, certain; 5 more tasks wait for it
///   task 4 "call-1" get_all waits for self.accounts.read at src/rpc.rs:33:43, queued behind
///   task 5 "call-2" add, which waits for self.accounts.write at src/rpc.rs:24:29, held for reading by
///   task 4 "call-1" get_all (a temporary value in Api::get_all since src/rpc.rs:32)
/// ```
fn describe(
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
    deadlock: &Deadlock<'_>,
    woken: &Woken,
) -> Finding {
    let futurelock = match &*deadlock.circle {
        [step] if is_futurelock(graph, step) => Some(step),
        _ => None,
    };
    let kind = match futurelock {
        Some(_) => FindingKind::Futurelock,
        None => FindingKind::Deadlock,
    };
    let mut finding = Finding::new(kind, deadlock.is_certain);
    finding.tasks = deadlock.circle.iter().map(|step| step.task).collect();
    finding.behind = deadlock.behind;
    let out = &mut finding.text;
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
        Some(step) => push_futurelock(out, dump, palette, graph, step),
        None => push_circle(out, dump, palette, &deadlock.circle),
    }
    if let Some(woken) = woken.0.get(&deadlock.number) {
        push_woken(out, dump, palette, woken);
    }
    finding
}

/// Returns `true` if the task waits for what its own futures have, which it keeps and does not poll.
fn is_futurelock(graph: &WaitGraph<'_>, step: &Step<'_>) -> bool {
    let edges = graph.edges(step.task, step.wait);
    edges.iter().all(|edge| {
        let is_kept = matches!(edge.reason, Reason::Holds(of) if of.is_kept);
        edge.task == step.task && is_kept
    })
}

/// Appends `  probably 2 more tasks wait for it, because stuck tasks woke them last: task 9 "x" f, task 10 g`.
fn push_woken(out: &mut String, dump: &Dump, palette: &Palette, woken: &[u64]) {
    let count = woken.len();
    push(
        out,
        format_args!(
            "  probably {count} more {} for it, because stuck tasks woke {} last: ",
            if count == 1 {
                "task waits"
            } else {
                "tasks wait"
            },
            if count == 1 { "it" } else { "them" },
        ),
    );
    for (index, &task) in woken.iter().take(NAMED).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        push_task(out, dump, palette, task);
    }
    if count > NAMED {
        push(out, format_args!(" and {} more", count - NAMED));
    }
    out.push('\n');
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
fn push_futurelock(
    out: &mut String,
    dump: &Dump,
    palette: &Palette,
    graph: &WaitGraph<'_>,
    step: &Step<'_>,
) {
    push_task(out, dump, palette, step.task);
    out.push(' ');
    push_wait(out, dump, step.task, step.wait);
    out.push_str(", which is held by futures that it keeps and does not poll:\n");
    let mut holders = Parts::default();
    for edge in graph.edges(step.task, step.wait) {
        if let Reason::Holds(of) = edge.reason {
            holders.add(value(of));
        }
    }
    holders.push_lines(out, "    ");
}
