//! Keeps lineage bounded: a task that spawns itself forever has an ancestor for each generation.
//!
//! A slot stays as long as others descend from it. Every [`GENERATIONS`] generations, the thread that first spawns below
//! a node goes through the node's lineage. The nearest [`KEPT`] ancestors stay. Beyond them, ancestors that have ended
//! are taken out if only one node refers to them. The node below counts them. So the near and the far end of a lineage
//! stay, and dumps show the gap.

use super::arena::Arena;
use super::slot::{NameSlot, NodeSlot};
use super::thread_cache::ThreadCache;
use crate::platform::sync::atomic::{AtomicU32, Ordering};

/// How many generations apart lineages are looked at.
const GENERATIONS: u64 = if cfg!(loom) { 2 } else { 16 };
/// Ancestors that are always kept.
const KEPT: usize = if cfg!(loom) { 1 } else { 16 };
/// How far beyond them one look goes.
const REACH: usize = 64;

/// Notes that `node` has children from now on.
pub(super) fn note_generation(cache: &ThreadCache, arena: &Arena, node: NodeSlot) {
    let word = &node.slot().spawned;
    let spawned = word.load(Ordering::Relaxed);
    if generation(spawned) != 0 {
        return;
    }
    let above = generation_above(node);
    // It wraps around past the zero that means "not noted".
    let own = above % u64::from(u32::MAX) + 1;
    word.store(spawned | own, Ordering::Relaxed);
    if own.is_multiple_of(GENERATIONS) {
        cut(cache, arena, node);
    }
}

/// The generation of the nearest node above that has one. The task that a name belongs to has none if
/// it was named before it spawned: then its children are all spawned under the name.
fn generation_above(node: NodeSlot) -> u64 {
    let noted = |node: NodeSlot| generation(node.slot().spawned.load(Ordering::Relaxed));
    match node.parent() {
        Some(owner) if node.is_name() && noted(owner) == 0 => owner.parent().map_or(0, noted),
        parent => parent.map_or(0, noted),
    }
}

fn generation(spawned: u64) -> u64 {
    spawned & u64::from(u32::MAX)
}

/// Takes superfluous ancestors of `node` out.
fn cut(cache: &ThreadCache, arena: &Arena, node: NodeSlot) {
    if arena.cutting.swap(1, Ordering::Acquire) == 1 {
        // Only one thread takes ancestors out at a time, so that two that look up the same lineage
        // do not meet. This one looks again some generations deeper.
        return;
    }
    let mut below = node;
    let mut found = Given::by(node);
    for distance in 0..KEPT + REACH {
        let Some(node) = below.parent() else {
            break;
        };
        if distance >= KEPT && is_superfluous(below, node, found) {
            take_out(cache, arena, below, node);
        } else {
            found = found.and(Given::by(node));
            below = node;
        }
    }
    arena.cutting.store(0, Ordering::Release);
}

/// Which of a name and labels the nodes below inherit from a node.
#[derive(Clone, Copy)]
struct Given {
    name: bool,
    labels: bool,
}

impl Given {
    fn by(node: NodeSlot) -> Self {
        let name = node.as_name();
        Given {
            name: name.is_some_and(NameSlot::has_name),
            labels: name.is_some_and(NameSlot::has_labels),
        }
    }

    fn and(self, other: Given) -> Self {
        Given {
            name: self.name || other.name,
            labels: self.labels || other.labels,
        }
    }

    fn has_all_of(self, other: Given) -> bool {
        (self.name || !other.name) && (self.labels || !other.labels)
    }
}

/// Returns `true` if only `below` needs `node`. A name is needed if nodes below inherit something from it that no
/// nearer node has. A task is needed by its own name. The root is always needed.
fn is_superfluous(below: NodeSlot, node: NodeSlot, found: Given) -> bool {
    let is_over = if node.is_name() {
        found.has_all_of(Given::by(node))
    } else {
        node.slot().status().has_ended() && !below.is_name()
    };
    is_over && node.parent().is_some() && node.ref_count(Ordering::Acquire) == 1
}

/// Links `below` past `node`, whose one reference it has, and takes over the reference that `node`
/// has to the one above.
fn take_out(cache: &ThreadCache, arena: &Arena, below: NodeSlot, node: NodeSlot) {
    let refs = node.slot().ref_word(Ordering::Relaxed);
    let count = refs.cut_ancestors() + u64::from(!node.is_name());
    below.set_parent(node.parent());
    below.slot().refs.add_cut_ancestors(count);
    // SAFETY: `is_superfluous` has found one reference, that of `below`, which does not refer to the node any more. The
    // caller is the only thread that takes ancestors out.
    unsafe { cache.free_node(arena, node) };
}

/// 1 while a thread takes ancestors out, otherwise 0.
pub(super) type Cutting = AtomicU32;
