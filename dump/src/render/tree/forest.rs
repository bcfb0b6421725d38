//! The tree of tasks, in two numbers for each task.

use crate::snapshot::compact::bit_set::BitSet;
use crate::snapshot::compact::names::NameRef;
use crate::snapshot::nodes::{Node, TaskIndex};
use crate::snapshot::row::Row;
use crate::Dump;
use birthmark_core::__reader::label::Labels;
use birthmark_core::Site;

/// The lines of the tree, by number: first the rows of the dump, then ancestors that had ended.
///
/// Each line has a link to its first child, and one to its next sibling. The last sibling has a link to the parent. So
/// a walk through the tree needs no stack, which could be as deep as there are tasks.
pub(super) struct Forest<'a> {
    pub(super) dump: &'a Dump,
    first: Vec<u32>,
    next: Vec<u32>,
    /// The named nodes of tasks that are not in the dump. The nodes of one task are in the order of its names.
    named: Vec<u32>,
}

/// No line.
const NONE: u32 = u32::MAX;
/// Flag in `next`: the link goes to the parent.
const UP: u32 = 1 << 31;

/// The line after a line and all lines below it.
pub(super) enum After {
    Sibling(u32),
    Parent(u32),
}

/// The content of a line.
pub(super) enum LineContent<'a> {
    Task(&'a Row),
    /// An ancestor that has ended, or that was not selected.
    Ancestor(Node),
}

impl LineContent<'_> {
    pub(super) fn id(&self) -> u64 {
        match self {
            LineContent::Task(row) => row.id,
            LineContent::Ancestor(node) => node.id,
        }
    }

    pub(super) fn site(&self, dump: &Dump) -> &'static Site {
        match self {
            LineContent::Task(row) => dump.snapshot.site(row),
            LineContent::Ancestor(node) => node.site,
        }
    }

    /// Returns the labels of a task. The labels of ancestors appear in the tasks below them.
    pub(super) fn labels<'d>(&self, dump: &'d Dump) -> Option<&'d Labels> {
        match self {
            LineContent::Task(row) => Some(dump.snapshot.labels_of(row)),
            LineContent::Ancestor(_) => None,
        }
    }

    /// Returns the name, in quotes.
    pub(super) fn name(&self, dump: &Dump) -> Option<String> {
        let name = match self {
            LineContent::Task(row) => dump.snapshot.name_of(row),
            LineContent::Ancestor(node) => dump.snapshot.name_of_node(node),
        };
        name.map(|name| name.to_string())
    }
}

impl<'a> Forest<'a> {
    pub(super) fn new(dump: &'a Dump) -> Self {
        let mut forest = Forest {
            dump,
            first: Vec::new(),
            next: Vec::new(),
            named: Vec::new(),
        };
        let there = forest.find();
        let lines = forest.len();
        forest.first = vec![NONE; lines + 1];
        forest.next = vec![NONE; lines];
        forest.link(&there);
        forest
    }

    /// Returns the number of lines.
    pub(super) fn len(&self) -> usize {
        self.dump.snapshot.rows.len() + self.dump.snapshot.ended.len()
    }

