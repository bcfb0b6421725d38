//! The lines of one task: what it waits for, and what others wait for.

use std::collections::HashMap;

use super::parts::{Parts, NAMED};
use super::{holder, push_holder, push_task, relation, thing};
use crate::render::output::push;
use crate::render::palette::Palette;
use crate::values::uses::{Relation, ResourceKind, ResourceUse};
use crate::wait_graph::{polled_waits, Edge, Reason, WaitGraph};
use crate::Dump;

/// Lines about the waits of tasks.
pub(in crate::render) struct WaitLines<'a> {
    pub(in crate::render) dump: &'a Dump,
    pub(in crate::render) palette: &'static Palette,
    pub(in crate::render) graph: &'a WaitGraph<'a>,
}

/// Lines about the waits of tasks that share a paragraph, by the first task of the paragraph.
pub(in crate::render) struct FoldedWaits(HashMap<u64, Parts>);

impl FoldedWaits {
    /// Collects the lines. `first_of` returns the first task of the paragraph of a task.
    pub(in crate::render) fn new(
        waits: &WaitLines<'_>,
        first_of: impl Fn(u64) -> Option<u64>,
    ) -> Self {
        let mut folded: HashMap<u64, Parts> = HashMap::new();
        for &task in waits.graph.uses().keys() {
            let Some(first) = first_of(task) else {
                continue;
            };
            let mut lines = String::new();
            waits.push(&mut lines, task);
            for line in lines.lines() {
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

impl WaitLines<'_> {
    /// Appends the lines of a task.
    pub(in crate::render) fn push(&self, out: &mut String, task: u64) {
        let Some(uses) = self.graph.uses().get(&task) else {
            return;
        };
        let is_join = |wait: &&ResourceUse| wait.resource == ResourceKind::Task;
        let joined = polled_waits(uses)
            .filter(is_join)
            .filter_map(|it| it.joined);
        let mut joined: Vec<u64> = joined.collect();
        joined.sort_unstable();
        for &other in joined.iter().take(NAMED) {
            out.push_str("    awaits ");
            push_task(out, self.dump, self.palette, other);
            out.push('\n');
        }
        if joined.len() > NAMED {
            let more = joined.len() - NAMED;
            push(out, format_args!("    awaits {more} more tasks\n"));
        }
        for wait in polled_waits(uses).filter(|wait| !is_join(wait)) {
            self.push_wait(out, task, wait);
        }
        self.push_held(out, task, &uses.uses);
        if uses.is_abandoned {
            out.push_str(
                "    its JoinHandle was dropped, and the task that spawned it has ended\n",
            );
        }
    }

    /// Appends `    waits for a mutex, held by task 5 "call-2" (…)`.
    fn push_wait(&self, out: &mut String, task: u64, wait: &ResourceUse) {
        let (_, edges) = self.graph.edges(task, wait);
        let Some(first) = edges.first() else { return };
        push(out, format_args!("    waits for {}, ", thing(wait)));
        let is_certain = edges.iter().all(|edge| edge.is_certain);
        let is_hold = matches!(first.reason, Reason::Holds(_) | Reason::Queued);
        if !is_certain && is_hold {
            out.push_str("probably ");
        }
        push(out, format_args!("{} ", relation(first.reason)));
        let mut parts = Parts::default();
        for edge in &edges {
            parts.add(self.edge(task, edge));
        }
        parts.push(out);
        out.push('\n');
    }

    fn edge(&self, task: u64, edge: &Edge<'_>) -> String {
        let mut out = String::new();
        match edge.task == task {
            true => out.push_str("itself"),
            false => push_task(&mut out, self.dump, self.palette, edge.task),
        }
        push_holder(&mut out, edge);
        out
    }

    /// Appends `    holds an rwlock (`guard` in f since src/main.rs:3): 6 tasks wait for it` for each thing that another
    /// task waits for.
    fn push_held(&self, out: &mut String, task: u64, uses: &[ResourceUse]) {
        let mut parts = Parts::default();
        for held in uses.iter().filter(|of| of.relation.is_hold()) {
            let waiters = self.graph.resource(held).map_or(&[][..], |it| &it.waiters);
            let others = waiters
                .iter()
                .filter(|it| it.task != task && it.of.is_polled);
            let count = others.count();
            if count > 0 {
                parts.add(held_text(held, count));
            }
        }
        parts.push_lines(out, "    ");
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
