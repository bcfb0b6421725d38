//! The section on tasks that ended before they were ready, in renderings for people.
//!
//! With a filter, the section has the numbers alone. Tasks that ended alike are on one line, since a thousand requests that a client gives up would hide a panic.

use std::fmt;

use super::field::Field;
use super::output::{escaped, push, site_role};
use super::palette::Palette;
use super::task_block::{push_who, site_text};
use super::wrap::push_wrapped;
use crate::gone::Gone;
use crate::values::age::Age;
use crate::values::gone::{DroppedBy, GoneTask};
use crate::Dump;
use birthmark_core::{Outcome, Site};

/// Maximum number of lines for tasks of each outcome.
const LISTED: usize = 16;
/// Maximum number of characters of a message that are shown.
const MESSAGE: usize = 200;

/// Writes the section, if there is a task for it.
pub(super) fn write_section(
    f: &mut fmt::Formatter<'_>,
    dump: &Dump,
    palette: &Palette,
) -> fmt::Result {
    let gone = &dump.gone;
    if gone.is_empty() {
        return Ok(());
    }
    let mut out = "\ngone before they were ready: ".to_owned();
    push_counts(&mut out, |outcome| gone.count(outcome));
    if !dump.filter.is_empty() {
        // Filters are about live tasks.
        out.push_str("; a dump without a filter lists them\n");
        return f.write_str(&out);
    }
    out.push('\n');
    for outcome in OUTCOMES {
        push_outcome(&mut out, gone, outcome, palette);
    }
    push_others(&mut out, gone);
    f.write_str(&out)
}

const OUTCOMES: [Outcome; 3] = [Outcome::Panicked, Outcome::Refused, Outcome::Cancelled];

/// Appends `1 panicked, 4012 cancelled`.
fn push_counts(out: &mut String, count: impl Fn(Outcome) -> u64) {
    let mut separator = "";
    for outcome in OUTCOMES {
        let count = count(outcome);
        if count > 0 {
            push(out, format_args!("{separator}{count} {outcome}"));
            separator = ", ";
        }
    }
}

/// Tasks that ended alike.
struct Alike<'a> {
    last: &'a GoneTask,
    count: usize,
}

/// Returns `true` if the texts of two tasks differ in id, name and time alone.
fn is_alike(a: &GoneTask, b: &GoneTask) -> bool {
    std::ptr::eq(a.site, b.site)
        && a.message == b.message
        && a.place == b.place
        && is_by_same(a.by.as_ref(), b.by.as_ref())
}

/// Returns `true` if two tasks were dropped by code of the same kind. A worker is as good as another one.
fn is_by_same(a: Option<&DroppedBy>, b: Option<&DroppedBy>) -> bool {
    match (a, b) {
        (Some(DroppedBy::Thread { name: a, .. }), Some(DroppedBy::Thread { name: b, .. })) => {
            a == b
        }
        (a, b) => a == b,
    }
}

fn push_outcome(out: &mut String, gone: &Gone, outcome: Outcome, palette: &Palette) {
    let mut alike: Vec<Alike<'_>> = Vec::new();
    for task in gone.tasks.iter().filter(|task| task.outcome == outcome) {
        match alike.iter_mut().find(|it| is_alike(it.last, task)) {
            Some(alike) => alike.count += 1,
            None => alike.push(Alike {
                last: task,
                count: 1,
            }),
        }
    }
    for alike in alike.iter().take(LISTED) {
        push_alike(out, alike, palette);
    }
    let more: usize = alike.iter().skip(LISTED).map(|alike| alike.count).sum();
    if more > 0 {
        push(out, format_args!("  and {more} more {outcome} ones\n"));
    }
}

/// Appends the lines of tasks that ended alike, of which the last one is shown.
fn push_alike(out: &mut String, alike: &Alike<'_>, palette: &Palette) {
    let task = alike.last;
    let mut line = "  ".to_owned();
    if alike.count > 1 {
        push(&mut line, format_args!("{} × the last ", alike.count));
    }
    push(&mut line, format_args!("task {} ", task.id));
    let name = task.name.as_ref();
    let name = name.map_or_else(String::new, |name| name.to_string());
    push_who(&mut line, palette, &name, &site_role(task.site));
    push(&mut line, format_args!(" ({}) ", task.kind));
    push_end(&mut line, task, palette);
    push_wrapped(out, &line);
    push_origin(out, task, palette);
}

/// Appends `panicked 9.8 s ago, polled 11 times, at src/main.rs:22:9: the message`.
fn push_end(out: &mut String, task: &GoneTask, palette: &Palette) {
    out.push_str(match task.outcome {
        Outcome::Panicked => "panicked",
        Outcome::Refused => "refused by a hook",
        _ if task.polls == 0 && task.kind.is_thread() => "dropped before its start",
        _ if task.polls == 0 => "cancelled before its first poll",
        _ => "cancelled",
    });
    if let Some(ended) = task.ended {
        push(out, format_args!(" {} ago", Age(ended)));
    }
    if let Some(lifetime) = task.lifetime.filter(|_| task.outcome != Outcome::Refused) {
        push(out, format_args!(", {} after its spawn", Age(lifetime)));
    }
    if let Some(place) = &task.place {
        push(out, format_args!(", at {place}"));
    }
    if let Some(by) = &task.by {
        push(out, format_args!(", {by}"));
    }
    if let Some(message) = &task.message {
        let end = message.char_indices().nth(MESSAGE);
        let shown = &message[..end.map_or(message.len(), |(end, _)| end)];
        let cut = match task.is_message_cut || end.is_some() {
            true => "…",
            false => "",
        };
        let (name, end) = (palette.name, palette.end);
        push(out, format_args!(": {name}{}{cut}{end}", escaped(shown)));
    }
}

/// Appends the lines `spawned  src/main.rs:37:13 by tokio::spawn in Session::connect` and `by       1 main`.
fn push_origin(out: &mut String, task: &GoneTask, palette: &Palette) {
    out.push_str(palette.faint);
    let site = site_text(Some(task.site));
    if !site.is_empty() {
        push_field(out, "spawned", &site);
        if let Some((id, role)) = &task.parent {
            push_field(out, "by", &format!("{id} {}", escaped(role)));
        }
    }
    out.push_str(palette.end);
}

fn push_field(out: &mut String, label: &str, text: &str) {
    let mut field = Field::new(out, label);
    field.piece("", text);
    field.end();
}

/// Appends the counts of sites that have more such tasks than are listed.
fn push_others(out: &mut String, gone: &Gone) {
    let mut lines = 0;
    let mut more = 0;
    for ends in &gone.sites {
        let left = |outcome| {
            let listed = listed(gone, ends.site, outcome);
            ends.of(outcome).saturating_sub(listed)
        };
        if OUTCOMES.iter().all(|&outcome| left(outcome) == 0) {
            continue;
        }
        lines += 1;
        if lines > LISTED {
            more += 1;
            continue;
        }
        push(out, format_args!("  earlier, {} at ", site_role(ends.site)));
        push(out, format_args!("{}: ", ends.site));
        push_counts(out, left);
        out.push('\n');
    }
    if more > 0 {
        push(out, format_args!("  earlier, at {more} more sites\n"));
    }
}

fn listed(gone: &Gone, site: &Site, outcome: Outcome) -> u64 {
    let tasks = gone.tasks.iter();
    let here = tasks.filter(|task| std::ptr::eq(task.site, site) && task.outcome == outcome);
    here.count() as u64
}