    pub(super) fn content(&self, line: u32) -> LineContent<'a> {
        let snapshot = &self.dump.snapshot;
        match snapshot.rows.get(line as usize) {
            Some(row) if self.dump.is_selected(line as usize) => LineContent::Task(row),
            _ => LineContent::Ancestor(match self.last_named(line) {
                Some(node) => node,
                None => snapshot.nameless(task_at(self.dump, line)),
            }),
        }
    }

    /// Returns the number above all roots, which is no line.
    pub(super) fn top(&self) -> u32 {
        self.len() as u32
    }

    /// Returns the lines below one, by their ids.
    pub(super) fn children(&self, line: u32) -> impl Iterator<Item = u32> + '_ {
        let after = |&line: &u32| match self.after(line) {
            After::Sibling(next) => Some(next),
            After::Parent(_) => None,
        };
        std::iter::successors(self.first_child(line), after)
    }

    pub(super) fn first_child(&self, line: u32) -> Option<u32> {
        Some(self.first[line as usize]).filter(|&line| line != NONE)
    }

    pub(super) fn after(&self, line: u32) -> After {
        match self.next[line as usize] {
            parent if parent & UP != 0 => After::Parent(parent & !UP),
            sibling => After::Sibling(sibling),
        }
    }

    /// Returns the labels of the nearest task above a line.
    pub(super) fn labels_above(&self, mut line: u32) -> &'a Labels {
        loop {
            line = self.parent_of(line);
            if line == self.top() {
                return &Labels::NONE;
            }
            let row = self.dump.snapshot.rows.get(line as usize);
            if let Some(row) = row.filter(|_| self.dump.is_selected(line as usize)) {
                return self.dump.snapshot.labels_of(row);
            }
        }
    }

    /// Finds the lines of the tree, and the names of tasks that are not in the dump.
    fn find(&mut self) -> BitSet {
        let (dump, used) = (self.dump, self.dump.used_nodes(self.dump.len()));
        let mut there = BitSet::none(self.len());
        for place in dump.places() {
            there.add(place);
        }
        for node in dump.snapshot.all() {
            if used.has(node.number as usize) {
                there.add(line_of(dump, node.task) as usize);
                let is_in_dump = node.task.row().is_ok_and(|row| dump.is_selected(row));
                if node.name != NameRef::NONE && !is_in_dump {
                    self.named.push(node.number);
                }
            }
        }
        let line = |node: u32| dump.snapshot.get(node).map(|node| line_of(dump, node.task));
        self.named.sort_unstable_by_key(|&node| (line(node), node));
        there
    }

    /// Links each line before its siblings of higher ids. The highest id is linked first.
    fn link(&mut self, there: &BitSet) {
        let (snapshot, rows) = (&self.dump.snapshot, self.dump.snapshot.rows.len() as u32);
        let is_there = |line: &u32| there.has(*line as usize);
        let id_of = |line: &u32| snapshot.id_at(task_at(self.dump, *line));
        let mut ended: Vec<u32> = (rows..self.len() as u32).filter(is_there).collect();
        ended.sort_unstable_by_key(id_of);
        for row in (0..rows).filter(is_there).rev() {
            let younger = |line: &mut u32| id_of(line) > snapshot.rows[row as usize].id;
            while let Some(line) = ended.pop_if(younger) {
                self.link_one(line);
            }
            self.link_one(row);
        }
        ended.into_iter().rev().for_each(|line| self.link_one(line));
    }

    fn link_one(&mut self, line: u32) {
        let parent = self.parent_of(line);
        let first = &mut self.first[parent as usize];
        self.next[line as usize] = match *first {
            NONE => parent | UP,
            next => next,
        };
        *first = line;
    }

    /// Returns the line above one, or the top.
    fn parent_of(&self, line: u32) -> u32 {
        let snapshot = &self.dump.snapshot;
        let parent = snapshot.nameless(task_at(self.dump, line)).parent;
        let parent = snapshot
            .get(parent)
            .map(|node| line_of(self.dump, node.task));
        parent.unwrap_or(self.top())
    }

    /// Returns the node with the last name under which a task has spawned.
    fn last_named(&self, line: u32) -> Option<Node> {
        let node = |&number: &u32| self.dump.snapshot.get(number);
        let is_at_most =
            |number: &u32| node(number).is_some_and(|node| line_of(self.dump, node.task) <= line);
        let end = self.named.partition_point(is_at_most);
        let last = self.named[..end].last().and_then(node)?;
        (line_of(self.dump, last.task) == line).then_some(last)
    }
}

fn line_of(dump: &Dump, task: TaskIndex) -> u32 {
    match task.row() {
        Ok(row) => row as u32,
        Err(ended) => dump.snapshot.rows.len() as u32 + ended,
    }
}

fn task_at(dump: &Dump, line: u32) -> TaskIndex {
    match line.checked_sub(dump.snapshot.rows.len() as u32) {
        None => TaskIndex::of_row(line),
        Some(ended) => TaskIndex::of_ended(ended),
    }
}
