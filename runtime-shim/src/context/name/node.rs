//! Name nodes: what they hold, and how they are made.
//!
//! A name node is never changed, since others may have inherited from it. A change makes a new one,
//! with what the present one holds besides.

use super::MAX_NAME_LEN;
use crate::context::label::{LabelSet, LabelText, MAX_LABELS_LEN};
use crate::context::task_local::LocalChange;
use crate::record::content::{LabelBytes, MAX_LOCALS_LEN};
use crate::record::globals::REGISTRY;
use crate::record::local_set::LocalSetRef;
use crate::record::read::Record;
use crate::record::slot::{NameSlot, TaskSlot};
use crate::record::thread_cache::{NameContent, ThreadCache};
use crate::record::thread_states::ThreadState;
use crate::record::words::{flag, TextLengths};
use crate::thread::local::Local;
use crate::types::bounded::BoundedText;

/// A change of a task's name, labels or locals.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Name(BoundedText<MAX_NAME_LEN>),
    /// A key and a value. An empty value takes the label away.
    Label(LabelText, LabelText),
    Local(LocalChange),
}

/// The flags that say of what kind a name is.
const OF_NAMES: u64 = flag::CUT | flag::BY_HOOK;

/// Shows `f` what `task` has after a change. `present` is its name node, if it has one, and `locals` the values after
/// the change.
fn with_content<R>(
    change: &Change,
    task: TaskSlot,
    present: Option<Record>,
    locals: Option<&LocalSetRef>,
    flags: u64,
    f: impl FnOnce(NewNode<'_>) -> R,
) -> R {
    let has_labels = present.is_some_and(|present| present.has_labels());
    match change {
        Change::Name(text) if locals.is_none() && !has_labels => f(NewNode {
            bytes: text.bytes(),
            lengths: TextLengths {
                name: text.bytes().len(),
                ..TextLengths::default()
            },
            flags: flags | cut_flag(text),
            locals,
        }),
        _ if locals.is_none() => {
            f(Composed::<NAMED>::after(change, task, present, locals, flags).content())
        }
        _ => f(Composed::<WITH_LOCALS>::after(change, task, present, locals, flags).content()),
    }
}

fn cut_flag(name: &BoundedText<MAX_NAME_LEN>) -> u64 {
    u64::from(name.is_truncated()) * flag::CUT
}

/// Content of a name node that has no reference to the values yet.
struct NewNode<'a> {
    bytes: &'a [u8],
    lengths: TextLengths,
    flags: u64,
    locals: Option<&'a LocalSetRef>,
}

/// Room for a name and labels.
const NAMED: usize = MAX_NAME_LEN + MAX_LABELS_LEN;
/// Room for the text of locals besides.
const WITH_LOCALS: usize = NAMED + MAX_LOCALS_LEN;

/// A name, labels and the text of locals in one place.
struct Composed<'a, const ROOM: usize> {
    bytes: [u8; ROOM],
    lengths: TextLengths,
    flags: u64,
    locals: Option<&'a LocalSetRef>,
}

impl<'a, const ROOM: usize> Composed<'a, ROOM> {
    fn after(
        change: &Change,
        task: TaskSlot,
        present: Option<Record>,
        locals: Option<&'a LocalSetRef>,
        flags: u64,
    ) -> Self {
        let mut composed = Composed {
            bytes: [0; ROOM],
            lengths: TextLengths::default(),
            flags: flag::NAMELESS,
            locals,
        };
        match change {
            Change::Name(text) => {
                composed.set_name(text.bytes(), flags | cut_flag(text));
                composed.keep_labels(present);
            }
            Change::Label(key, value) => {
                composed.keep_name(present);
                let node = present.or_else(|| Record::read(task.slot()));
                let labels = node.and_then(|node| node.effective_labels());
                let labels = labels.as_ref().map_or(&[][..], LabelBytes::as_slice);
                composed.set_labels(LabelSet::with(labels, key, value).as_slice());
            }
            Change::Local(_) => {
                composed.keep_name(present);
                composed.keep_labels(present);
            }
        }
        if let Some(locals) = locals {
            composed.set_locals(&locals.text);
        }
        composed
    }

    fn keep_name(&mut self, present: Option<Record>) {
        let named = present.filter(|present| present.has_name());
        if let Some((named, text)) = named.and_then(|named| Some((named, named.text()?))) {
            self.set_name(text.as_str().as_bytes(), named.flags() & OF_NAMES);
        }
    }

