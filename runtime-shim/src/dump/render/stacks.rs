//! Tasks counted by where they stand: what profiles and flame graphs show.
//!
//! The frames of a task are, from the inside out, itself and its lineage.

use std::collections::HashMap;
use std::mem::{discriminant, Discriminant};

use super::cache::address;
use crate::dump::nodes::{IdHash, Nodes};
use crate::dump::row::Row;
use crate::dump::Dump;
use crate::kind::Kind;
use crate::site::Site;
use crate::task::State;

/// A frame.
pub(super) enum Frame<'a> {
    /// A task or an ancestor, by its role and its site.
    Role(
        &'a str,
        #[cfg_attr(not(feature = "pprof"), expect(dead_code, reason = "for profiles"))]
        &'static Site,
    ),
    /// So many ancestors left out.
    Cut(u64),
    /// The rest is not known.
    Lost,
}

/// Shows `f` the frames of a task, innermost first.
pub(super) fn for_each_frame(nodes: &Nodes, row: &Row, mut f: impl FnMut(Frame<'_>)) {
    f(Frame::Role(&nodes.role(row), row.site));
    for (node, cut) in nodes.shown_line(row) {
        if cut > 0 {
            f(Frame::Cut(cut));
        }
        f(Frame::Role(node.role(), node.site));
    }
    if !nodes.is_complete(row) {
        f(Frame::Lost);
    }
}

/// Tasks with the same frames, state and kind, and the same inherited name, of which the first
/// stands for all.
pub(super) struct Stack<'a> {
    pub(super) row: &'a Row,
    pub(super) count: u64,
}

/// Counts the tasks of a dump by their stacks. Those that have a name of their own are left out, and
/// such as have nothing in common with others: [`single`] has them.
pub(super) fn shared(dump: &Dump) -> Vec<Stack<'_>> {
    let mut known: HashMap<Key, u32, IdHash> = HashMap::default();
    let mut stacks: Vec<Stack<'_>> = Vec::new();
    for row in dump.rows.iter().filter(|row| !is_single(row)) {
        let index = *known.entry(Key::of(row)).or_insert_with(|| {
            stacks.push(Stack { row, count: 0 });
            stacks.len() as u32 - 1
        });
        stacks[index as usize].count += 1;
    }
    stacks
}

/// The tasks that each have a stack of their own.
pub(super) fn single(dump: &Dump) -> impl Iterator<Item = Stack<'_>> {
    let rows = dump.rows.iter().filter(|row| is_single(row));
    rows.map(|row| Stack { row, count: 1 })
}

fn is_single(row: &Row) -> bool {
    row.has_extra || row.site.kind() == Kind::Foreign
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    parent: u32,
    site: usize,
    state: Discriminant<State>,
    kind: Kind,
}

impl Key {
    fn of(row: &Row) -> Self {
        Key {
            parent: row.parent_unless_extra(),
            site: address(row.site),
            state: discriminant(&row.bare_state()),
            kind: row.kind(),
        }
    }
}
