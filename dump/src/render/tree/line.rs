//! A line of the tree.

use super::forest::{Forest, LineContent};
use super::levels::ShownLine;
use super::siblings::EqualSiblings;
use crate::render::awaits::leaf_text;
use crate::render::field::{push_folded_below, visible_columns};
use crate::render::frames::innermost;
use crate::render::inner_tasks::InnerTasks;
use crate::render::output::{push, push_number, role_text, site_role};
use crate::render::palette::Palette;
use crate::render::paths::Paths;
use crate::render::range::Ago;
use crate::render::task_block::{
    age_text, push_who, push_who_of, states_text, thread_text, StateText,
};
use crate::render::threads::{kernel_text, name_of_thread};
use crate::snapshot::nodes::Node;
use crate::snapshot::row::Row;
use crate::{Dump, State};
use birthmark_core::__reader::clock;
use birthmark_core::__reader::label::Labels;

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

/// Appends blanks and bars for a line that continues the one at `place`, between that line and its children.
pub(super) fn indent_below(open: &[bool], place: LinePosition, has_children: bool) -> String {
    let mut out = String::new();
    if place.depth > 0 {
        let levels = &open[1.min(open.len())..];
        for &goes_on in &levels[levels.len().saturating_sub(MAX_INDENT)..] {
            out.push_str(if goes_on { "│  " } else { "   " });
        }
        out.push_str(if place.last { "   " } else { "│  " });
    }
    out.push_str(if has_children { "│  " } else { "   " });
    out
}

/// Writes the lines of a tree.
pub(super) struct Lines<'a> {
    pub(super) palette: &'static Palette,
    pub(super) forest: &'a Forest<'a>,
    pub(super) paths: Paths,
    pub(super) inner: InnerTasks,
}

impl<'a> Lines<'a> {
    /// Appends a line, whose indent begins at `start`. What has no room continues after `below`.
    pub(super) fn push(&self, out: &mut String, start: usize, shown: &ShownLine<'_>, below: &str) {
        // Asked for tasks only: above a line of ancestors that are in no dump, it goes through all of them.
        let above = || self.forest.labels_above(shown.line);
        let dump = self.forest.dump;
        let content = match (shown.equal, self.forest.content(shown.line)) {
            (_, content) if shown.times > 1 => {
                self.push_below_equal(out, shown, &content, above());
                content
            }
            (Some(equal), _) => {
                self.push_equal(out, equal, above());
                self.forest.content(equal.first)
            }
            (None, LineContent::Task(row)) => {
                self.push_task(out, row, above());
                LineContent::Task(row)
            }
            (None, LineContent::Ancestor(node)) => {
                self.push_ancestor(out, node);
                LineContent::Ancestor(node)
            }
        };
        if let LineContent::Task(row) = content {
            let column = visible_columns(&out[start..]);
            let fields = self.fields(dump, row);
            push_folded_below(out, self.palette, column, below, &fields);
        }
        out.push('\n');
    }

    fn push_task(&self, out: &mut String, row: &Row, labels_above: &Labels) {
        let snapshot = &self.forest.dump.snapshot;
        push_number(out, row.id);
        out.push(' ');
        push_who_of(out, self.palette, snapshot, row);
        self.push_state(out, snapshot.bare_state(row), &self.state(row));
        push_labels(out, snapshot.labels_of(row), labels_above);
        push_task_locals(out, snapshot.task_locals_of(row));
    }

    fn push_state(&self, out: &mut String, state: State, text: &str) {
        let (color, end) = (self.palette.state(state), self.palette.end);
        push(out, format_args!("  {color}{text}{end}"));
    }

    fn state(&self, row: &Row) -> String {
        let dump = self.forest.dump;
        let snapshot = &dump.snapshot;
        let state = snapshot.state(row);
        let since = dump
            .now
            .and_then(|now| clock::since(row.change_tick(), now));
        StateText {
            state,
            runs_no_task: snapshot.runs_no_task(row),
            inner: self.inner.of(dump, row),
            since: &age_text(since),
            kernel: &kernel_text(dump.thread_of(row)),
            thread: &thread_text(state, name_of_thread(dump, row)),
            has_no_waker: snapshot.shape(row).has_no_waker(),
        }
        .text()
    }

