//! Which siblings are alike, so that one line can stand for all of them.

use std::hash::{Hash, Hasher};
use std::mem::{discriminant, Discriminant};

use super::forest::{After, Entry, Forest};
use crate::render::range::Range;
use crate::snapshot::hash::{mixed, IdHasher};
use crate::State;
use birthmark_core::Kind;

/// How many alike siblings have a line each.
const MOST_ALIKE: usize = 4;

/// For each line a number of 64 bits: lines with the same one have the same shape, and so have those below
/// them, one by one. (It is a hash, so that different shapes are taken for alike once in 2^64 comparisons. To
/// know them all would take several times the memory of the tasks.)
pub(super) struct Shapes(Vec<u64>);

#[derive(Hash)]
enum What {
    /// By site, state, stack, and whether it runs no task.
    Task(u64, Discriminant<State>, u32, bool),
    Ended(u64),
    /// Threads that instrumented code has not spawned have but their names in common.
    Only(u32),
}

impl Shapes {
    pub(super) fn new(forest: &Forest<'_>) -> Self {
        let mut shapes = Shapes(vec![0; forest.len()]);
        each_from_below(forest, |line| {
            let mut hasher = IdHasher::default();
            What::of(forest, line).hash(&mut hasher);
            // In whichever order they come.
            let below = forest.children(line).map(|child| shapes.of(child));
            let below = below.fold(0, u64::wrapping_add);
            shapes.0[line as usize] = mixed(mixed(hasher.finish()).wrapping_add(below));
        });
        shapes
    }

    fn of(&self, line: u32) -> u64 {
        self.0[line as usize]
    }
}

impl What {
    fn of(forest: &Forest<'_>, line: u32) -> Self {
        let (nodes, entry) = (&forest.dump.nodes, forest.entry(line));
        let site = entry.site(forest.dump);
        match entry {
            _ if site.kind() == Kind::External => What::Only(line),
            Entry::Task(row) => What::Task(
                site.address(),
                discriminant(&nodes.bare_state(row)),
                nodes.stack(row).key(),
                nodes.runs_no_task(row),
            ),
            Entry::Ancestor(_) => What::Ended(site.address()),
        }
    }
}

/// Shows `f` all lines, each after those below it.
fn each_from_below(forest: &Forest<'_>, mut f: impl FnMut(u32)) {
    let deepest = |mut line: u32| {
        while let Some(child) = forest.first_child(line) {
            line = child;
        }
        line
    };
    let mut line = deepest(forest.top());
    while line != forest.top() {
        f(line);
        line = match forest.after(line) {
            After::Sibling(next) => deepest(next),
            After::Parent(parent) => parent,
        };
    }
}

/// Siblings that have one line: more than a few.
pub(super) struct Alike {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) count: usize,
    /// When they came into their states.
    pub(super) since: Range,
}

impl Alike {
    /// Those among the lines below one, by their shapes.
    pub(super) fn below(forest: &Forest<'_>, shapes: &Shapes, line: u32) -> Vec<Self> {
        let count = forest.children(line).count();
        if count <= MOST_ALIKE {
            return Vec::new();
        }
        let mut lines = Vec::with_capacity(count);
        lines.extend(forest.children(line));
        lines.sort_unstable_by_key(|&line| (shapes.of(line), forest.entry(line).id()));
        let alike = lines.chunk_by(|&a, &b| shapes.of(a) == shapes.of(b));
        let many = alike.filter(|lines| lines.len() > MOST_ALIKE);
        many.map(|lines| Alike::of(forest, lines)).collect()
    }

    fn of(forest: &Forest<'_>, lines: &[u32]) -> Self {
        let mut since = Range::default();
        for &line in lines {
            if let Entry::Task(row) = forest.entry(line) {
                since.add(row.since.into());
            }
        }
        Alike {
            first: lines[0],
            last: lines[lines.len() - 1],
            count: lines.len(),
            since,
        }
    }

    /// Those to which a line belongs.
    pub(super) fn with<'a>(all: &'a [Self], shapes: &Shapes, line: u32) -> Option<&'a Self> {
        let shape = shapes.of(line);
        let place = all.binary_search_by_key(&shape, |alike| shapes.of(alike.first));
        Some(&all[place.ok()?])
    }
}
