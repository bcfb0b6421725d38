//! Waits of tasks, the things that they wait for, and stuck tasks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use super::string::push_string;
use super::tables::push_table;
use crate::render::output::{push, push_number, ChunkedWriter};
use crate::render::palette::Palette;
use crate::render::waits::{findings, holder, thing, waited};
use crate::values::uses::{Relation, ResourceKind, ResourceUse};
use crate::wait_graph::{is_write, polled_waits, Edge, Group, Reason, Thing, WaitGraph};
use crate::Dump;

/// Maximum number of tasks that a wait names. `resources` has all of them.
const NAMED: usize = 8;

/// The edges to the tasks of a group. Thousands of waits may have the same ones.
type Groups<'a> = HashMap<(u32, Group), Rc<Vec<Edge<'a>>>>;

/// The waits of all tasks.
pub(super) struct Waits<'a> {
    graph: WaitGraph<'a>,
    groups: RefCell<Groups<'a>>,
}

impl<'a> Waits<'a> {
    /// Returns the waits, if the dump was told to have them.
    pub(super) fn of(dump: &'a Dump) -> Option<Self> {
        dump.shows_waits.then(|| Waits {
            graph: WaitGraph::new(dump.uses()),
            groups: RefCell::default(),
        })
    }

    /// Appends the tables of things and of findings.
    pub(super) fn push_tables(&self, writer: &mut ChunkedWriter<'_>, dump: &Dump) -> fmt::Result {
        if let Some(reason) = dump.unknown_uses() {
            writer.out.push_str(",\n\"waits_unknown\":");
            push_string(&mut writer.out, &reason);
        }
        push_table(
            writer,
            "resources",
            waited(dump, &self.graph),
            |out, thing| {
                push_thing(out, thing);
            },
        )?;
        let findings = findings(dump, Palette::marked(), &self.graph);
        push_table(writer, "stuck", findings, |out, finding| {
            push(
                out,
                format_args!(
                    "{{\"kind\":\"{}\",\"certain\":{},\"behind\":{},\"tasks\":",
                    finding.kind.as_str(),
                    finding.is_certain,
                    finding.behind
                ),
            );
            push_numbers(out, &finding.tasks);
            push_lines(out, &finding.text);
            out.push('}');
        })
    }

    /// Appends what a task waits for, and what it holds that others wait for.
    pub(super) fn push_task(&self, out: &mut String, task: u64) {
        let Some(uses) = self.graph.uses_of(task) else {
            return;
        };
        let mut separator = ",\"waits\":[";
        for wait in polled_waits(uses) {
            out.push_str(separator);
            separator = ",";
            self.push_wait(out, task, wait);
        }
        out.push_str(if separator == "," { "]" } else { "" });
        let mut separator = ",\"holds\":[";
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for held in uses.uses.iter().filter(|of| of.relation.is_hold()) {
            let count = || self.graph.count_other_waiters(task, held);
            let count = *counts.entry(held.address).or_insert_with(count);
            if count > 0 {
                out.push_str(separator);
                separator = ",";
                push_held(out, held, count);
            }
        }
        out.push_str(if separator == "," { "]" } else { "" });
    }

    fn push_wait(&self, out: &mut String, task: u64, wait: &ResourceUse) {
        push_use(out, wait);
        let edges = match self.graph.group(wait) {
            None | Some((_, Group::Joined)) => Rc::new(self.graph.edges(task, wait)),
            Some(group) => self.group(group),
        };
        let is_own = |edge: &&Edge<'_>| {
            matches!(edge.reason, Reason::Queued) && edge.task == task && is_write(wait)
        };
        let others = edges.iter().filter(|edge| !is_own(edge));
        let mut separator = ",\"needs\":[";
        for edge in others.clone().take(NAMED) {
            out.push_str(separator);
            separator = ",";
            push_edge(out, edge);
        }
        out.push_str(if separator == "," { "]" } else { "" });
        // Of a group that is large, the own one does not matter.
        let count = match edges.len() > NAMED {
            true => edges.len() - NAMED,
            false => 0,
        };
        if count > 0 {
            push(out, format_args!(",\"needs_more\":{count}"));
        }
        out.push('}');
    }

    fn group(&self, (resource, group): (u32, Group)) -> Rc<Vec<Edge<'a>>> {
        let mut groups = self.groups.borrow_mut();
        let edges = groups
            .entry((resource, group))
            .or_insert_with(|| Rc::new(self.graph.group_edges(resource, group)));
        edges.clone()
    }
}