    /// Returns the innermost frame, the future that the task waits for, and the spawn site.
    fn fields(&self, dump: &Dump, row: &Row) -> Vec<String> {
        let snapshot = &dump.snapshot;
        let stack = snapshot.stacks.get(snapshot.stack(row));
        let mut fields = innermost(&stack, &snapshot.role(row), &self.paths);
        fields.extend(dump.awaits_of(row).and_then(|awaits| leaf_text(awaits)));
        let site = snapshot.site(row);
        if site.is_real() {
            let mut spawned = "spawned ".to_owned();
            self.paths.push_site(&mut spawned, site);
            fields.push(spawned);
        }
        fields
    }

    /// Appends an ancestor, with the last name under which it has spawned.
    fn push_ancestor(&self, out: &mut String, node: Node) {
        let dump = self.forest.dump;
        push_number(out, node.id);
        out.push(' ');
        let name = LineContent::Ancestor(node).name(dump).unwrap_or_default();
        let role = role_text(node.site, dump.snapshot.role_of_node(&node));
        push_who(out, self.palette, &name, &role);
        self.push_absent(out, &node);
    }

    /// Appends the reason for which an ancestor is not in the dump.
    fn push_absent(&self, out: &mut String, node: &Node) {
        let why = if node.is_live() && !self.forest.dump.filter.is_empty() {
            "not selected"
        } else {
            "ended"
        };
        push(
            out,
            format_args!("  {}{why}{}", self.palette.faint, self.palette.end),
        );
    }

    /// Appends `9998 × wait  suspended 0.3 s to 5 m  tasks 12 to 10040 "a" … "z"`.
    fn push_equal(&self, out: &mut String, equal: &EqualSiblings, labels_above: &Labels) {
        let dump = self.forest.dump;
        let (first, last) = (
            self.forest.content(equal.first),
            self.forest.content(equal.last),
        );
        self.push_count(out, equal.count, &first, equal.since.ago(dump.now));
        push(out, format_args!("  tasks {} to {}", first.id(), last.id()));
        self.push_names(out, [first.name(dump), last.name(dump)]);
        let labels = [&first, &last].map(|end| end.labels(dump));
        push_ends(out, labels, labels_above);
    }

    /// Appends `16 × wait  suspended  such as task 12 "a"`. Such a line is below one that represents several tasks, each of
    /// which has as many children.
    fn push_below_equal(
        &self,
        out: &mut String,
        shown: &ShownLine<'_>,
        example: &LineContent<'_>,
        labels_above: &Labels,
    ) {
        let dump = self.forest.dump;
        self.push_count(out, shown.count(), example, None);
        push(out, format_args!("  such as task {}", example.id()));
        self.push_names(out, [example.name(dump), None]);
        if let LineContent::Task(row) = example {
            push_labels(out, dump.snapshot.labels_of(row), labels_above);
        }
    }

    /// Appends `9998 × wait  suspended 0.3 s to 5 m`.
    fn push_count(
        &self,
        out: &mut String,
        count: usize,
        example: &LineContent<'_>,
        since: Option<Ago>,
    ) {
        let dump = self.forest.dump;
        push_number(out, count as u64);
        out.push_str(" × ");
        push_who(out, self.palette, "", &site_role(example.site(dump)));
        match example {
            LineContent::Task(row) => {
                let state = dump.snapshot.bare_state(row);
                let text = states_text(state, dump.snapshot.runs_no_task(row), since);
                self.push_state(out, state, &text);
            }
            LineContent::Ancestor(node) => self.push_absent(out, node),
        }
    }

    fn push_names(&self, out: &mut String, [first, last]: [Option<String>; 2]) {
        let last = last.filter(|last| Some(last) != first.as_ref());
        let mut before = " ";
        for name in first.into_iter().chain(last) {
            let Palette {
                name: color, end, ..
            } = self.palette;
            push(out, format_args!("{before}{color}{name}{end}"));
            before = " … ";
        }
    }
}

/// Appends ` {tenant=acme}`, unless the line above has the same labels.
fn push_labels(out: &mut String, labels: &Labels, above: &Labels) {
    if labels != above {
        push(out, format_args!("  {{{labels}}}"));
    }
}

/// Appends `  [TENANT=acme]` if the value of a local is shown.
fn push_task_locals(out: &mut String, locals: &Labels) {
    if locals.iter().any(|local| local.shown_value().is_some()) {
        push(out, format_args!("  [{locals}]"));
    }
}

/// Appends ` {shard=1} … {shard=9}`, or the labels of one task if both are the same.
fn push_ends(out: &mut String, ends: [Option<&Labels>; 2], above: &Labels) {
    match ends {
        [Some(first), Some(last)] if first != last => {
            push(out, format_args!("  {{{first}}} … {{{last}}}"));
        }
        [first, _] => push_labels(out, first.unwrap_or(above), above),
    }
}
