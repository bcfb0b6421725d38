//! Which siblings are alike, so that one line can stand for all of them.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap};
use std::mem::{discriminant, Discriminant};

use super::forest::{Entry, Forest};
use crate::dump::render::cache::address;
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
    Task(usize, Discriminant<State>),
    Ended(usize),
    /// Threads that instrumented code has not spawned have but their names in common.
    Only(u32),
}

impl Shapes {
    pub(super) fn new(forest: &Forest<'_>) -> Self {
        let mut known = HashMap::new();
        let mut shapes = Shapes(vec![0; forest.len()]);
        for line in from_below(forest) {
            let shape = Shape {
                what: What::of(forest, line),
                below: shapes.count(forest.children(line)),
            };
            let next = known.len() as u32;
            shapes.0[line as usize] = *known.entry(shape).or_insert(next);
        }
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
        let site = entry.site();
        match entry {
            _ if site.kind() == Kind::Foreign => What::Only(line),
            Entry::Task(row) => What::Task(address(site), discriminant(&row.bare_state())),
            Entry::Ancestor(_) => What::Ended(address(site)),
        }
    }
}

/// All lines, each after those below it.
fn from_below(forest: &Forest<'_>) -> impl Iterator<Item = u32> {
    let mut lines = Vec::with_capacity(forest.len());
    lines.extend(forest.roots());
    let mut done = 0;
    while let Some(&line) = lines.get(done) {
        lines.extend(forest.children(line));
        done += 1;
    }
    lines.into_iter().rev()
}

/// Siblings that have one line.
pub(super) struct Siblings {
    pub(super) first: u32,
    pub(super) rest: Vec<u32>,
}

impl Siblings {
    /// The lines for some siblings, in the order in which the first of each comes.
    pub(super) fn of(forest: &Forest<'_>, shapes: Option<&Shapes>, lines: &[u32]) -> Vec<Self> {
        let alone = lines.iter().copied().map(Siblings::alone);
        let Some(shapes) = shapes.filter(|_| lines.len() > MOST_ALIKE) else {
            return alone.collect();
        };
        let mut groups: Vec<Siblings> = Vec::new();
        let mut known = HashMap::new();
        for one in alone {
            match known.entry(shapes.0[one.first as usize]) {
                MapEntry::Vacant(group) => {
                    group.insert(groups.len());
                    groups.push(one);
                }
                MapEntry::Occupied(group) => groups[*group.get()].rest.push(one.first),
            }
        }
        let mut all: Vec<_> = groups
            .into_iter()
            .flat_map(Siblings::apart_if_few)
            .collect();
        all.sort_by_key(|siblings| forest.entry(siblings.first).id());
        all
    }

    fn alone(line: u32) -> Self {
        Siblings {
            first: line,
            rest: Vec::new(),
        }
    }

    fn apart_if_few(mut self) -> impl Iterator<Item = Self> {
        let apart = if self.rest.len() < MOST_ALIKE {
            std::mem::take(&mut self.rest)
        } else {
            Vec::new()
        };
        std::iter::once(self).chain(apart.into_iter().map(Siblings::alone))
    }

    pub(super) fn last(&self) -> u32 {
        self.rest.last().copied().unwrap_or(self.first)
    }
}
