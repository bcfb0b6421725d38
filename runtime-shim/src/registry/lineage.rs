//! Keeps lineage bounded: a task that respawns itself for ever has an ancestor per generation.
//!
//! A slot stays as long as others descend from it. Every [`GENERATIONS`](super::block::GENERATIONS)
//! births deep, the newborn's spawner looks up its own lineage; beyond the nearest [`KEPT`]
//! ancestors, those that have ended and that only one node refers to are taken out, and the node
//! below them counts how many. So the near and the far end of a lineage stay, and the gap between
//! them is marked.

use std::sync::atomic::{AtomicBool, Ordering};

use super::block::Store;
use super::root::ARENA;
use super::slot::{state, Slot};

/// Ancestors that are always kept.
const KEPT: usize = 16;
/// How far beyond them one look goes.
const REACH: usize = 64;

/// Only one thread takes ancestors out at a time, so that two that look up the same lineage do not
/// meet. Others do not wait: they look again when they are 16 generations deeper.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Takes superfluous ancestors of `newborn` out.
#[cold]
pub(crate) fn cut(store: &Store, newborn: &'static Slot) {
    if BUSY.swap(true, Ordering::Acquire) {
        return;
    }
    let mut below = newborn;
    let mut named = false;
    for distance in 0..KEPT + REACH {
        let Some(node) = below.parent.get() else {
            break;
        };
        if distance >= KEPT && is_superfluous(below, node, named) {
            take_out(store, below, node);
        } else {
            named |= node.is_name();
            below = node;
        }
    }
    BUSY.store(false, Ordering::Release);
}

/// Whether nobody would miss `node` but the one node below it. A name is missed if it is the
/// nearest one, which those below have inherited; a task is, by its own name.
fn is_superfluous(below: &'static Slot, node: &'static Slot, named: bool) -> bool {
    let is_over = if node.is_name() {
        named
    } else {
        node.state() >= state::COMPLETED && !below.is_name()
    };
    is_over && node.refs(Ordering::Acquire) == 1
}

/// Links `below` past `node`, whose one reference it has, and takes over the reference that `node`
/// has to the one above.
fn take_out(store: &Store, below: &'static Slot, node: &'static Slot) {
    let count = node.cut_ancestors() + u64::from(!node.is_name());
    below.parent.set(node.parent.get());
    below.add_cut_ancestors(count);
    store.free_node(&ARENA, node);
}
