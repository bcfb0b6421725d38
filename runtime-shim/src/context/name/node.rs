//! Name nodes: what they hold, and how they are made.
//!
//! A name node is never changed, since others may have inherited from it. A change makes a new one,
//! with what the present one holds besides.

use core::ptr;
use std::sync::atomic::{fence, Ordering};

use super::MAX_NAME_LEN;
use crate::context::label::{LabelSet, LabelText, MAX_LABELS_LEN};
use crate::record::content::LabelBytes;
use crate::record::pool::Block;
use crate::record::read::Record;
use crate::record::root::WORLD;
use crate::record::slot::{
    continued_words, flag, Slot, CONTINUED_WORDS, NAMED, NAME_BIT, NAME_WORDS, TEXT_BIT,
};
use crate::record::store::Store;
use crate::thread::local::Local;
use crate::types::bounded::Text;

/// What is said of a task.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Name(Text<MAX_NAME_LEN>),
    /// A key and a value. An empty value takes the label away.
    Label(LabelText, LabelText),
}

/// What a name node is to hold: the bytes of the name, and after them those of the labels.
struct Content<'a> {
    bytes: &'a [u8],
    /// How many of them are the name.
    name: usize,
    flags: u64,
}

/// The flags that say of what kind a name is.
const OF_NAMES: u64 = flag::CUT | flag::BY_HOOK;

impl Content<'_> {
    /// Shows `f` what `task` holds after a change. `present` is its name node, if it has one.
    fn after<R>(
        change: &Change,
        task: &'static Slot,
        present: Option<Record>,
        flags: u64,
        f: impl FnOnce(&Content<'_>) -> R,
    ) -> R {
        match change {
            Change::Name(text) if !present.is_some_and(|present| present.has_labels()) => {
                f(&Content {
                    bytes: text.bytes(),
                    name: text.bytes().len(),
                    flags: flags | cut_flag(text),
                })
            }
            _ => f(&Composed::after(change, task, present, flags).content()),
        }
    }

    /// The word in which a node has its flags and lengths.
    fn lengths(&self) -> u64 {
        let (name, labels) = (self.name as u64, (self.bytes.len() - self.name) as u64);
        self.flags | name << flag::COUNT_SHIFT | labels << flag::LABELS_SHIFT
    }
}

fn cut_flag(name: &Text<MAX_NAME_LEN>) -> u64 {
    u64::from(name.is_truncated()) * flag::CUT
}

/// A name and labels in one place.
struct Composed {
    bytes: [u8; MAX_NAME_LEN + MAX_LABELS_LEN],
    name: usize,
    labels: usize,
    flags: u64,
}

impl Composed {
    fn after(change: &Change, task: &'static Slot, present: Option<Record>, flags: u64) -> Self {
        let mut composed = Composed {
            bytes: [0; MAX_NAME_LEN + MAX_LABELS_LEN],
            name: 0,
            labels: 0,
            flags: flag::NAMELESS,
        };
        match change {
            Change::Name(text) => {
                composed.set_name(text.bytes(), flags | cut_flag(text));
                let labels = present.and_then(|present| present.labels());
                composed.set_labels(labels.as_ref().map_or(&[], LabelBytes::as_slice));
            }
            Change::Label(key, value) => {
                composed.keep_name(present);
                let node = present.or_else(|| Record::read(task));
                let labels = node.and_then(|node| node.effective_labels());
                let labels = labels.as_ref().map_or(&[][..], LabelBytes::as_slice);
                composed.set_labels(LabelSet::with(labels, key, value).as_slice());
            }
        }
        composed
    }

    fn keep_name(&mut self, present: Option<Record>) {
        let named = present.filter(Record::has_name);
        if let Some((named, text)) = named.and_then(|named| Some((named, named.text()?))) {
            self.set_name(text.as_str().as_bytes(), named.flags() & OF_NAMES);
        }
    }

    fn set_name(&mut self, name: &[u8], flags: u64) {
        self.bytes[..name.len()].copy_from_slice(name);
        (self.name, self.flags) = (name.len(), flags);
    }

    /// After the name has been set.
    fn set_labels(&mut self, labels: &[u8]) {
        self.bytes[self.name..][..labels.len()].copy_from_slice(labels);
        self.labels = labels.len();
        self.flags |= flag::LABELED;
    }

    fn content(&self) -> Content<'_> {
        Content {
            bytes: &self.bytes[..self.name + self.labels],
            name: self.name,
            flags: self.flags,
        }
    }
}

/// Makes a name node for the current task. The caller gets the one reference to it.
pub(super) fn make_for_current(local: &Local, change: &Change) -> Option<&'static Slot> {
    let scope = local.scope_or_adopt()?;
    let task = local.current()?;
    let present = Record::read(scope).filter(|scope| scope.is_name_of(task));
    let make =
        |content: &Content<'_>| local.with_block(|store, block| make(store, block, task, content));
    Content::after(change, task, present, 0, make).flatten()
}

/// Makes a name node for a task that has not started yet.
pub(super) fn make_for_newborn(
    store: &Store,
    block: &Block,
    task: &'static Slot,
    change: &Change,
    flags: u64,
) -> Option<&'static Slot> {
    let present = Record::read(task).and_then(|task| task.own_name());
    let make = |content: &Content<'_>| make(store, block, task, content);
    Content::after(change, task, present, flags, make)
}

/// Makes a name node between `task` and what it will spawn.
fn make(
    store: &Store,
    block: &Block,
    task: &'static Slot,
    content: &Content<'_>,
) -> Option<&'static Slot> {
    let number = block.next_name.get();
    block.next_name.set(number + 1);
    let id = NAME_BIT | number;
    let node = store.take(WORLD)?;
    let head = content.bytes.len().min(8 * NAME_WORDS);
    let (head, rest) = content.bytes.split_at(head);
    let (rest, complete) = write_continuation(store, id, rest);
    let cut = if complete { 0 } else { flag::CUT };
    task.refs.fetch_add(1, Ordering::Relaxed);
    task.refs.fetch_or(NAMED, Ordering::Relaxed);
    // As at a birth: who sees the new content must not take it for the old.
    fence(Ordering::Release);
    for (word, bytes) in [&node.status, &node.site].into_iter().zip(head.chunks(8)) {
        word.store(word_of(bytes), Ordering::Relaxed);
    }
    node.parent.set(Some(task));
    node.scope.set(rest);
    node.refs.store(1, Ordering::Relaxed);
    node.polls.store(content.lengths() | cut, Ordering::Relaxed);
    node.born.store(0, Ordering::Relaxed);
    node.id.store(id, Ordering::Release);
    Some(node)
}

/// Writes what does not fit into the node itself, last part first. Returns whether all was written.
fn write_continuation(store: &Store, id: u64, rest: &[u8]) -> (Option<&'static Slot>, bool) {
    let mut next = None;
    for part in rest.chunks(8 * CONTINUED_WORDS).rev() {
        let Some(slot) = store.take(WORLD) else {
            return (None, false);
        };
        fence(Ordering::Release);
        for (word, bytes) in continued_words(slot).into_iter().zip(part.chunks(8)) {
            word.store(word_of(bytes), Ordering::Relaxed);
        }
        slot.born.store(
            next.map_or(0, |next: &Slot| {
                ptr::from_ref(next).expose_provenance() as u64
            }),
            Ordering::Relaxed,
        );
        slot.id.store(id | TEXT_BIT, Ordering::Release);
        next = Some(slot);
    }
    (next, true)
}

fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}
