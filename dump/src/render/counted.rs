//! Tasks counted by their stacks, for profiles and flame graphs.
//!
//! Both forms may have one stack several times, and are read as if it were there once. So memory is bounded:
//! what has been counted is handed on before it grows.

use std::collections::HashMap;

use crate::snapshot::classes::ClassRef;
use crate::snapshot::hash::IdHash;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::Dump;

/// How much is counted before it is handed on.
const MOST: usize = 4 * 1024;

/// So many tasks with the same stack, state and kind, of which the first stands for all.
pub(super) struct Counted<'a> {
    pub(super) row: &'a Row,
    pub(super) count: u64,
}

/// Which tasks may be counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alike {
    /// Those with the same stack.
    Stack,
    /// Those that have the same name, too.
    StackAndName,
}

/// Shows `f` all tasks of a dump, counted.
pub(super) fn for_each<'a, E>(
    dump: &'a Dump,
    alike: Alike,
    mut f: impl FnMut(Counted<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let lines = match alike {
        Alike::Stack => Lines::new(&dump.nodes),
        Alike::StackAndName => Lines::default(),
    };
    let mut known: HashMap<(u32, ClassRef), usize, IdHash> = HashMap::default();
    let mut counted: Vec<Counted<'a>> = Vec::new();
    for row in dump.rows() {
        if is_single(dump, row, alike) {
            f(Counted { row, count: 1 })?;
            continue;
        }
        let key = (lines.of(row.parent), row.class);
        if counted.len() == MOST && !known.contains_key(&key) {
            known.clear();
            counted.drain(..).try_for_each(&mut f)?;
        }
        let index = *known.entry(key).or_insert(counted.len());
        if index == counted.len() {
            counted.push(Counted { row, count: 0 });
        }
        counted[index].count += 1;
    }
    counted.into_iter().try_for_each(f)
}

/// Whether a task has something that no other has.
fn is_single(dump: &Dump, row: &Row, alike: Alike) -> bool {
    dump.nodes.is_external(row)
        || dump.nodes.cut(row) > 0
        || alike == Alike::StackAndName && dump.nodes.has_own(row)
}

/// For each node a number: from nodes with the same number on, lineages look the same, but for names.
#[derive(Default)]
struct Lines(Vec<u32>);

impl Lines {
    fn new(nodes: &Snapshot) -> Self {
        let mut known: HashMap<(u32, u64, u32), u32, IdHash> = HashMap::default();
        let mut lines = Lines(Vec::with_capacity(nodes.count()));
        for node in nodes.all() {
            if known.len() == MOST {
                known.clear();
            }
            let key = (lines.of(node.parent), node.site.address(), node.cut);
            let line = match node.is_external() {
                true => node.number,
                false => *known.entry(key).or_insert(node.number),
            };
            lines.0.push(line);
        }
        lines
    }

    /// Without numbers, each node is its own.
    fn of(&self, node: u32) -> u32 {
        self.0.get(node as usize).copied().unwrap_or(node)
    }
}
