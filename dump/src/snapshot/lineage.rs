//! The way from a task up to its root.
//!
//! A lineage may have as many ancestors as there are tasks, and each task may have its own. To go up from each would
//! take quadratic time. So about one of [`SKIP_DISTANCE`] nodes far from their root has a skip link, which has the
//! answers for everything above it. A search goes up to the next skip link and stops there.

use super::compact::hash::spread;
use super::compact::names::Named;
use super::nodes::{Node, Snapshot, LOST, NONE};
use super::row::Row;
use crate::{Ancestor, Lineage};
use birthmark_core::TaskId;

/// Maximum number of ancestors that a lineage shows before it leaves some out. The whole lineages of a chain of 100,000
/// live tasks would be a hundred gigabytes of text.
const MAX_SHOWN: usize = 32;

/// Average distance of two skip links.
const SKIP_DISTANCE: u64 = 16;

/// The answers for everything above a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SkipLink {
    /// The node whose name tasks below this one inherit.
    inherited_name_node: u32,
    end: End,
}

/// The far end of a lineage, and the number of ancestors up to it.
#[derive(Clone, Copy, Debug)]
struct End {
    far: u32,
    distance: u32,
}

/// Returns `true` if a node may have a skip link. The choice is random, so no pattern of spawns avoids it.
fn may_have_skip_link(node: u32) -> bool {
    spread(node.into()) >> 32 & (SKIP_DISTANCE - 1) == 0
}

impl Snapshot {
    /// Adds a skip link to a new node, if the node is far from its root and chosen.
    pub(crate) fn add_skip_link(&mut self, node: u32) {
        if !may_have_skip_link(node) {
            return;
        }
        let end = self.end_of(node);
        if end.distance as usize >= MAX_SHOWN {
            let inherited_name_node = self.inherited_name_node(node);
            self.skip_links.insert(
                node,
                SkipLink {
                    inherited_name_node,
                    end,
                },
            );
        }
    }

    fn skip_link_of(&self, node: u32) -> Option<&SkipLink> {
        may_have_skip_link(node)
            .then(|| self.skip_links.get(&node))
            .flatten()
    }

    /// Returns the end of the lineage of a node.
    fn end_of(&self, node: u32) -> End {
        let (mut far, mut distance) = (node, 0u32);
        loop {
            if let Some(&SkipLink { end, .. }) = self.skip_link_of(far) {
                far = end.far;
                return End {
                    far,
                    distance: distance.saturating_add(end.distance),
                };
            }
            match self.get(far).filter(|node| self.is_node(node.parent)) {
                Some(Node { parent, elided, .. }) => {
                    far = parent;
                    distance = distance.saturating_add(elided).saturating_add(1);
                }
                None => return End { far, distance },
            }
        }
    }

    /// Returns the node whose name tasks below a node inherit.
    fn inherited_name_node(&self, mut node: u32) -> u32 {
        loop {
            if let Some(mark) = self.skip_link_of(node) {
                return mark.inherited_name_node;
            }
            let Some(it) = self.get(node) else {
                return NONE;
            };
            match self.names.get(it.name) {
                // The empty name hides the name that would be inherited.
                Some(name) if name.text.is_empty() => return NONE,
                Some(_) => return node,
                None => node = it.parent,
            }
        }
    }

    /// Returns the name that tasks below a node inherit, and the task whose name it is.
    pub(crate) fn effective(&self, node: u32) -> Option<(Named<'_>, TaskId)> {
        let named = self.get(self.inherited_name_node(node))?;
        Some((self.names.get(named.name)?, TaskId::from(named.id)))
    }

    /// Returns the nodes above a task, nearest first, each with the number of ancestors left out before it.
    fn line(&self, row: &Row) -> impl Iterator<Item = (Node, u32)> + '_ {
        let mut next = (row.parent, self.elided(row));
        std::iter::from_fn(move || {
            let node = self.get(next.0)?;
            let elided = std::mem::replace(&mut next, (node.parent, node.elided)).1;
            Some((node, elided))
        })
    }

    /// Returns the visible part of the lineage, with the number of ancestors left out before each. If the lineage is
    /// long, the visible part is the near one and the far end.
    pub(crate) fn shown_line(&self, row: &Row) -> impl Iterator<Item = (Node, u64)> + '_ {
        let mut line = self.line(row);
        let (mut shown, mut last) = (0, None::<u32>);
        std::iter::from_fn(move || {
            if shown == MAX_SHOWN {
                let end = self.end_of(last.take()?);
                let left_out = u64::from(end.distance).checked_sub(1)?;
                return Some((self.get(end.far)?, left_out));
            }
            shown += 1;
            let (node, elided) = line.next()?;
            last = Some(node.number);
            Some((node, elided.into()))
        })
    }

    pub(crate) fn lineage(&self, row: &Row) -> Lineage {
        let line = self.shown_line(row);
        Lineage {
            ancestors: line
                .map(|(node, elided)| self.ancestor(&node, elided))
                .collect(),
            is_complete: self.is_complete(row),
        }
    }

    fn ancestor(&self, node: &Node, elided: u64) -> Ancestor {
        Ancestor {
            id: TaskId::from(node.id),
            site: node.site,
            role: self.role_of_node(node).into(),
            name: self.name_of_node(node),
            elided_before: elided,
        }
    }

    /// Returns `true` if the lineage of a task reaches a root.
    pub(crate) fn is_complete(&self, row: &Row) -> bool {
        let mut above = row.parent;
        if self.is_node(above) {
            above = self.parent_of(self.end_of(above).far);
        }
        above != LOST
    }
}
