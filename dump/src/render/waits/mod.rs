//! Waits of tasks and the holders of what they wait for, in renderings for people.

mod driver;
mod executors;
mod line;
mod list;
mod parts;
mod resources;
mod stuck;

use std::fmt;

use super::output::{escaped, push};
use super::palette::Palette;
use super::task_block::push_who_of;
use crate::values::await_stack::AwaitLocation;
use crate::values::uses::{Relation, ResourceKind, ResourceUse};
use crate::wait_graph::{is_write, Edge, Reason};
use crate::Dump;

pub(super) use line::{FoldedWaits, WaitLines};
pub use list::StuckFinding;
pub(super) use resources::waited;
pub use resources::Resources;
pub use stuck::Stuck;
pub(super) use stuck::{findings, write_section};

/// Writes the reason for which the waits of some tasks are not known.
fn write_unknown(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    match dump.unknown_uses() {
        Some(reason) => writeln!(f, "\n{reason}"),
        None => Ok(()),
    }
}

/// Appends `task 4 "call-1" get_all_accounts`.
fn push_task(out: &mut String, dump: &Dump, palette: &Palette, id: u64) {
    out.push_str(palette.task);
    push(out, format_args!("task {id}"));
    if let Some(row) = dump.row(id) {
        out.push(' ');
        push_who_of(out, palette, &dump.snapshot, row);
    }
    out.push_str(palette.task_end);
}

/// Appends `waits for self.accounts.read at src/main.rs:33:43`.
fn push_wait(out: &mut String, dump: &Dump, task: u64, wait: &ResourceUse) {
    out.push_str(match wait.resource {
        ResourceKind::Task => "awaits ",
        _ => "waits for ",
    });
    push_wait_place(out, dump, task, wait);
}

/// Appends `self.accounts.read at src/main.rs:33:43`.
fn push_wait_place(out: &mut String, dump: &Dump, task: u64, wait: &ResourceUse) {
    let stack = dump.stack_of(task);
    let mut polled = stack.frames().iter().filter(|frame| !frame.is_idle());
    let leaf = polled.next_back().map(|frame| frame.site());
    // A task whose thread is blocked runs, so its frames may be those of the poll before.
    let leaf = leaf.filter(|site| !site.awaited().is_empty() && !wait.resource.blocks());
    match leaf {
        Some(site) => {
            let (file, line, column) = (site.file(), site.line(), site.column());
            let (awaited, file) = (escaped(site.awaited()), escaped(file));
            push(out, format_args!("{awaited} at {file}:{line}:{column}"));
        }
        None => {
            push(out, format_args!("{} in {}", thing(wait), function(wait)));
            push_location(out, " at ", wait.location.as_ref());
        }
    }
}

/// Returns `a mutex`, `an rwlock for reading`, `2 permits of a semaphore`.
pub(super) fn thing(wait: &ResourceUse) -> String {
    let noun = wait.resource.noun();
    match (wait.resource, wait.permits) {
        (ResourceKind::RwLock, _) if is_write(wait) => format!("{noun} for writing"),
        (ResourceKind::RwLock, _) => format!("{noun} for reading"),
        (ResourceKind::Semaphore, Some(permits)) if permits > 1 => {
            format!("{permits} permits of {noun}")
        }
        (ResourceKind::Semaphore, _) => format!("a permit of {noun}"),
        _ => noun.to_owned(),
    }
}

/// Returns the words between a wait and the task that it needs.
fn relation(reason: Reason<'_>) -> &'static str {
    match reason {
        Reason::Holds(of) => match (of.relation, of.resource) {
            (Relation::Assigned, _) => "given to",
            (Relation::HoldsShared, ResourceKind::RwLock) => "held for reading by",
            _ => "held by",
        },
        Reason::Queued => "queued behind",
        Reason::Receives => "whose messages are received by",
        Reason::Sends => "whose messages are sent by",
        Reason::Joined => "which is",
    }
}

/// Appends the place of the value by which the other task holds the thing, such as
/// ` (a temporary value in Api::get_all since src/rpc.rs:32)`.
fn push_holder(out: &mut String, edge: &Edge<'_>) {
    if let Reason::Holds(of) = edge.reason {
        push(out, format_args!(" ({})", holder(of)));
    }
}

/// Returns `a temporary value in Api::get_all since src/rpc.rs:32`, or
/// `the future of net::connect in `connecting`, kept and not polled`.
pub(super) fn holder(of: &ResourceUse) -> String {
    match of.is_kept {
        true => format!("{}, kept and not polled", value(of)),
        false => value(of),
    }
}

/// Returns the value by which a task holds something, and its place.
fn value(of: &ResourceUse) -> String {
    let mut out = String::new();
    let function = function(of);
    match (&of.variable, of.relation) {
        (None, Relation::Assigned) => push(&mut out, format_args!("the future of {function}")),
        (None, _) => push(&mut out, format_args!("a temporary value in {function}")),
        (Some(variable), _) => {
            push(
                &mut out,
                format_args!("`{}` in {function}", escaped(variable)),
            );
        }
    }
    push_location(&mut out, " since ", of.since.as_ref());
    if of.resource.blocks() && of.since.is_none() {
        push_location(&mut out, ", across the await at ", of.location.as_ref());
    }
    if let Some(variable) = of.kept_in.as_ref().filter(|_| of.is_kept) {
        push(&mut out, format_args!(", in `{}`", escaped(variable)));
    }
    out
}

/// Returns the last two segments of the path of a function.
fn function(of: &ResourceUse) -> String {
    let mut segments = of.function.rsplitn(3, "::");
    match (segments.next(), segments.next()) {
        (Some(last), Some(before)) => escaped(&format!("{before}::{last}")),
        _ => escaped(&of.function),
    }
}

fn push_location(out: &mut String, before: &str, location: Option<&AwaitLocation>) {
    let Some(location) = location else { return };
    let file = from_crate(&location.file);
    let lines = location.lines();
    push(out, format_args!("{before}{}:{lines}", escaped(file)));
}

/// Returns the path of a file from the folder of its crate on, if the crate has a folder `src`.
fn from_crate(file: &str) -> &str {
    let before_src = file.rfind("/src/").map(|at| &file[..at]);
    let start = before_src.and_then(|before| before.rfind('/'));
    start.map_or(file, |at| &file[at + 1..])
}
