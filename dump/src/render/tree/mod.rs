//! A dump as a tree by creation.

mod forest;
mod levels;
mod line;
mod siblings;

use std::fmt;

use super::awaits;
use super::busiest;
use super::dropped;
use super::gone;
use super::inner_tasks::InnerTasks;
use super::output::ChunkedWriter;
use super::palette::Palette;
use super::paths::Paths;
use super::summary::{write_coverage, Summary};
use super::threads;
use crate::Dump;

use forest::Forest;
use levels::Levels;
use line::{indent_below, push_indent, Lines};
use siblings::SubtreeHashes;

/// Displays a [`Dump`] as a tree, with each task below its parent.
///
/// A line has the state of the task, the innermost frame, which is the place where it waits, and the spawn site. The frame
/// and the site continue on a second line if they have no room. A line shows labels if they differ from those of the parent.
/// Tasks that have ended are shown if they have live descendants.
///
/// If more than four children are equal in site, state, stack and descendants, one line stands for all of them. The
/// lines below it count the descendants of all of them, with one task as an example.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    dump: &'a Dump,
    palette: &'static Palette,
    expanded: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        Tree {
            dump,
            palette: Palette::new(false),
            expanded: false,
        }
    }

    /// Sets whether the output has colours; see [`should_colorize`](super::should_colorize).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// Sets whether each task has a line of its own, however many are equal.
    #[must_use]
    pub fn expanded(mut self, expanded: bool) -> Self {
        self.expanded = expanded;
        self
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Summary(self.dump))?;
        let forest = Forest::new(self.dump);
        let hashes = (!self.expanded).then(|| SubtreeHashes::new(&forest));
        let lines = Lines {
            palette: self.palette,
            forest: &forest,
            paths: Paths::of(&self.dump.snapshot),
            inner: InnerTasks::new(self.dump),
        };
        let mut writer = ChunkedWriter::new(f);
        // For each level above, whether a line goes on there.
        let mut open = Vec::new();
        Levels::new(&forest, hashes.as_ref()).for_each(|shown| {
            open.truncate(shown.place.depth);
            let start = writer.out.len();
            push_indent(&mut writer.out, &open, shown.place);
            let below = indent_below(&open, shown.place, forest.first_child(shown.line).is_some());
            lines.push(&mut writer.out, start, &shown, &below);
            open.push(!shown.place.last);
            writer.next()
        })?;
        writer.finish()?;
        busiest::write_section(f, self.dump, self.palette, &lines.paths)?;
        gone::write_section(f, self.dump, self.palette)?;
        dropped::write_section(f, self.dump)?;
        threads::write_section(f, self.dump, self.palette)?;
        awaits::write_section(f, self.dump)?;
        write_coverage(f, self.dump)
    }
}
