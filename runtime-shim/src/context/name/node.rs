//! Name nodes: what they hold, and how they are made.
//!
//! A name node is never changed, since others may have inherited from it. A change makes a new one,
//! with what the present one holds besides.

use super::MAX_NAME_LEN;
use crate::context::label::{LabelSet, LabelText, MAX_LABELS_LEN};
use crate::record::content::LabelBytes;
use crate::record::globals::REGISTRY;
use crate::record::read::Record;
use crate::record::slot::{NameSlot, TaskSlot};
use crate::record::thread_cache::{NameContent, ThreadCache};
use crate::record::thread_states::ThreadState;
use crate::record::words::flag;
use crate::thread::local::Local;
use crate::types::bounded::BoundedText;

/// A change of a task's name or labels.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Name(BoundedText<MAX_NAME_LEN>),
    /// A key and a value. An empty value takes the label away.
    Label(LabelText, LabelText),
}

/// The flags that say of what kind a name is.
const OF_NAMES: u64 = flag::CUT | flag::BY_HOOK;

/// Shows `f` what `task` has after a change. `present` is its name node, if it has one.
fn with_content<R>(
    change: &Change,
    task: TaskSlot,
    present: Option<Record>,
    flags: u64,
    f: impl FnOnce(NameContent<'_>) -> R,
) -> R {
    match change {
        Change::Name(text) if !present.is_some_and(|present| present.has_labels()) => {
            f(NameContent {
                bytes: text.bytes(),
                name_len: text.bytes().len(),
                flags: flags | cut_flag(text),
            })
        }
        _ => f(Composed::after(change, task, present, flags).content()),
    }
}

fn cut_flag(name: &BoundedText<MAX_NAME_LEN>) -> u64 {
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
    fn after(change: &Change, task: TaskSlot, present: Option<Record>, flags: u64) -> Self {
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
                let node = present.or_else(|| Record::read(task.slot()));
                let labels = node.and_then(|node| node.effective_labels());
                let labels = labels.as_ref().map_or(&[][..], LabelBytes::as_slice);
                composed.set_labels(LabelSet::with(labels, key, value).as_slice());
            }
        }
        composed
    }

    fn keep_name(&mut self, present: Option<Record>) {
        let named = present.filter(|present| present.has_name());
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

    fn content(&self) -> NameContent<'_> {
        NameContent {
            bytes: &self.bytes[..self.name + self.labels],
            name_len: self.name,
            flags: self.flags,
        }
    }
}

/// Makes a name node for the current task. The caller gets the one reference to it.
pub(super) fn make_for_current(local: &Local, change: &Change) -> Option<NameSlot> {
    let parent = local.spawn_parent_or_adopt()?;
    let task = local.current()?;
    let present = Record::read(parent.slot()).filter(|name| name.is_name_of(task.slot()));
    let make = |content: NameContent<'_>| {
        local.with_cache(|cache, state| make(cache, state, task, content))
    };
    with_content(change, task, present, 0, make).flatten()
}

/// Makes a name node for a task that has not started yet.
pub(super) fn make_before_start(
    cache: &ThreadCache,
    state: &ThreadState,
    task: TaskSlot,
    change: &Change,
    flags: u64,
) -> Option<NameSlot> {
    let present = Record::read(task.slot()).and_then(|task| task.own_name());
    let make = |content: NameContent<'_>| make(cache, state, task, content);
    with_content(change, task, present, flags, make)
}

fn make(
    cache: &ThreadCache,
    state: &ThreadState,
    task: TaskSlot,
    content: NameContent<'_>,
) -> Option<NameSlot> {
    let number = state.next_name.get();
    state.next_name.set(number + 1);
    cache.name(REGISTRY, number, task, content)
}
