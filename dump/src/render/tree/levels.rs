//! The walk through a forest, line by line.
//!
//! The walk uses no recursion, because a tree may be deeper than the stack. It keeps no list of lines to visit, because
//! a task may have a million children.

use super::forest::{After, Forest};
use super::line::LinePosition;
use super::siblings::{EqualSiblings, SubtreeHashes};

/// The state of the walk.
pub(super) struct Levels<'a> {
    forest: &'a Forest<'a>,
    /// `None` to show each line.
    hashes: Option<&'a SubtreeHashes>,
    depth: usize,
    /// The levels from the top to this one that have equal siblings.
    equal: Vec<Level>,
    /// The lines above this one that represent several tasks.
    many: Vec<Multiple>,
}

/// A line that represents several tasks.
struct Multiple {
    depth: usize,
    /// Minimum number of tasks that each line below it represents.
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
    /// The siblings that the line represents, if there are several.
    pub(super) equal: Option<&'a EqualSiblings>,
    /// Number of lines above that this one exists below: each of several equal ancestors has one like it.
    pub(super) times: usize,
}

impl ShownLine<'_> {
    /// Returns the number of tasks that the line represents.
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

    /// Calls `f` with each visible line, from the top down.
    ///
    /// # Errors
    ///
    /// Returns the errors of `f`.
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

    /// Enters the lines below one, and returns the first.
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

    /// Returns the line, unless another one represents it.
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

    /// Returns the minimum number of tasks that a line represents here.
    fn times(&self) -> usize {
        self.many.last().map_or(1, |many| many.times)
    }

    /// Returns the next line on this level or on one above.
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
