//! A dump as a tree by creation.

use std::collections::HashMap;
use std::fmt::{self, Write};

use super::text::{write_heading, write_label};
use super::Dump;
use crate::task::{Name, Task};

/// Displays a [`Dump`] as a tree: who spawned whom.
///
/// Tasks that have ended are shown where others descend from them.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a>(pub(super) &'a Dump);

/// A line of the tree: a live task, or an ancestor that has ended.
enum Line<'a> {
    Live(Task),
    Ended(Ancestor<'a>),
}

/// An ancestor that has ended, under the name that it had when it last spawned.
struct Ancestor<'a> {
    id: u64,
    role: &'a str,
    name: Option<Name>,
}

/// The lines by id, and for each task those that it spawned, in the order of their ids.
struct Forest<'a> {
    lines: HashMap<u64, Line<'a>>,
    children: HashMap<u64, Vec<u64>>,
    roots: Vec<u64>,
}

impl<'a> Forest<'a> {
    fn new(dump: &'a Dump) -> Self {
        let live = dump
            .rows
            .iter()
            .map(|row| (row.id, Line::Live(dump.nodes.task(row, dump.now))));
        let mut forest = Forest {
            lines: live.collect(),
            children: HashMap::new(),
            roots: Vec::new(),
        };
        for row in &dump.rows {
            forest.place(
                row.id,
                dump.nodes.line(row).map(|(node, _)| Ancestor {
                    id: node.id,
                    role: node.role(),
                    name: dump.nodes.get_name(node.name, None),
                }),
            );
        }
        forest.roots.sort_unstable();
        forest
            .children
            .values_mut()
            .for_each(|children| children.sort_unstable());
        forest
    }

    /// Puts a task under its parent, and those ancestors that are not in the tree yet.
    fn place(&mut self, mut id: u64, line: impl Iterator<Item = Ancestor<'a>>) {
        for ancestor in line {
            let parent = ancestor.id;
            self.children.entry(parent).or_default().push(id);
            if self.lines.contains_key(&parent) {
                return;
            }
            self.lines.insert(parent, Line::Ended(ancestor));
            id = parent;
        }
        self.roots.push(id);
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_heading(f, self.0)?;
        writeln!(f)?;
        let forest = Forest::new(self.0);
        for &root in &forest.roots {
            write_tree(f, &forest, root)?;
        }
        writeln!(f, "\n{}", self.0.coverage)
    }
}

/// Writes a root and all below it. Goes down by a list of what is still to be written, not by
/// recursion: a tree may be deeper than the stack.
fn write_tree(f: &mut fmt::Formatter<'_>, forest: &Forest<'_>, root: u64) -> fmt::Result {
    // What is to come: the id, and for each level above whether a line goes on there.
    let mut to_come = vec![(root, 0, true)];
    let mut open = Vec::new();
    while let Some((id, depth, last)) = to_come.pop() {
        open.truncate(depth);
        write_indent(f, &open, depth, last)?;
        if let Some(line) = forest.lines.get(&id) {
            write_line(f, line)?;
        }
        open.push(!last);
        let children = forest.children.get(&id).map_or(&[][..], Vec::as_slice);
        to_come.extend(
            children
                .iter()
                .enumerate()
                .rev()
                .map(|(n, &child)| (child, depth + 1, n + 1 == children.len())),
        );
    }
    Ok(())
}

/// Deeper levels are shown by number: an indent for each would fill the line.
const MOST_INDENT: usize = 40;

fn write_indent(
    f: &mut fmt::Formatter<'_>,
    open: &[bool],
    depth: usize,
    last: bool,
) -> fmt::Result {
    if depth == 0 {
        return Ok(());
    }
    if depth > MOST_INDENT {
        write!(f, "(level {depth}) ")?;
    }
    let levels = &open[1.min(open.len())..];
    for &goes_on in &levels[levels.len().saturating_sub(MOST_INDENT)..] {
        f.write_str(if goes_on { "│  " } else { "   " })?;
    }
    f.write_str(if last { "└─ " } else { "├─ " })
}

fn write_line(f: &mut fmt::Formatter<'_>, line: &Line<'_>) -> fmt::Result {
    match line {
        Line::Live(task) => {
            write!(f, "{} ", task.id)?;
            write_label(f, task)?;
            if let Some(site) = task.site() {
                write!(f, " {site}")?;
            }
        }
        Line::Ended(Ancestor { id, role, name }) => {
            write!(f, "{id} ")?;
            if let Some(name) = name {
                write!(f, "{name} ")?;
            }
            crate::escape::escape(role, f)?;
            f.write_str(" [ended]")?;
        }
    }
    f.write_char('\n')
}
