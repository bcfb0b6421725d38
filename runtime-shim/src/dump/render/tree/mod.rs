//! A dump as a tree by creation.

mod alike;
mod forest;
mod line;

use std::fmt;

use super::heading::Heading;
use super::palette::Palette;
use super::pieces::Pieces;
use super::threads;
use crate::dump::Dump;
use crate::label::Labels;

use alike::{Shapes, Siblings};
use forest::Forest;
use line::{push_indent, push_line, Place};

/// Displays a [`Dump`] as a tree: who spawned whom.
///
/// A line ends with the innermost frame of the task, which is where it waits. It has the labels of the task
/// where they are not those of the task above. Tasks that have ended are
/// shown where others descend from them. Where more than four children of a task are alike, with the same
/// site, state, stack and tasks below them, one line stands for all of them; what is below the first of them
/// follows.
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

    /// Whether to use colours; see [`wants_color`](super::wants_color).
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.palette = Palette::new(color);
        self
    }

    /// Whether each task has a line of its own, however many are alike.
    #[must_use]
    pub fn expanded(mut self, expanded: bool) -> Self {
        self.expanded = expanded;
        self
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Heading(self.dump))?;
        let forest = Forest::new(self.dump);
        let shapes = (!self.expanded).then(|| Shapes::new(&forest));
        let mut pieces = Pieces::new(f);
        for siblings in Siblings::of(&forest, shapes.as_ref(), forest.roots()) {
            self.write_below(&mut pieces, &forest, shapes.as_ref(), siblings)?;
        }
        pieces.finish()?;
        threads::write_section(f, self.dump, self.palette)?;
        writeln!(f, "\n{}", self.dump.coverage)
    }
}

impl Tree<'_> {
    /// Writes a root and all below it. Goes down by a list of what is still to be written, not by
    /// recursion: a tree may be deeper than the stack.
    fn write_below(
        &self,
        pieces: &mut Pieces<'_>,
        forest: &Forest<'_>,
        shapes: Option<&Shapes>,
        root: Siblings,
    ) -> fmt::Result {
        let mut to_come = vec![(root, Place::ROOT)];
        // For each level above, whether a line goes on there, and which labels there are.
        let (mut open, mut labels) = (Vec::new(), Vec::new());
        while let Some((siblings, place)) = to_come.pop() {
            open.truncate(place.depth);
            labels.truncate(place.depth);
            let above = labels.last().copied().unwrap_or(&Labels::NONE);
            push_indent(&mut pieces.out, &open, place);
            push_line(&mut pieces.out, self.palette, forest, &siblings, above);
            pieces.next()?;
            open.push(!place.last);
            let first = forest.entry(siblings.first());
            labels.push(first.labels(self.dump).unwrap_or(above));
            let below = Siblings::of(forest, shapes, forest.children(siblings.first()));
            let count = below.len();
            to_come.extend(
                (below.into_iter().enumerate().rev())
                    .map(|(index, below)| (below, place.below(index + 1 == count))),
            );
        }
        Ok(())
    }
}
