//! Which siblings are alike, so that one line can stand for all of them.

use std::collections::{BTreeMap, HashMap};
use std::mem::{discriminant, Discriminant};

use super::forest::{Entry, Forest};
use crate::dump::render::cache::address;
use crate::dump::render::range::Range;
use crate::kind::Kind;
use crate::task::State;

/// How many alike siblings have a line each.
const MOST_ALIKE: usize = 4;

/// For each line a number: lines with the same number have the same shape, and so have those below
/// them, one by one.
pub(super) struct Shapes(Vec<u32>);

/// What makes a shape.
#[derive(PartialEq, Eq, Hash)]
struct Shape {
    what: What,
    /// The shapes of the children, and how many there are of each.
    below: Box<[(u32, u32)]>,
}

#[derive(PartialEq, Eq, Hash)]
enum What {
    /// By site, state and stack.
    Task(usize, Discriminant<State>, u32),
    Ended(usize),
    /// Threads that instrumented code has not spawned have but their names in common.
    Only(u32),
}

impl Shapes {
    pub(super) fn new(forest: &Forest<'_>) -> Self {
        let mut known = HashMap::new();
        let mut shapes = Shapes(vec![0; forest.len()]);
        each_from_below(forest, |line| {
            let shape = Shape {
                what: What::of(forest, line),
                below: shapes.count(forest.children(line)),
            };
            let next = known.len() as u32;
            shapes.0[line as usize] = *known.entry(shape).or_insert(next);
        });
        shapes
    }

    fn count(&self, lines: &[u32]) -> Box<[(u32, u32)]> {
        let mut counts = BTreeMap::new();
        for &line in lines {
            *counts.entry(self.0[line as usize]).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

impl What {
    fn of(forest: &Forest<'_>, line: u32) -> Self {
        let entry = forest.entry(line);
        let site = entry.site(forest.dump);
        match entry {
            _ if site.kind() == Kind::Foreign => What::Only(line),
            Entry::Task(row) => What::Task(
                address(site),
                discriminant(&row.bare_state()),
                row.stack.key(),
            ),
            Entry::Ancestor(_) => What::Ended(address(site)),
        }
    }
}

/// Shows `f` all lines, each after those below it. Goes down by a list of where it is, not by recursion: a tree
/// may be deeper than the stack.
fn each_from_below(forest: &Forest<'_>, mut f: impl FnMut(u32)) {
    // Lines with how many of their children have been shown.
    let mut path: Vec<(u32, u32)> = Vec::new();
    for &root in forest.roots() {
        path.push((root, 0));
        while let Some((line, shown)) = path.last_mut() {
            match forest.children(*line).get(*shown as usize) {
                Some(&child) => {
                    *shown += 1;
                    path.push((child, 0));
                }
                None => {
                    f(*line);
                    path.pop();
                }
            }
        }
    }
}

/// Siblings that have one line.
#[derive(Clone, Copy)]
pub(super) struct Siblings {
    /// The first few of them.
    lines: [u32; MOST_ALIKE],
    pub(super) last: u32,
    pub(super) count: usize,
    /// When they came into their states.
    pub(super) since: Range,
}

impl Siblings {
    /// The lines for some siblings, in the order in which the first of each comes.
    pub(super) fn of(forest: &Forest<'_>, shapes: Option<&Shapes>, lines: &[u32]) -> Vec<Self> {
        let Some(shapes) = shapes.filter(|_| lines.len() > MOST_ALIKE) else {
            return lines.iter().map(|&line| Siblings::one(line)).collect();
        };
        let mut groups: Vec<Siblings> = Vec::new();
        let mut known = HashMap::new();
        for &line in lines {
            let group = known.entry(shapes.0[line as usize]).or_insert(groups.len());
            if *group == groups.len() {
                groups.push(Siblings::none());
            }
            groups[*group].add(forest, line);
        }
        let mut all: Vec<_> = groups.iter().flat_map(Siblings::apart_if_few).collect();
        all.sort_by_key(|siblings| forest.entry(siblings.first()).id());
        all
    }

    fn none() -> Self {
        Siblings {
            lines: [0; MOST_ALIKE],
            last: 0,
            count: 0,
            since: Range::default(),
        }
    }

    fn one(line: u32) -> Self {
        Siblings {
            lines: [line; MOST_ALIKE],
            last: line,
            count: 1,
            ..Siblings::none()
        }
    }

    fn add(&mut self, forest: &Forest<'_>, line: u32) {
        if let Some(place) = self.lines.get_mut(self.count) {
            *place = line;
        }
        self.last = line;
        self.count += 1;
        if let Entry::Task(row) = forest.entry(line) {
            self.since.add(row.status >> 32);
        }
    }

    fn apart_if_few(&self) -> Vec<Self> {
        match self.lines.get(..self.count) {
            Some(few) => few.iter().map(|&line| Siblings::one(line)).collect(),
            None => vec![*self],
        }
    }

    pub(super) fn first(&self) -> u32 {
        self.lines[0]
    }
}
