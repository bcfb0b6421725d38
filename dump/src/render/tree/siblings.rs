//! Equal siblings, for which one line is shown.

use std::hash::{Hash, Hasher};
use std::mem::{discriminant, Discriminant};

use super::forest::{After, Forest, LineContent};
use crate::render::range::TickRange;
use crate::snapshot::compact::hash::{mixed, IdHasher};
use crate::State;
use birthmark_core::Kind;

/// Maximum number of equal siblings that have a line each.
const MAX_EQUAL: usize = 4;

/// A hash of each line and all lines below it. Lines with the same hash are equal.
///
/// Different lines have the same hash once in 2^64 comparisons. To compare the lines themselves would take several
/// times the memory of the tasks.
pub(super) struct SubtreeHashes(Vec<u64>);

#[derive(Hash)]
enum NodeShape {
    /// By site, state, stack and await stack; the flag is `true` if the task runs no recorded task.
    Task(u64, Discriminant<State>, u32, u64, bool),
    Ended(u64),
    /// An external thread, by its line, because such threads share nothing.
    Only(u32),
}

impl SubtreeHashes {
    pub(super) fn new(forest: &Forest<'_>) -> Self {
        let mut hashes = SubtreeHashes(vec![0; forest.len()]);
        each_from_below(forest, |line| {
            let mut hasher = IdHasher::default();
            NodeShape::of(forest, line).hash(&mut hasher);
            // In whichever order they come.
            let below = forest.children(line).map(|child| hashes.of(child));
            let below = below.fold(0, u64::wrapping_add);
            hashes.0[line as usize] = mixed(mixed(hasher.finish()).wrapping_add(below));
        });
        hashes
    }

    fn of(&self, line: u32) -> u64 {
        self.0[line as usize]
    }
}

impl NodeShape {
    fn of(forest: &Forest<'_>, line: u32) -> Self {
        let (snapshot, content) = (&forest.dump.snapshot, forest.content(line));
        let site = content.site(forest.dump);
        match content {
            _ if site.kind() == Kind::External => NodeShape::Only(line),
            LineContent::Task(row) => NodeShape::Task(
                site.address(),
                discriminant(&snapshot.bare_state(row)),
                snapshot.stack(row).key(),
                forest.dump.await_place(row),
                snapshot.runs_no_task(row),
            ),
            LineContent::Ancestor(_) => NodeShape::Ended(site.address()),
        }
    }
}

/// Calls `f` with all lines, each after those below it.
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

/// More than [`MAX_EQUAL`] equal siblings, which share one line.
pub(super) struct EqualSiblings {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) count: usize,
    /// The ticks at which they came into their states.
    pub(super) since: TickRange,
}

impl EqualSiblings {
    /// Returns the equal siblings below a line, by their hash.
    pub(super) fn below(forest: &Forest<'_>, hashes: &SubtreeHashes, line: u32) -> Vec<Self> {
        let count = forest.children(line).count();
        if count <= MAX_EQUAL {
            return Vec::new();
        }
        let mut lines = Vec::with_capacity(count);
        lines.extend(forest.children(line));
        lines.sort_unstable_by_key(|&line| (hashes.of(line), forest.content(line).id()));
        let equal = lines.chunk_by(|&a, &b| hashes.of(a) == hashes.of(b));
        let many = equal.filter(|lines| lines.len() > MAX_EQUAL);
        many.map(|lines| EqualSiblings::of(forest, lines)).collect()
    }

    fn of(forest: &Forest<'_>, lines: &[u32]) -> Self {
        let mut since = TickRange::default();
        for &line in lines {
            if let LineContent::Task(row) = forest.content(line) {
                since.add(row.since.into());
            }
        }
        EqualSiblings {
            first: lines[0],
            last: lines[lines.len() - 1],
            count: lines.len(),
            since,
        }
    }

    /// Returns the siblings that a line belongs to.
    pub(super) fn with<'a>(all: &'a [Self], hashes: &SubtreeHashes, line: u32) -> Option<&'a Self> {
        let shape = hashes.of(line);
        let place = all.binary_search_by_key(&shape, |equal| hashes.of(equal.first));
        Some(&all[place.ok()?])
    }
}
