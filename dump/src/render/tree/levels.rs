//! Goes through a forest, line by line.
//!
//! Neither by recursion nor by a list of what is still to come, for a tree may be deeper than the stack, and a
//! task may have a million children.

use super::alike::{Alike, Shapes};
use super::forest::{After, Forest};
use super::line::Place;

/// The way through a forest.
pub(super) struct Levels<'a> {
    forest: &'a Forest<'a>,
    /// Without them each line is shown.
    shapes: Option<&'a Shapes>,
    depth: usize,
    /// Of the levels above and this one, those on which siblings are alike.
    alike: Vec<Level>,
    /// The lines above this one that stand for several.
    many: Vec<Many>,
}

/// A line that stands for several.
struct Many {
    depth: usize,
    /// For how many tasks each line below it stands, at the least.
    times: usize,
}

struct Level {
    depth: usize,
    alike: Vec<Alike>,
    /// The last line that is shown.
    last: u32,
}

/// A line that is shown.
pub(super) struct Shown<'a> {
    pub(super) line: u32,
    pub(super) place: Place,
    /// For which siblings it stands, if it does.
    pub(super) alike: Option<&'a Alike>,
    /// For how many it stands besides: lines above stand for several, and below each of these is one like it.
    pub(super) times: usize,
}

impl Shown<'_> {
    /// For how many tasks it stands.
    pub(super) fn count(&self) -> usize {
        self.times * self.alike.map_or(1, |alike| alike.count)
    }
}

impl<'a> Levels<'a> {
    pub(super) fn new(forest: &'a Forest<'a>, shapes: Option<&'a Shapes>) -> Self {
        Levels {
            forest,
            shapes,
            depth: 0,
            alike: Vec::new(),
            many: Vec::new(),
        }
    }

    /// Shows `f` each line that is to be shown, from the top down.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    pub(super) fn for_each<E>(
        mut self,
        mut f: impl FnMut(Shown<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = self.enter(self.forest.top());
        while let Some(line) = next {
            let shown = self.shown(line);
            let times = shown.as_ref().map(Shown::count);
            shown.map_or(Ok(()), &mut f)?;
            let below = times.filter(|_| self.forest.first_child(line).is_some());
            next = match below {
                Some(times) => {
                    if times > self.times() {
                        let depth = self.depth;
                        self.many.push(Many { depth, times });
                    }
                    self.depth += 1;
                    self.enter(line)
                }
                None => self.after(line),
            };
        }
        Ok(())
    }

    /// Begins with the lines below one. Returns the first.
    fn enter(&mut self, parent: u32) -> Option<u32> {
        if let Some(shapes) = self.shapes {
            let alike = Alike::below(self.forest, shapes, parent);
            if !alike.is_empty() {
                let is_shown = |&line: &u32| {
                    Alike::with(&alike, shapes, line).is_none_or(|alike| alike.first == line)
                };
                let last = self.forest.children(parent).filter(is_shown).last();
                self.alike.extend(last.map(|last| Level {
                    depth: self.depth,
                    last,
                    alike,
                }));
            }
        }
        self.forest.first_child(parent)
    }

    /// The line, unless another one stands for it.
    fn shown(&self, line: u32) -> Option<Shown<'_>> {
        let level = self.alike.last().filter(|level| level.depth == self.depth);
        let last = match level {
            Some(level) => level.last == line,
            None => matches!(self.forest.after(line), After::Parent(_)),
        };
        let alike = level
            .zip(self.shapes)
            .and_then(|(level, shapes)| Alike::with(&level.alike, shapes, line));
        let (depth, times) = (self.depth, self.times());
        let place = Place { depth, last };
        alike
            .is_none_or(|alike| alike.first == line)
            .then_some(Shown {
                line,
                place,
                alike,
                times,
            })
    }

    /// For how many tasks a line stands here, at the least.
    fn times(&self) -> usize {
        self.many.last().map_or(1, |many| many.times)
    }

    /// The next line on this level or on one above.
    fn after(&mut self, mut line: u32) -> Option<u32> {
        loop {
            match self.forest.after(line) {
                After::Sibling(next) => return Some(next),
                After::Parent(parent) => line = parent,
            }
            self.alike.pop_if(|level| level.depth == self.depth);
            self.depth = self.depth.checked_sub(1)?;
            self.many.pop_if(|many| many.depth == self.depth);
        }
    }
}
