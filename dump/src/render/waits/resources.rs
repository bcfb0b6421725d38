//! Things that tasks share, each with the tasks that hold it and that wait for it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use super::parts::{Parts, NAMED};
use super::{holder, push_task, push_wait_place, write_unknown};
use crate::render::output::{push, ChunkedWriter};
use crate::render::palette::Palette;
use crate::render::wrap::push_wrapped_lines;
use crate::values::uses::{Relation, ResourceKind, ResourceUse};
use crate::wait_graph::{Thing, WaitGraph};
use crate::Dump;

/// Maximum number of things that are alike and are all shown. Of more, the first one is shown with their number.
const ALIKE: usize = 4;

/// Displays the things that tasks of a [`Dump`] share, those that most tasks wait for first.
#[derive(Clone, Copy, Debug)]
pub struct Resources<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
}

impl<'a> Resources<'a> {
    pub(in crate::render) fn new(dump: &'a Dump) -> Self {
        Resources {
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

impl fmt::Display for Resources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = WaitGraph::new(self.dump.uses());
        let shared = Shared::new(self.dump, &graph);
        if shared.waited.is_empty() && shared.others.is_empty() {
            f.write_str("no task is known to wait for a shared thing, or to have one\n")?;
            return write_unknown(f, self.dump);
        }
        let mut writer = ChunkedWriter::new(f);
        for (index, (thing, alike)) in shared.waited.iter().enumerate() {
            if index > 0 {
                writer.out.push('\n');
            }
            let mut lines = String::new();
            self.push(&mut lines, *thing, *alike);
            push_wrapped_lines(&mut writer.out, &lines);
            writer.next()?;
        }
        push_others(&mut writer.out, &shared);
        writer.finish()?;
        write_unknown(f, self.dump)
    }
}

/// The things of the selected tasks.
pub(in crate::render) struct Shared<'g, 'a> {
    /// Things that a task waits for, the most waited for first, each with the number of things that are alike.
    pub(in crate::render) waited: Vec<(Thing<'g, 'a>, usize)>,
    /// Number of things that no task waits for, by kind.
    others: Vec<(ResourceKind, usize)>,
}

impl<'g, 'a> Shared<'g, 'a> {
    fn new(dump: &'g Dump, graph: &'g WaitGraph<'a>) -> Self {
        let mut shared = Shared {
            waited: Vec::new(),
            others: Vec::new(),
        };
        let hasher = RandomState::new();
        // By what things have in common, the places of the first ones and the number of all.
        let mut alike: HashMap<u64, (Vec<usize>, usize)> = HashMap::new();
        for thing in selected(dump, graph) {
            if thing.count_waiters() == 0 {
                shared.add_other(thing.first().resource);
                continue;
            }
            let (places, count) = alike.entry(likeness(&hasher, thing)).or_default();
            *count += 1;
            if *count <= ALIKE {
                places.push(shared.waited.len());
                shared.waited.push((thing, 1));
            }
        }
        for (places, count) in alike.values().filter(|(_, count)| *count > ALIKE) {
            for place in places {
                // The others have the number 0.
                let is_first = places.first() == Some(place);
                shared.waited[*place].1 = if is_first { *count } else { 0 };
            }
        }
        shared.waited.retain(|(_, alike)| *alike > 0);
        shared
            .waited
            .sort_by_key(|(thing, alike)| Reverse((thing.count_waiters(), *alike)));
        shared
    }

    fn add_other(&mut self, kind: ResourceKind) {
        match self.others.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, count)) => *count += 1,
            None => self.others.push((kind, 1)),
        }
    }
}

/// Returns the things that selected tasks use.
fn selected<'g, 'a>(
    dump: &'g Dump,
    graph: &'g WaitGraph<'a>,
) -> impl Iterator<Item = Thing<'g, 'a>> + 'g {
    let is_selected = |task| {
        let place = dump.snapshot.place_of(task);
        place.is_some_and(|place| dump.is_selected(place))
    };
    graph
        .things()
        .filter(move |thing| thing.uses().any(|(task, _)| is_selected(task)))
}

/// Returns the things that selected tasks wait for, the most waited for first.
pub(in crate::render) fn waited<'g, 'a>(
    dump: &'g Dump,
    graph: &'g WaitGraph<'a>,
) -> Vec<Thing<'g, 'a>> {
    let mut waited: Vec<_> = selected(dump, graph)
        .filter(|it| it.count_waiters() > 0)
        .collect();
    waited.sort_by_key(|thing| Reverse(thing.count_waiters()));
    waited
}

/// Returns a number that things have in common if their uses are of the same kinds and at the same places.
fn likeness(hasher: &RandomState, thing: Thing<'_, '_>) -> u64 {
    let uses = thing.uses().map(|(_, of)| {
        let lines = of.location.as_ref().map(|it| (&it.file, it.line));
        (of.resource, of.relation, &of.function, lines)
    });
    hasher.hash_one(uses.collect::<Vec<_>>())
}