/// Appends `{"kind":"rwlock","thing":"an rwlock for reading","address":"0x7f3a"`.
fn push_use(out: &mut String, of: &ResourceUse) {
    push(
        out,
        format_args!(
            "{{\"kind\":\"{}\",\"thing\":\"{}\",\"address\":\"{:#x}\"",
            of.resource.as_str(),
            thing(of),
            of.address
        ),
    );
}

fn push_edge(out: &mut String, edge: &Edge<'_>) {
    let reason = match edge.reason {
        Reason::Holds(of) if of.relation == Relation::Assigned => "was-given",
        Reason::Holds(of) if of.relation == Relation::HoldsShared => "holds-shared",
        Reason::Holds(_) => "holds",
        Reason::Queued => "is-queued-before",
        Reason::Receives => "receives",
        Reason::Sends => "sends",
        Reason::Joined => "is-awaited",
    };
    push(
        out,
        format_args!(
            "{{\"task\":{},\"reason\":\"{reason}\",\"certain\":{}",
            edge.task, edge.is_certain
        ),
    );
    if let Reason::Holds(of) = edge.reason {
        out.push_str(",\"value\":");
        push_string(out, &holder(of));
    }
    out.push('}');
}

fn push_held(out: &mut String, held: &ResourceUse, waiters: usize) {
    push_use(out, held);
    push(
        out,
        format_args!(
            ",\"certain\":{},\"waiters\":{waiters},\"value\":",
            held.is_certain
        ),
    );
    push_string(out, &holder(held));
    out.push('}');
}

fn push_thing(out: &mut String, thing: Thing<'_, '_>) {
    let of = thing.first();
    push(
        out,
        format_args!(
            "{{\"kind\":\"{}\",\"address\":\"{:#x}\",\"waiters\":{}",
            of.resource.as_str(),
            of.address,
            thing.count_waiters()
        ),
    );
    let awaited = thing.uses().find_map(|(_, of)| of.joined);
    if let Some(task) = awaited.filter(|_| of.resource == ResourceKind::Task) {
        push(out, format_args!(",\"task\":{task}"));
    }
    let mut separator = ",\"uses\":[";
    for (task, of) in thing.uses() {
        push(
            out,
            format_args!(
                "{separator}{{\"task\":{task},\"relation\":\"{}\",\"certain\":{},\"polled\":{}",
                of.relation.as_str(),
                of.is_certain,
                of.is_polled
            ),
        );
        separator = ",";
        if let Some(permits) = of.permits {
            push(out, format_args!(",\"permits\":{permits}"));
        }
        out.push_str(",\"function\":");
        push_string(out, &of.function);
        if let Some(variable) = &of.variable {
            out.push_str(",\"variable\":");
            push_string(out, variable);
        }
        if let Some(location) = of.since.as_ref().or(of.location.as_ref()) {
            out.push_str(",\"file\":");
            push_string(out, location.file());
            out.push_str(",\"line\":");
            push_number(out, location.line().into());
        }
        out.push('}');
    }
    out.push_str("]}");
}

fn push_numbers(out: &mut String, numbers: &[u64]) {
    out.push('[');
    for (index, &number) in numbers.iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        push_number(out, number);
    }
    out.push(']');
}

/// Appends the lines of a finding. A line is a list of texts and of tasks, `{"task":4,"text":"task 4 load"}`.
fn push_lines(out: &mut String, text: &str) {
    out.push_str(",\"lines\":[");
    for (index, line) in text.lines().enumerate() {
        out.push_str(if index > 0 { ",[" } else { "[" });
        push_pieces(out, line);
        out.push(']');
    }
    out.push(']');
}

fn push_pieces(out: &mut String, line: &str) {
    let marks = Palette::marked();
    let mut separator = "";
    for (index, piece) in line.split(marks.task).enumerate() {
        let (task, text) = match piece.split_once(marks.task_end) {
            Some((task, text)) if index > 0 => (Some(task), text),
            _ => (None, piece),
        };
        if let Some(task) = task {
            let id = task.trim_start_matches("task ").split(' ').next();
            push(
                out,
                format_args!("{separator}{{\"task\":{},\"text\":", id.unwrap_or("0")),
            );
            push_string(out, task);
            out.push('}');
            separator = ",";
        }
        if !text.is_empty() {
            out.push_str(separator);
            push_string(out, text);
            separator = ",";
        }
    }
}
