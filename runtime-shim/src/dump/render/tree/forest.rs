//! Who spawned whom, in a few numbers for each task.

use std::collections::HashMap;

use crate::dump::nodes::{IdHash, Node, NONE};
use crate::dump::row::Row;
use crate::dump::Dump;
use crate::label::Labels;
use crate::site::Site;

/// The lines of the tree, by number: first the tasks of the dump, then ancestors that are not in it.
pub(super) struct Forest<'a> {
    pub(super) dump: &'a Dump,
    ancestors: Vec<&'a Node>,
    /// Where the children of each line begin; those of the last end with the list.
    starts: Vec<u32>,
    /// The children of one line after those of the other, each by their ids; the roots at the end.
    children: Vec<u32>,
}

/// What stands in a line.
pub(super) enum Entry<'a> {
    Task(&'a Row),
    /// An ancestor that has ended, or that was not selected.
    Ancestor(&'a Node),
}

impl Entry<'_> {
    pub(super) fn id(&self) -> u64 {
        match self {
            Entry::Task(row) => row.id,
            Entry::Ancestor(node) => node.id,
        }
    }

    pub(super) fn site(&self, dump: &Dump) -> &'static Site {
        match self {
            Entry::Task(row) => dump.nodes.site(row),
            Entry::Ancestor(node) => dump.nodes.site_of_node(node),
        }
    }

    /// The labels of a task. Those of ancestors are seen in the tasks below them.
    pub(super) fn labels<'d>(&self, dump: &'d Dump) -> Option<&'d Labels> {
        match self {
            Entry::Task(row) => Some(dump.nodes.labels_of(row)),
            Entry::Ancestor(_) => None,
        }
    }

    /// The name, in quotes.
    pub(super) fn name(&self, dump: &Dump) -> Option<String> {
        let name = match self {
            Entry::Task(row) => dump.nodes.name_of(row),
            Entry::Ancestor(node) => dump.nodes.name_of_node(node),
        };
        name.map(|name| name.to_string())
    }
}

impl<'a> Forest<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        let (ancestors, parents) = link(dump);
        let (starts, children) = collect(&parents);
        drop(parents);
        let mut forest = Forest {
            dump,
            ancestors,
            starts,
            children,
        };
        forest.sort();
        forest
    }

    pub(super) fn len(&self) -> usize {
        self.dump.rows.len() + self.ancestors.len()
    }

    pub(super) fn entry(&self, line: u32) -> Entry<'a> {
        let (line, rows) = (line as usize, &self.dump.rows);
        match rows.get(line) {
            Some(row) => Entry::Task(row),
            None => Entry::Ancestor(self.ancestors[line - rows.len()]),
        }
    }

    pub(super) fn children(&self, line: u32) -> &[u32] {
        let line = line as usize;
        &self.children[self.starts[line] as usize..self.starts[line + 1] as usize]
    }

    pub(super) fn roots(&self) -> &[u32] {
        self.children(self.len() as u32)
    }

    /// Tasks are in the order of their ids already; ancestors among them are not.
    fn sort(&mut self) {
        if self.ancestors.is_empty() {
            return;
        }
        let mut children = std::mem::take(&mut self.children);
        for range in self.starts.windows(2) {
            children[range[0] as usize..range[1] as usize]
                .sort_unstable_by_key(|&line| self.entry(line).id());
        }
        self.children = children;
    }
}

/// The ancestors that are not in the dump, and for each line that of its parent.
fn link(dump: &Dump) -> (Vec<&Node>, Vec<u32>) {
    let (mut ancestors, mut above) = (Vec::new(), Vec::new());
    let mut known: HashMap<u64, u32, IdHash> = HashMap::default();
    // The line of each node. A task may have several, one for each name that it had.
    let mut lines = Vec::with_capacity(dump.nodes.count());
    for (node, used) in dump.nodes.all().zip(dump.used_nodes(dump.len())) {
        let row = dump.rows.binary_search_by_key(&node.id, |row| row.id);
        lines.push(match (row, known.get(&node.id)) {
            (Ok(row), _) => row as u32,
            (_, Some(&line)) => {
                ancestors[line as usize - dump.rows.len()] = node;
                line
            }
            _ if !used => NONE,
            _ => {
                let line = (dump.rows.len() + ancestors.len()) as u32;
                ancestors.push(node);
                above.push(lines.get(node.parent as usize).copied().unwrap_or(NONE));
                known.insert(node.id, line);
                line
            }
        });
    }
    let line_of = |row: &Row| {
        let parent = dump.nodes.parent(row);
        lines.get(parent as usize).copied().unwrap_or(NONE)
    };
    let mut parents = Vec::with_capacity(dump.rows.len() + above.len());
    parents.extend(dump.rows.iter().map(line_of));
    parents.extend(above);
    (ancestors, parents)
}

/// The children of each line, and of none, from the parents: counts them, and puts each in its place.
fn collect(parents: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let place = |parent: u32| parents.len().min(parent as usize);
    let mut starts = vec![0; parents.len() + 2];
    for &parent in parents {
        starts[place(parent) + 1] += 1;
    }
    for line in 1..starts.len() {
        starts[line] += starts[line - 1];
    }
    let mut children = vec![0; parents.len()];
    // Backwards, so that each start, moved to the end first, comes back to where it was.
    starts.rotate_left(1);
    for (line, &parent) in parents.iter().enumerate().rev() {
        let end = &mut starts[place(parent)];
        *end -= 1;
        children[*end as usize] = line as u32;
    }
    let last = starts.len() - 1;
    starts[last] = children.len() as u32;
    (starts, children)
}

#[cfg(test)]
mod tests {
    use super::{collect, NONE};

    #[test]
    fn children_are_collected_in_order() {
        let (starts, children) = collect(&[NONE, 0, 0, 5, 2, NONE, 0]);
        let below = |line: usize| &children[starts[line] as usize..starts[line + 1] as usize];
        assert_eq!(below(0), [1, 2, 6]);
        assert_eq!(below(1), []);
        assert_eq!(below(2), [4]);
        assert_eq!(below(5), [3]);
        assert_eq!(below(7), [0, 5], "the roots");
    }
}
