//! The ancestors of the tasks in a dump, each read once however many descend from it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::row::Row;
use super::stacks::Stacks;
use super::threads::Threads;
use crate::kind::Kind;
use crate::registry::read::{Above, NameText, Record};
use crate::site::Site;
use crate::task::{Ancestor, Name, NameOrigin, TaskId};

/// No node: a root; no name.
pub(super) const NONE: u32 = u32::MAX;
/// The line is lost: its task ended while it was read.
pub(super) const LOST: u32 = u32::MAX - 1;

/// Ancestors that a lineage shows before it leaves some out. There is a bound because each task of a
/// dump has its own: of a chain of 100,000 live tasks, whole lineages would be a hundred gigabytes of text.
const SHOWN: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) threads: Threads,
    pub(super) stacks: Stacks,
    nodes: Vec<Node>,
    names: Vec<Named>,
    /// The texts of the names, one after the other: there may be millions.
    texts: String,
    /// What few tasks have.
    extras: Vec<Extra>,
    /// By the id of the task or name that the node stands for. Only needed while reading.
    known: HashMap<u64, u32, IdHash>,
    /// The link, the id and the index of the node that was asked for last.
    last: (u64, u64, u32),
    /// Names are shown to people, not to the program itself.
    redacted: bool,
}

/// What few tasks have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    /// The node it was born under.
    pub(super) parent: u32,
    /// The name that was given to it.
    pub(super) name: Option<u32>,
    /// Ancestors cut between it and the node it was born under.
    pub(super) cut: u32,
}

/// A task under the name that it had when it spawned.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) site: &'static Site,
    /// Whether it was alive when it was read.
    pub(super) live: bool,
    role: Option<Arc<str>>,
    pub(super) name: u32,
    pub(super) parent: u32,
    pub(super) cut: u32,
    /// The name that those born under it inherit, and whose it is.
    effective: Option<(u32, u64)>,
    /// The far end of its line, and how many ancestors there are up to that.
    far: u32,
    distance: u64,
}

#[derive(Debug)]
struct Named {
    /// Where its text begins, and how many bytes it has.
    start: usize,
    len: u32,
    cut: bool,
    by_hook: bool,
}

impl Nodes {
    /// With names as the program wants them to be shown.
    pub(super) fn redacted() -> Self {
        Nodes {
            redacted: true,
            ..Nodes::default()
        }
    }

    /// The node under which a task was born.
    #[inline]
    pub(super) fn above(&mut self, record: &Record) -> u32 {
        let (link, id, index) = self.last;
        if record.has_parent(link, id) {
            return index;
        }
        match record.parent() {
            Above::Nothing => NONE,
            Above::Lost => LOST,
            Above::Node(parent) => {
                let index = self.node(parent);
                self.last = (record.parent_link(), parent.id, index);
                index
            }
        }
    }

    /// The node that a record stands for. Goes up to the first that is known, and then down again:
    /// a lineage may be longer than the stack is deep.
    fn node(&mut self, record: Record) -> u32 {
        let mut path = Vec::new();
        let mut next = Above::Node(record);
        let mut top = loop {
            match next {
                Above::Nothing => break NONE,
                Above::Lost => break LOST,
                Above::Node(record) => {
                    if let Some(&index) = self.known.get(&record.id) {
                        break index;
                    }
                    let Some((task, name)) = task_and_name(record) else {
                        break LOST;
                    };
                    next = task.parent();
                    path.push((record.id, task, name));
                }
            }
        };
        for (id, task, name) in path.into_iter().rev() {
            top = self.add(id, &task, name, top);
        }
        top
    }

    fn add(&mut self, id: u64, task: &Record, name: Option<NameText>, parent: u32) -> u32 {
        let name = name.map_or(NONE, |name| self.add_name(&name));
        let effective = match name {
            NONE => self.effective(parent),
            name => self
                .names
                .get(name as usize)
                .filter(|name| name.len > 0)
                .map(|_| (name, task.id)),
        };
        let role = (task.site().kind() == Kind::Foreign)
            .then(|| thread_name(task))
            .flatten();
        let cut = task.cut_ancestors() as u32;
        let index = self.nodes.len() as u32;
        let (far, distance) = self.get(parent).map_or((index, 0), |above| {
            (above.far, above.distance + u64::from(cut) + 1)
        });
        self.nodes.push(Node {
            id: task.id,
            site: task.site(),
            live: task.is_live_task(),
            role,
            name,
            parent,
            cut,
            effective,
            far,
            distance,
        });
        self.known.insert(id, index);
        index
    }

    fn add_name(&mut self, name: &NameText) -> u32 {
        let text = if self.redacted {
            crate::redact::redact(name.as_str())
        } else {
            name.as_str().into()
        };
        self.names.push(Named {
            start: self.texts.len(),
            len: text.len() as u32,
            cut: name.is_cut(),
            by_hook: name.is_by_hook(),
        });
        self.texts.push_str(&text);
        self.names.len() as u32 - 1
    }

    /// Keeps what few tasks have. Returns where, if this one has any of it.
    #[inline]
    pub(super) fn note_extra(&mut self, record: &Record, parent: u32) -> Option<u32> {
        let name = record.own_name().map(|name| self.name(&name));
        let cut = record.cut_ancestors() as u32;
        if name.is_none() && cut == 0 {
            return None;
        }
        self.extras.push(Extra { parent, name, cut });
        Some(self.extras.len() as u32 - 1)
    }

