//! A dump as text: a paragraph for each task.

use std::fmt::{self, Write};

use super::age::Age;
use super::{Dump, Row};
use crate::task::{Ancestor, NameOrigin, State, Task};

/// Text is handed on in pieces of about this many bytes.
const PIECE: usize = 64 * 1024;

pub(super) fn write(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    write_heading(f, dump)?;
    let mut out = String::with_capacity(PIECE + PIECE / 4);
    for index in dump.order() {
        write_row(&mut out, dump, &dump.rows[index as usize])?;
        if out.len() > PIECE {
            f.write_str(&out)?;
            out.clear();
        }
    }
    f.write_str(&out)?;
    writeln!(f, "\n{}", dump.coverage)
}

/// `5 tasks: 2 running, 3 suspended`
pub(super) fn write_heading(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    let mut counts = [
        ("running", 0),
        ("suspended", 0),
        ("created", 0),
        ("delayed", 0),
    ];
    for row in &dump.rows {
        let index = match row.state() {
            State::Running { .. } => 0,
            State::Suspended => 1,
            State::Delayed => 3,
            _ => 2,
        };
        counts[index].1 += 1;
    }
    write!(
        f,
        "{} task{}",
        dump.len(),
        if dump.len() == 1 { "" } else { "s" }
    )?;
    let mut separator = ": ";
    for (state, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        write!(f, "{separator}{count} {state}")?;
        separator = ", ";
    }
    writeln!(f)
}

fn write_row(out: &mut String, dump: &Dump, row: &Row) -> fmt::Result {
    write!(out, "\n{}", dump.nodes.task(row, dump.clock))
}

/// A paragraph, each line ended.
pub(crate) fn write_task(out: &mut impl Write, task: &Task) -> fmt::Result {
    write_title(out, task)?;
    out.write_str(":\n")?;
    write_facts(out, task)?;
    write_site(out, task)?;
    write_lineage(out, task)
}

/// `task 8 "req-id-123123" audit [suspended, 2 minutes]`
pub(super) fn write_title(out: &mut impl Write, task: &Task) -> fmt::Result {
    write!(out, "task {} ", task.id)?;
    write_label(out, task)
}

/// `"req-id-123123" audit [suspended, 2 minutes]`
pub(super) fn write_label(out: &mut impl Write, task: &Task) -> fmt::Result {
    if let Some(name) = &task.name {
        write!(out, "{name} ")?;
    }
    crate::escape::escape(&task.role, out)?;
    write!(out, " [{}", task.state)?;
    if let Some(since) = task.since {
        write!(out, ", {}", Age(since))?;
    }
    out.write_char(']')
}

fn write_facts(out: &mut impl Write, task: &Task) -> fmt::Result {
    write!(out, "    {}", task.kind)?;
    if !task.kind.is_thread() {
        write!(
            out,
            ", {} poll{}",
            task.polls,
            if task.polls == 1 { "" } else { "s" }
        )?;
    }
    if let Some(age) = task.age {
        write!(out, ", born {} ago", Age(age))?;
    }
    match task.name.as_ref().map(|name| name.origin) {
        Some(NameOrigin::Explicit) => out.write_str(", name given to it")?,
        Some(NameOrigin::Hook) => out.write_str(", name given by a hook")?,
        Some(NameOrigin::Inherited { from }) => write!(out, ", name inherited from task {from}")?,
        None => {}
    }
    out.write_str(if task.detached { ", detached\n" } else { "\n" })
}

fn write_site(out: &mut impl Write, task: &Task) -> fmt::Result {
    let Some(site) = task.site() else {
        return Ok(());
    };
    let (callee, module, function) = (site.callee(), site.module_path(), site.function());
    writeln!(
        out,
        "    spawned at {site} by {callee} in {module}::{function}"
    )
}

fn write_lineage(out: &mut impl Write, task: &Task) -> fmt::Result {
    if task.lineage.is_empty() && task.lineage_complete {
        return Ok(());
    }
    write!(out, "    lineage {} ", task.id)?;
    crate::escape::escape(&task.role, out)?;
    for ancestor in &task.lineage {
        write_ancestor(out, ancestor)?;
    }
    out.write_str(if task.lineage_complete {
        "\n"
    } else {
        " < ? (ended while it was read)\n"
    })
}

/// ` < 6 "req-id-123123" serve_connection`
fn write_ancestor(out: &mut impl Write, ancestor: &Ancestor) -> fmt::Result {
    if ancestor.cut_below > 0 {
        write!(out, " < … {} cut …", ancestor.cut_below)?;
    }
    write!(out, " < {} ", ancestor.id)?;
    if let Some(name) = &ancestor.name {
        write!(out, "{name} ")?;
    }
    crate::escape::escape(&ancestor.role, out)
}
