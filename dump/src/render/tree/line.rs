//! A line of the tree.

use super::forest::{Forest, LineContent};
use super::levels::ShownLine;
use super::siblings::EqualSiblings;
use crate::render::awaits::push_leaf;
use crate::render::innermost::push_innermost;
use crate::render::output::{push, push_number, role_text, site_role};
use crate::render::palette::Palette;
use crate::render::task_block::{push_label, push_states, push_who, States};
use crate::snapshot::nodes::Node;
use crate::snapshot::row::Row;
use crate::Dump;
use birthmark_core::__reader::label::Labels;
use birthmark_core::Site;

/// The position of a line.
#[derive(Clone, Copy)]
pub(super) struct LinePosition {
    pub(super) depth: usize,
    /// `true` for the last line below its parent.
    pub(super) last: bool,
}

/// Maximum indent. Deeper levels are shown by number, because their indent would fill the line.
const MAX_INDENT: usize = 40;

/// Appends the indent. `open` is `true` for each level above that has another line.
pub(super) fn push_indent(
    out: &mut String,
    open: &[bool],
    LinePosition { depth, last }: LinePosition,
) {
    if depth == 0 {
        return;
    }
    if depth > MAX_INDENT {
        push(out, format_args!("(level {depth}) "));
    }
    let levels = &open[1.min(open.len())..];
    for &goes_on in &levels[levels.len().saturating_sub(MAX_INDENT)..] {
        out.push_str(if goes_on { "│  " } else { "   " });
    }
    out.push_str(if last { "└─ " } else { "├─ " });
}

pub(super) fn push_line(
    out: &mut String,
    palette: &Palette,
    forest: &Forest<'_>,
    shown: &ShownLine<'_>,
) {
    // Asked for tasks only: above a line of ancestors that are in no dump, it goes through all of them.
    let above = || forest.labels_above(shown.line);
    match (shown.equal, forest.content(shown.line)) {
        (_, content) if shown.times > 1 => {
            push_below_equal(out, palette, forest.dump, shown, &content, above());
        }
        (Some(equal), _) => push_equal(out, palette, forest, equal, above()),
        (None, LineContent::Task(row)) => push_task(out, palette, forest.dump, row, above()),
        (None, LineContent::Ancestor(node)) => push_ancestor(out, palette, forest.dump, node),
    }
    out.push('\n');
}

fn push_task(out: &mut String, palette: &Palette, dump: &Dump, row: &Row, labels_above: &Labels) {
    push_number(out, row.id);
    out.push(' ');
    push_label(out, palette, &dump.snapshot.task(row, dump.now));
    push_labels(out, dump.snapshot.labels_of(row), labels_above);
    push_task_locals(out, dump.snapshot.task_locals_of(row));
    push_site(out, palette, dump.snapshot.site(row));
    push_frames(out, dump, row);
}

/// Appends the innermost frame, and the future that a task waits for.
fn push_frames(out: &mut String, dump: &Dump, row: &Row) {
    push_innermost(out, &dump.snapshot.stacks.get(dump.snapshot.stack(row)));
    if let Some(awaits) = dump.awaits_of(row) {
        push_leaf(out, awaits);
    }
}

/// Appends ` {tenant=acme}`, unless the line above has the same labels.
fn push_labels(out: &mut String, labels: &Labels, above: &Labels) {
    if labels != above {
        push(out, format_args!(" {{{labels}}}"));
    }
}

/// Appends ` [TENANT=acme]` if the value of a local is shown.
fn push_task_locals(out: &mut String, locals: &Labels) {
    if locals.iter().any(|local| local.shown_value().is_some()) {
        push(out, format_args!(" [{locals}]"));
    }
}

/// Appends an ancestor, with the last name under which it has spawned.
fn push_ancestor(out: &mut String, palette: &Palette, dump: &Dump, node: Node) {
    push_number(out, node.id);
    out.push(' ');
    let name = LineContent::Ancestor(node).name(dump).unwrap_or_default();
    let role = role_text(node.site, dump.snapshot.role_of_node(&node));
    push_who(out, palette, &name, &role);
    push_absent(out, palette, dump, &node);
}

