//! Changes of a task's locals, and what its children get.

use super::ShownValue;
use crate::context::label::{Label, LabelSet};
use crate::context::name::{self, Change};
use crate::platform::unwind::{catch_user_panic, OnDrop};
use crate::record::local_set::{Entry, Inheritance, Key, LocalSet, LocalSetRef};
use crate::record::slot::TaskSlot;
use crate::thread::local;

/// A change of the locals of a task.
#[derive(Clone)]
pub(crate) enum LocalChange {
    Set(Entry),
    Unset(&'static dyn Key),
    /// The first values of a child.
    Inherit(LocalSetRef),
    /// Another node gets the present values.
    Keep,
}

impl core::fmt::Debug for LocalChange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (variant, name) = match self {
            LocalChange::Set(entry) => ("Set", entry.key.name()),
            LocalChange::Unset(key) => ("Unset", key.name()),
            LocalChange::Inherit(_) => ("Inherit", "all"),
            LocalChange::Keep => ("Keep", "all"),
        };
        f.debug_tuple(variant).field(&name).finish()
    }
}

impl LocalChange {
    /// Returns the values after the change.
    pub(crate) fn apply(&self, before: Option<LocalSetRef>) -> Option<LocalSetRef> {
        let others = |key: &'static dyn Key| {
            let before = before.as_deref().map_or(&[][..], |set| &set.entries);
            let key = core::ptr::from_ref(key).cast::<()>();
            before
                .iter()
                .filter(move |entry| !entry.is_of(key))
                .cloned()
        };
        match self {
            LocalChange::Set(entry) => set_of(others(entry.key).chain([entry.clone()]).collect()),
            LocalChange::Unset(key) => set_of(others(*key).collect()),
            LocalChange::Inherit(set) => Some(set.clone()),
            LocalChange::Keep => before,
        }
    }
}

fn set_of(mut entries: Vec<Entry>) -> Option<LocalSetRef> {
    if entries.is_empty() {
        return None;
    }
    entries.sort_by_key(|entry| entry.key.name());
    let shown = entries.iter().map(|entry| {
        let shown = entry.shown.as_deref();
        (ShownValue::new(entry.key.name()), shown.cloned())
    });
    let shown: Vec<(ShownValue, Option<ShownValue>)> = shown.collect();
    let labels = shown
        .iter()
        .map(|(key, value)| Label::of_local(key, value.as_ref()));
    let text = LabelSet::of(labels).as_slice().to_vec();
    Some(LocalSetRef::new(LocalSet { entries, text }))
}

/// Gives a task that has not started yet what it inherits of its spawner's locals. Functions of the program run here, in
/// the spawner. A spawn in such a function does not call them.
#[cold]
pub(crate) fn inherit(task: TaskSlot, spawner: &LocalSetRef) {
    if let Some(set) = inherited(spawner) {
        name::set_before_start(task, &Change::Local(LocalChange::Inherit(set)), 0);
    }
}

fn inherited(spawner: &LocalSetRef) -> Option<LocalSetRef> {
    let all_are = |inheritance| {
        let mut entries = spawner.entries.iter();
        entries.all(|entry| entry.key.inheritance() == inheritance)
    };
    if all_are(Inheritance::Shared) {
        return Some(spawner.clone());
    }
    let entries = spawner
        .entries
        .iter()
        .filter_map(|entry| match entry.key.inheritance() {
            Inheritance::Nothing => None,
            Inheritance::Shared => Some(entry.clone()),
            Inheritance::Forked => fork(entry),
        });
    set_of(entries.collect())
}

/// Calls the function of a local. A panic in the function ends here, and the child has no value.
fn fork(entry: &Entry) -> Option<Entry> {
    let outer = local::with(|local| local.in_hook.replace(true));
    if outer {
        return None;
    }
    let _restore = OnDrop(|| local::with(|local| local.in_hook.set(outer)));
    catch_user_panic(|| entry.key.fork(&entry.value)).flatten()
}
