//! Tasks counted by their stacks, for profiles and flame graphs.
//!
//! Readers of both forms add up the counts of a stack that occurs several times. So memory is bounded: counts are
//! passed on when there are [`MAX_AGGREGATES`] of them.

use std::collections::HashMap;

use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::compact::shapes::ShapeRef;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::Dump;

/// Maximum number of stacks that are counted before the counts are passed on.
const MAX_AGGREGATES: usize = 4 * 1024;

/// A number of tasks with the same stack, state and kind. The first one represents them.
pub(super) struct Aggregate<'a> {
    pub(super) row: &'a Row,
    pub(super) count: u64,
}

/// The condition under which tasks are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupBy {
    /// Their stacks are equal.
    Stack,
    /// Their stacks and names are equal.
    StackAndName,
}

/// Calls `f` with all tasks of a dump, counted.
pub(super) fn for_each<'a, E>(
    dump: &'a Dump,
    group_by: GroupBy,
    mut f: impl FnMut(Aggregate<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let lineages = match group_by {
        GroupBy::Stack => LineageKeys::new(&dump.snapshot),
        GroupBy::StackAndName => LineageKeys::default(),
    };
    let mut known: HashMap<(u32, ShapeRef), usize, IdHash> = HashMap::default();
    let mut aggregates: Vec<Aggregate<'a>> = Vec::new();
    for row in dump.rows() {
        if is_single(dump, row, group_by) {
            f(Aggregate { row, count: 1 })?;
            continue;
        }
        let key = (lineages.of(row.parent), row.shape);
        if aggregates.len() == MAX_AGGREGATES && !known.contains_key(&key) {
            known.clear();
            aggregates.drain(..).try_for_each(&mut f)?;
        }
        let index = *known.entry(key).or_insert(aggregates.len());
        if index == aggregates.len() {
            aggregates.push(Aggregate { row, count: 0 });
        }
        aggregates[index].count += 1;
    }
    aggregates.into_iter().try_for_each(f)
}

/// Returns `true` if no other task can be counted with this one.
fn is_single(dump: &Dump, row: &Row, group_by: GroupBy) -> bool {
    dump.snapshot.is_external(row)
        || dump.awaits_of(row).is_some()
        || dump.snapshot.elided(row) > 0
        || group_by == GroupBy::StackAndName && dump.snapshot.has_own(row)
}

/// A number for each node. Lineages from nodes with equal numbers look the same, except for names.
#[derive(Default)]
struct LineageKeys(Vec<u32>);

impl LineageKeys {
    fn new(snapshot: &Snapshot) -> Self {
        let mut known: HashMap<(u32, u64, u32), u32, IdHash> = HashMap::default();
        let mut lineages = LineageKeys(Vec::with_capacity(snapshot.count()));
        for node in snapshot.all() {
            if known.len() == MAX_AGGREGATES {
                known.clear();
            }
            let key = (lineages.of(node.parent), node.site.address(), node.elided);
            let line = match node.is_external() {
                true => node.number,
                false => *known.entry(key).or_insert(node.number),
            };
            lineages.0.push(line);
        }
        lineages
    }

    /// Returns the number of a node. If none were computed, each node has its own.
    fn of(&self, node: u32) -> u32 {
        self.0.get(node as usize).copied().unwrap_or(node)
    }
}