/// Appends the reason for which an ancestor is not in the dump.
fn push_absent(out: &mut String, palette: &Palette, dump: &Dump, node: &Node) {
    let why = if node.is_live() && !dump.filter.is_empty() {
        "not selected"
    } else {
        "ended"
    };
    push(
        out,
        format_args!(" [{}{why}{}]", palette.faint, palette.end),
    );
}

fn push_site(out: &mut String, palette: &Palette, site: &Site) {
    if site.is_real() {
        push(out, format_args!(" {}{site}{}", palette.faint, palette.end));
    }
}

/// Appends `9998 × wait [suspended, 0.3 s to 5 minutes] src/a.rs:3:5, tasks 12 to 10040, named "a" … "z"`, and their
/// innermost frame.
fn push_equal(
    out: &mut String,
    palette: &Palette,
    forest: &Forest<'_>,
    equal: &EqualSiblings,
    labels_above: &Labels,
) {
    let (first, last) = (forest.content(equal.first), forest.content(equal.last));
    let snapshot = &forest.dump.snapshot;
    push_number(out, equal.count as u64);
    out.push_str(" × ");
    push_who(out, palette, "", &site_role(first.site(forest.dump)));
    match &first {
        LineContent::Task(row) => {
            let since = equal.since.ago(forest.dump.now);
            let states = States {
                state: snapshot.bare_state(row),
                runs_no_task: snapshot.runs_no_task(row),
                since,
            };
            push_states(out, palette, states);
            push_site(out, palette, snapshot.site(row));
        }
        LineContent::Ancestor(node) => push_absent(out, palette, forest.dump, node),
    }
    push(out, format_args!(", tasks {} to {}", first.id(), last.id()));
    push_names(out, [first.name(forest.dump), last.name(forest.dump)]);
    let labels = [&first, &last].map(|end| end.labels(forest.dump));
    push_ends(out, labels, labels_above);
    if let LineContent::Task(row) = first {
        push_frames(out, forest.dump, row);
    }
}

/// Appends `16 × wait [suspended] src/a.rs:3:5, such as task 12 "a"`, and their innermost frame. Such a line is below
/// one that represents several tasks, each of which has as many children.
fn push_below_equal(
    out: &mut String,
    palette: &Palette,
    dump: &Dump,
    shown: &ShownLine<'_>,
    example: &LineContent<'_>,
    labels_above: &Labels,
) {
    push_number(out, shown.count() as u64);
    out.push_str(" × ");
    push_who(out, palette, "", &site_role(example.site(dump)));
    match example {
        LineContent::Task(row) => {
            let states = States {
                state: dump.snapshot.bare_state(row),
                runs_no_task: dump.snapshot.runs_no_task(row),
                since: None,
            };
            push_states(out, palette, states);
            push_site(out, palette, dump.snapshot.site(row));
        }
        LineContent::Ancestor(node) => push_absent(out, palette, dump, node),
    }
    push(out, format_args!(", such as task {}", example.id()));
    if let Some(name) = example.name(dump) {
        push(out, format_args!(" {}{name}{}", palette.name, palette.end));
    }
    if let LineContent::Task(row) = example {
        push_labels(out, dump.snapshot.labels_of(row), labels_above);
        push_frames(out, dump, row);
    }
}

/// Appends ` {shard=1} … {shard=9}`, or the labels of one task if both are the same.
fn push_ends(out: &mut String, ends: [Option<&Labels>; 2], above: &Labels) {
    match ends {
        [Some(first), Some(last)] if first != last => {
            push(out, format_args!(" {{{first}}} … {{{last}}}"));
        }
        [first, _] => push_labels(out, first.unwrap_or(above), above),
    }
}

fn push_names(out: &mut String, [first, last]: [Option<String>; 2]) {
    let last = last.filter(|last| Some(last) != first.as_ref());
    let mut before = ", named ";
    for name in first.into_iter().chain(last) {
        out.push_str(before);
        out.push_str(&name);
        before = " … ";
    }
}
