//! The lines of one task: what it waits for, and what others wait for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::parts::{Parts, NAMED};
use super::{holder, push_holder, push_task, relation, thing};
use crate::render::output::push;
use crate::render::palette::Palette;
use crate::render::wrap::push_wrapped_lines;
use crate::values::uses::{Relation, ResourceKind, ResourceUse};
use crate::wait_graph::{is_write, polled_waits, Edge, Group, Reason, WaitGraph};
use crate::Dump;

/// Lines about the waits of tasks.
pub(in crate::render) struct WaitLines<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
    graph: &'a WaitGraph<'a>,
    /// The tasks that have to act, by the thing and the group of its uses. Thousands of waits may need the same ones.
    groups: RefCell<HashMap<(u32, Group), Rc<GroupText>>>,
}

/// Lines about the waits of tasks that share a paragraph, by the first task of the paragraph.
pub(in crate::render) struct FoldedWaits(HashMap<u64, Parts>);

/// The text about the tasks of a group.
struct GroupText {
    relation: &'static str,
    /// The first of different parts, each with its task, the text about its value, and how often there is such a part.
    parts: Vec<(u64, String, usize)>,
    /// Number of different parts.
    count: usize,
    edges: usize,
    certain: usize,
    /// `true` if the tasks hold the thing, or are queued before.
    is_hold: bool,
}

impl FoldedWaits {
    /// Collects the lines. `first_of` returns the first task of the paragraph of a task.
    pub(in crate::render) fn new(
        waits: &WaitLines<'_>,
        first_of: impl Fn(u64) -> Option<u64>,
    ) -> Self {
        let mut folded: HashMap<u64, Parts> = HashMap::new();
        for &task in waits.graph.tasks() {
            let Some(first) = first_of(task) else {
                continue;
            };
            for line in waits.lines(task).lines() {
                let parts = folded.entry(first).or_default();
                parts.add(line.trim_start().to_owned());
            }
        }
        FoldedWaits(folded)
    }

    /// Appends the lines of a paragraph.
    pub(in crate::render) fn push(&self, out: &mut String, first: u64) {
        if let Some(parts) = self.0.get(&first) {
            parts.push_some_lines(out, "    ", NAMED);
        }
    }
}

impl<'a> WaitLines<'a> {
    pub(in crate::render) fn new(
        dump: &'a Dump,
        palette: &'static Palette,
        graph: &'a WaitGraph<'a>,
    ) -> Self {
        WaitLines {
            dump,
            palette,
            graph,
            groups: RefCell::default(),
        }
    }

    /// Appends the lines of a task. Long ones are wrapped.
    pub(in crate::render) fn push(&self, out: &mut String, task: u64) {
        push_wrapped_lines(out, &self.lines(task));
    }

    fn lines(&self, task: u64) -> String {
        let mut out = String::new();
        let Some(uses) = self.graph.uses_of(task) else {
            return out;
        };
        let is_join = |wait: &&ResourceUse| wait.resource == ResourceKind::Task;
        let joined = polled_waits(uses)
            .filter(is_join)
            .filter_map(|it| it.joined);
        let mut joined: Vec<u64> = joined.collect();
        joined.sort_unstable();
        for &other in joined.iter().take(NAMED) {
            out.push_str("    awaits ");
            push_task(&mut out, self.dump, self.palette, other);
            out.push('\n');
        }
        if joined.len() > NAMED {
            let more = joined.len() - NAMED;
            push(&mut out, format_args!("    awaits {more} more tasks\n"));
        }
        for wait in polled_waits(uses).filter(|wait| !is_join(wait)) {
            self.push_wait(&mut out, task, wait);
        }
        self.push_held(&mut out, task, &uses.uses);
        if uses.is_abandoned {
            out.push_str(
                "    its JoinHandle was dropped, and the task that spawned it has ended
",
            );
        }
        out
    }

    /// Appends `    waits for a mutex, held by task 5 "call-2" (…)`.
    fn push_wait(&self, out: &mut String, task: u64, wait: &ResourceUse) {
        let Some((resource, group)) = self.graph.group(wait) else {
            return;
        };
        let text = self.group(resource, group);
        // A writer does not wait for itself.
        let is_queued = group == Group::Writers && is_write(wait);
        let others = text.count - usize::from(is_queued);
        if others == 0 {
            return;
        }
        push(out, format_args!("    waits for {}, ", thing(wait)));
        let is_only = others == 1 && self.graph.is_held(resource);
        let is_certain = text.certain == text.edges && (group != Group::Writers || is_only);
        if !is_certain && text.is_hold {
            out.push_str("probably ");
        }
        push(out, format_args!("{} ", text.relation));
        let parts = text.parts.iter();
        let parts = parts.filter(|(holder, ..)| !is_queued || *holder != task);
        for (index, (holder, value, count)) in parts.take(NAMED).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if *count > 1 {
                push(out, format_args!("{count} × "));
            }
            match *holder == task {
                true => out.push_str("itself"),
                false => push_task(out, self.dump, self.palette, *holder),
            }
            out.push_str(value);
        }
        if others > NAMED {
            push(out, format_args!(" and {} more", others - NAMED));
        }
        out.push('\n');
    }

    fn group(&self, resource: u32, group: Group) -> Rc<GroupText> {
        let mut groups = self.groups.borrow_mut();
        let text = groups
            .entry((resource, group))
            .or_insert_with(|| Rc::new(GroupText::new(&self.graph.group_edges(resource, group))));
        text.clone()
    }

    /// Appends `    holds an rwlock (`guard` in f since src/main.rs:3): 6 tasks wait for it` for each thing that another
    /// task waits for.
    fn push_held(&self, out: &mut String, task: u64, uses: &[ResourceUse]) {
        let mut parts = Parts::default();
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for held in uses.iter().filter(|of| of.relation.is_hold()) {
            let count = || self.graph.count_other_waiters(task, held);
            let count = *counts.entry(held.address).or_insert_with(count);
            if count > 0 {
                parts.add(held_text(held, count));
            }
        }
        parts.push_lines(out, "    ");
    }
}

impl GroupText {
    fn new(edges: &[Edge<'_>]) -> Self {
        let mut text = GroupText {
            relation: edges.first().map_or("", |edge| relation(edge.reason)),
            parts: Vec::new(),
            count: 0,
            edges: edges.len(),
            certain: edges.iter().filter(|edge| edge.is_certain).count(),
            is_hold: edges
                .first()
                .is_some_and(|edge| matches!(edge.reason, Reason::Holds(_) | Reason::Queued)),
        };
        let mut places: HashMap<(u64, String), usize> = HashMap::new();
        for edge in edges {
            let mut value = String::new();
            push_holder(&mut value, edge);
            let place = *places
                .entry((edge.task, value.clone()))
                .or_insert(text.count);
            match text.parts.get_mut(place) {
                Some((.., count)) => *count += 1,
                // One more than is named, because a writer leaves itself out.
                None if place == text.count => {
                    if text.parts.len() <= NAMED {
                        text.parts.push((edge.task, value, 1));
                    }
                    text.count += 1;
                }
                None => {}
            }
        }
        text
    }
}

fn held_text(held: &ResourceUse, count: usize) -> String {
    let probably = match held.is_certain {
        true => "",
        false => "probably ",
    };
    let verb = match held.relation {
        Relation::Assigned => "was given",
        _ => "holds",
    };
    let (thing, holder) = (thing(held), holder(held));
    let wait = match count {
        1 => "1 task waits".to_owned(),
        _ => format!("{count} tasks wait"),
    };
    format!("{probably}{verb} {thing} ({holder}): {wait} for it")
}