    /// Puts another name in the place of the task's own.
    pub(super) fn rename(&mut self, row: &mut Row, name: &Record) {
        let extra = Extra {
            parent: self.parent(row),
            name: Some(self.name(name)),
            cut: self.cut(row),
        };
        self.extras.push(extra);
        row.set_extra(self.extras.len() as u32 - 1);
    }

    pub(super) fn extra(&self, row: &Row) -> Option<&Extra> {
        self.extras.get(row.extra()? as usize)
    }

    /// The node that a task was born under.
    pub(super) fn parent(&self, row: &Row) -> u32 {
        match self.extra(row) {
            Some(extra) => extra.parent,
            None => row.parent_unless_extra(),
        }
    }

    /// How many ancestors were left out between a task and the node it was born under.
    pub(super) fn cut(&self, row: &Row) -> u32 {
        self.extra(row).map_or(0, |extra| extra.cut)
    }

    /// Forgets what is only needed while reading.
    pub(super) fn finish(&mut self) {
        self.known = HashMap::default();
    }

    /// The name that a name node holds.
    pub(super) fn name(&mut self, record: &Record) -> u32 {
        match self.known.get(&record.id) {
            Some(&node) => self.nodes[node as usize].name,
            None => record.text().map_or(NONE, |text| self.add_name(&text)),
        }
    }

    /// The name that those born under a node inherit, and whose it is.
    pub(super) fn effective(&self, node: u32) -> Option<(u32, u64)> {
        self.nodes.get(node as usize)?.effective
    }

    /// A name, with `origin` or its own. An empty one is none.
    pub(super) fn get_name(&self, name: u32, origin: Option<NameOrigin>) -> Option<Name> {
        let name = self.names.get(name as usize)?;
        let own = if name.by_hook {
            NameOrigin::Hook
        } else {
            NameOrigin::Explicit
        };
        (name.len > 0).then(|| Name {
            text: self.text(name).into(),
            cut: name.cut,
            origin: origin.unwrap_or(own),
        })
    }

    /// The text of a task's name; empty if it has none.
    pub(super) fn name_text(&self, row: &Row) -> &str {
        let own = self.extra(row).and_then(|extra| extra.name);
        let name = own.or_else(|| Some(self.effective(self.parent(row))?.0));
        name.and_then(|name| self.names.get(name as usize))
            .map_or("", |name| self.text(name))
    }

    fn text(&self, name: &Named) -> &str {
        &self.texts[name.start..name.start + name.len as usize]
    }

    /// All nodes. Each comes after the one above it.
    pub(super) fn all(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn get(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    /// The nodes above a task, nearest first, each with the number of ancestors cut before it.
    pub(super) fn line<'a>(&'a self, row: &Row) -> impl Iterator<Item = (&'a Node, u32)> {
        let mut next = (self.parent(row), self.cut(row));
        std::iter::from_fn(move || {
            let node = self.get(next.0)?;
            let cut = std::mem::replace(&mut next, (node.parent, node.cut)).1;
            Some((node, cut))
        })
    }

    /// The line as far as it is shown, with the number of ancestors left out before each: its near
    /// part whole, of a long one besides that only its far end.
    pub(super) fn shown_line<'a>(&'a self, row: &Row) -> impl Iterator<Item = (&'a Node, u64)> {
        let mut line = self.line(row);
        let (mut shown, mut last) = (0, None::<&Node>);
        std::iter::from_fn(move || {
            if shown == SHOWN {
                let last = last.take().filter(|last| last.distance > 0)?;
                return Some((self.get(last.far)?, last.distance - 1));
            }
            shown += 1;
            let (node, cut) = line.next()?;
            last = Some(node);
            Some((node, cut.into()))
        })
    }

    pub(super) fn lineage(&self, row: &Row) -> Vec<Ancestor> {
        self.shown_line(row)
            .map(|(node, cut)| self.ancestor(node, cut))
            .collect()
    }

    fn ancestor(&self, node: &Node, cut: u64) -> Ancestor {
        Ancestor {
            id: TaskId(node.id),
            site: node.site,
            role: node.role().into(),
            name: self.get_name(node.name, None),
            cut_below: cut,
        }
    }

    /// Whether the line of a task goes back to a root.
    pub(super) fn is_complete(&self, row: &Row) -> bool {
        let parent = self.parent(row);
        let far = self.get(parent).and_then(|above| self.get(above.far));
        far.map_or(parent, |far| far.parent) != LOST
    }
}

impl Node {
    pub(super) fn role(&self) -> &str {
        self.role.as_deref().unwrap_or(self.site.role())
    }
}

/// The task that a node belongs to, and the name if it is one.
fn task_and_name(record: Record) -> Option<(Record, Option<NameText>)> {
    if !record.is_name() {
        return Some((record, None));
    }
    match record.parent() {
        Above::Node(task) if !task.is_name() => Some((task, Some(record.text()?))),
        _ => None,
    }
}

fn thread_name(task: &Record) -> Option<Arc<str>> {
    let name = Record::thread_of(task.status)?.name();
    (!name.is_empty()).then(|| name.into())
}

/// Ids are numbers in sequence, and addresses of statics are not chosen by anybody: spreading them
/// is enough.
pub(super) type IdHash = BuildHasherDefault<IdHasher>;

#[derive(Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u32(&mut self, index: u32) {
        self.write_u64(u64::from(index));
    }

    fn write_usize(&mut self, address: usize) {
        self.write_u64(address as u64);
    }

    fn write_u64(&mut self, id: u64) {
        // Fibonacci hashing: 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4).
        self.0 = (self.0 ^ id)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}
