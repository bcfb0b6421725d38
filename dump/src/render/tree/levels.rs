//! Goes through a forest, line by line.
//!
//! Neither by recursion nor by a list of what is still to come, for a tree may be deeper than the stack, and a
//! task may have a million children.

use super::forest::{After, Forest};
use super::line::LinePosition;
use super::siblings::{EqualSiblings, SubtreeHashes};

/// The way through a forest.
pub(super) struct Levels<'a> {
    forest: &'a Forest<'a>,
    /// Without them each line is shown.
    hashes: Option<&'a SubtreeHashes>,
    depth: usize,
    /// Of the levels above and this one, those on which siblings are alike.
    equal: Vec<Level>,
    /// The lines above this one that stand for several.
    many: Vec<Multiple>,
}

/// A line that stands for several.
struct Multiple {
    depth: usize,
    /// For how many tasks each line below it stands, at the least.
    times: usize,
}

struct Level {
    depth: usize,
    equal: Vec<EqualSiblings>,
    /// The last line that is shown.
    last: u32,
}

/// A line that is shown.
pub(super) struct ShownLine<'a> {
    pub(super) line: u32,
    pub(super) place: LinePosition,
    /// For which siblings it stands, if it does.
    pub(super) equal: Option<&'a EqualSiblings>,
    /// For how many it stands besides: lines above stand for several, and below each of these is one like it.
    pub(super) times: usize,
}

impl ShownLine<'_> {
    /// For how many tasks it stands.
    pub(super) fn count(&self) -> usize {
        self.times * self.equal.map_or(1, |equal| equal.count)
    }
}

impl<'a> Levels<'a> {
    pub(super) fn new(forest: &'a Forest<'a>, hashes: Option<&'a SubtreeHashes>) -> Self {
        Levels {
            forest,
            hashes,
            depth: 0,
            equal: Vec::new(),
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
        mut f: impl FnMut(ShownLine<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = self.enter(self.forest.top());
        while let Some(line) = next {
            let shown = self.shown(line);
            let times = shown.as_ref().map(ShownLine::count);
            shown.map_or(Ok(()), &mut f)?;
            let below = times.filter(|_| self.forest.first_child(line).is_some());
            next = match below {
                Some(times) => {
                    if times > self.times() {
                        let depth = self.depth;
                        self.many.push(Multiple { depth, times });
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
        if let Some(hashes) = self.hashes {
            let equal = EqualSiblings::below(self.forest, hashes, parent);
            if !equal.is_empty() {
                let is_shown = |&line: &u32| {
                    EqualSiblings::with(&equal, hashes, line)
                        .is_none_or(|equal| equal.first == line)
                };
                let last = self.forest.children(parent).filter(is_shown).last();
                self.equal.extend(last.map(|last| Level {
                    depth: self.depth,
                    last,
                    equal,
                }));
            }
        }
        self.forest.first_child(parent)
    }

    /// The line, unless another one stands for it.
    fn shown(&self, line: u32) -> Option<ShownLine<'_>> {
        let level = self.equal.last().filter(|level| level.depth == self.depth);
        let last = match level {
            Some(level) => level.last == line,
            None => matches!(self.forest.after(line), After::Parent(_)),
        };
        let equal = level
            .zip(self.hashes)
            .and_then(|(level, hashes)| EqualSiblings::with(&level.equal, hashes, line));
        let (depth, times) = (self.depth, self.times());
        let place = LinePosition { depth, last };
        equal
            .is_none_or(|equal| equal.first == line)
            .then_some(ShownLine {
                line,
                place,
                equal,
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
            self.equal.pop_if(|level| level.depth == self.depth);
            self.depth = self.depth.checked_sub(1)?;
            self.many.pop_if(|many| many.depth == self.depth);
        }
    }
}