impl Resources<'_> {
    /// Appends a paragraph:
    ///
    /// ```text
    /// an rwlock at 0x7f3a5c0012a0: 6 tasks wait for it
    ///   held for reading by task 2 "call-1" get_all (a temporary value in Api::get_all since src/rpc.rs:32)
    ///   1 waits for self.accounts.write at src/rpc.rs:27:35: task 3 "call-2" add
    ///   5 wait for self.accounts.read at src/rpc.rs:33:49: task 2 "call-1" get_all, task 4 "call-3" get_all and 3 more
    /// ```
    fn push(&self, out: &mut String, thing: Thing<'_, '_>, alike: usize) {
        self.push_heading(out, thing, alike);
        let mut holders = ByText::default();
        let mut waiters = ByText::default();
        for (task, of) in thing.uses() {
            match how_it_has(of) {
                Some(how) => holders.add(how.to_owned(), || self.holder(task, of)),
                None if of.is_polled && of.relation.is_wait() => {
                    let mut wait = String::new();
                    push_wait_place(&mut wait, self.dump, task, of);
                    waiters.add(wait, || self.task(task));
                }
                None => {}
            }
        }
        for (how, parts, _) in &holders.all {
            push(out, format_args!("  {how} "));
            parts.push(out);
            out.push('\n');
        }
        for (wait, parts, count) in waiters.all.iter().take(NAMED) {
            let verb = if *count == 1 { "waits" } else { "wait" };
            push(out, format_args!("  {count} {verb} for {wait}: "));
            parts.push(out);
            out.push('\n');
        }
        if waiters.all.len() > NAMED {
            let more = waiters.all.len() - NAMED;
            push(out, format_args!("  and {more} more places\n"));
        }
    }

    fn push_heading(&self, out: &mut String, thing: Thing<'_, '_>, alike: usize) {
        let (of, waiters) = (thing.first(), thing.count_waiters());
        if alike > 1 {
            push(out, format_args!("{alike} × "));
        }
        let awaited = thing.uses().find_map(|(_, of)| of.joined);
        match awaited {
            Some(task) => push_task(out, self.dump, self.palette, task),
            None => out.push_str(of.resource.noun()),
        }
        let each = match alike {
            1 => {
                push(out, format_args!(" at {:#x}", of.address));
                ""
            }
            _ => ", each",
        };
        let wait = match (of.resource, waiters) {
            (ResourceKind::Task, 1) => "task awaits",
            (ResourceKind::Task, _) => "tasks await",
            (_, 1) => "task waits for",
            _ => "tasks wait for",
        };
        push(out, format_args!("{each}: {waiters} {wait} it\n"));
    }

    fn task(&self, task: u64) -> String {
        let mut out = String::new();
        push_task(&mut out, self.dump, self.palette, task);
        out
    }

    fn holder(&self, task: u64, of: &ResourceUse) -> String {
        let mut out = self.task(task);
        if of.relation.is_hold() {
            push(&mut out, format_args!(" ({})", holder(of)));
        }
        out
    }
}

/// Tasks by a text that they have in common.
#[derive(Default)]
struct ByText {
    all: Vec<(String, Parts, usize)>,
    places: HashMap<String, usize>,
}

impl ByText {
    fn add(&mut self, text: String, part: impl FnOnce() -> String) {
        let place = *self.places.entry(text.clone()).or_insert(self.all.len());
        if place == self.all.len() {
            self.all.push((text, Parts::default(), 0));
        }
        let (_, parts, count) = &mut self.all[place];
        parts.add(part());
        *count += 1;
    }
}

/// Returns how a task has a thing, or `None` if it waits for it.
fn how_it_has(of: &ResourceUse) -> Option<&'static str> {
    Some(match (of.relation, of.resource, of.is_certain) {
        // Each handle is one of those that await the task.
        (_, ResourceKind::Task, _) => return None,
        (Relation::Assigned, _, _) => "given to",
        (Relation::HoldsShared, ResourceKind::RwLock, true) => "held for reading by",
        (Relation::HoldsShared, ResourceKind::RwLock, false) => "probably held for reading by",
        (Relation::HoldsExclusively | Relation::HoldsShared, _, true) => "held by",
        (Relation::HoldsExclusively | Relation::HoldsShared, _, false) => "probably held by",
        (Relation::Sends, _, _) => "senders are in",
        (Relation::Receives, _, _) => "receivers are in",
        _ => return None,
    })
}

fn push_others(out: &mut String, shared: &Shared<'_, '_>) {
    let count: usize = shared.others.iter().map(|(_, count)| count).sum();
    if count == 0 {
        return;
    }
    if !shared.waited.is_empty() {
        out.push('\n');
    }
    let things = if count == 1 { "thing" } else { "things" };
    push(
        out,
        format_args!("{count} {things} that no task waits for: "),
    );
    let kinds = shared
        .others
        .iter()
        .map(|(kind, count)| format!("{count} × {}", kind.noun()));
    push(
        out,
        format_args!("{}\n", kinds.collect::<Vec<_>>().join(", ")),
    );
}