    /// After the name has been set.
    fn keep_labels(&mut self, present: Option<Record>) {
        let labeled = present.filter(|present| present.has_labels());
        if let Some(labels) = labeled.and_then(|labeled| labeled.labels()) {
            self.set_labels(labels.as_slice());
        }
    }

    fn set_name(&mut self, name: &[u8], flags: u64) {
        self.bytes[..name.len()].copy_from_slice(name);
        (self.lengths.name, self.flags) = (name.len(), flags);
    }

    /// After the name has been set.
    fn set_labels(&mut self, labels: &[u8]) {
        self.bytes[self.lengths.name..][..labels.len()].copy_from_slice(labels);
        self.lengths.labels = labels.len();
        self.flags |= flag::LABELED;
    }

    /// After the name and labels have been set.
    fn set_locals(&mut self, text: &[u8]) {
        let start = self.lengths.name + self.lengths.labels;
        self.bytes[start..][..text.len()].copy_from_slice(text);
        self.lengths.locals = text.len();
    }

    fn content(&self) -> NewNode<'_> {
        let TextLengths {
            name,
            labels,
            locals,
        } = self.lengths;
        NewNode {
            bytes: &self.bytes[..name + labels + locals],
            lengths: self.lengths,
            flags: self.flags,
            locals: self.locals,
        }
    }
}

/// Makes a name node for the current task. The caller gets the one reference to it.
pub(super) fn make_for_current(local: &Local, change: &Change) -> Option<NameSlot> {
    let parent = local.spawn_parent_or_adopt()?;
    let task = local.current()?;
    let present = Record::read(parent.slot()).filter(|name| name.is_name_of(task.slot()));
    let locals = change.apply(local.clone_locals());
    let make =
        |content: NewNode<'_>| local.with_cache(|cache, state| make(cache, state, task, content));
    with_content(change, task, present, locals.as_ref(), 0, make).flatten()
}

/// Makes another node with the same content, if the current task has locals and several threads may run it. Otherwise
/// another thread could take the values out of the node while it is lent. The caller gets the one reference to it.
pub(crate) fn make_to_lend(local: &Local) -> Option<NameSlot> {
    let is_called = local.current()?.flags() & flag::CALLED != 0;
    let has_locals = is_called && local.clone_locals().is_some();
    has_locals.then(|| make_for_current(local, &Change::Local(LocalChange::Keep)))?
}

/// Makes a name node for a task that has not started yet. `locals` are the values that the task has.
pub(super) fn make_before_start(
    local: &Local,
    task: TaskSlot,
    change: &Change,
    locals: Option<&LocalSetRef>,
    flags: u64,
) -> Option<NameSlot> {
    let present = Record::read(task.slot()).and_then(|task| task.own_name());
    let make =
        |content: NewNode<'_>| local.with_cache(|cache, state| make(cache, state, task, content));
    with_content(change, task, present, locals, flags, make).flatten()
}

fn make(
    cache: &ThreadCache,
    state: &ThreadState,
    task: TaskSlot,
    content: NewNode<'_>,
) -> Option<NameSlot> {
    let number = state.next_name.get();
    state.next_name.set(number + 1);
    let NewNode {
        bytes,
        lengths,
        flags,
        locals,
    } = content;
    let locals = locals.map_or(0, |locals| locals.clone().into_word());
    let content = NameContent {
        bytes,
        lengths,
        flags,
        locals,
    };
    let made = cache.name(REGISTRY, number, task, content);
    if made.is_none() {
        // SAFETY: no node has taken the reference. The caller has another one, so no value is dropped here.
        drop(unsafe { LocalSetRef::from_word(locals) });
    }
    made
}

impl Change {
    /// Panics, because the program's code must not run without the value of a local.
    #[cold]
    #[track_caller]
    pub(crate) fn cannot_be_made(&self) -> ! {
        panic!("cannot make a change ({self:?}): no memory for a record, or the thread exits")
    }

    /// Returns the values of a task after the change.
    pub(super) fn apply(&self, before: Option<LocalSetRef>) -> Option<LocalSetRef> {
        match self {
            Change::Local(change) => change.apply(before),
            Change::Name(_) | Change::Label(..) => before,
        }
    }
}
