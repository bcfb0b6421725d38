//! Runs hooks: in the spawner, one after the other, without a lock, and without letting a panic out.

use std::sync::{Arc, Weak};

use super::attached::Attached;
use super::list::Entry;
use super::refusal;
use super::spawn::Spawn;
use super::SpawnHook;
use crate::birth::{contained, Birth};
use crate::kind::Kind;
use crate::local;
use crate::registry::slot::Slot;
use crate::running::OnDrop;
use crate::task::TaskRef;

/// Tells the hooks of a birth, and does what they decide.
pub(crate) fn at_birth(birth: Birth, slot: &'static Slot, kind: Kind) -> Birth {
    if local::with(|local| local.in_hook.get()) {
        return birth;
    }
    let mut spawn = Spawn::new(TaskRef::new(slot), slot, kind);
    let mut watchers = Vec::new();
    let mut last = 0;
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        let watcher = Arc::downgrade(&entry);
        quietly(|| entry.hook.on_spawn(&mut spawn));
        if quietly(|| entry.hook.watches()) == Some(true) {
            watchers.push(watcher);
        }
        // It may have been removed meanwhile.
        quietly(|| drop(entry));
        if spawn.refusal.is_some() {
            break;
        }
    }
    attach(birth, slot, spawn, watchers)
}

fn attach(
    birth: Birth,
    slot: &'static Slot,
    mut spawn: Spawn<'_>,
    watchers: Vec<Weak<Entry>>,
) -> Birth {
    let (carried, gate) = (std::mem::take(&mut spawn.carried), spawn.gate.take());
    if let Some(reason) = spawn.refusal.take() {
        quietly(|| drop((carried, gate)));
        return refusal::refuse(birth, slot, spawn.kind(), reason, &watchers);
    }
    if carried.is_empty() && gate.is_none() && watchers.is_empty() {
        return birth;
    }
    std::mem::forget(birth);
    Birth::attached(Box::new(Attached::new(slot, carried, gate, watchers)))
}

/// Tells those hooks something that are still there. One that is removed meanwhile is dropped here.
pub(super) fn tell(watchers: &[Weak<Entry>], what: impl Fn(&dyn SpawnHook)) {
    for entry in watchers.iter().filter_map(Weak::upgrade) {
        quietly(|| what(&*entry.hook));
        quietly(|| drop(entry));
    }
}

/// Runs the program's code on behalf of a hook: spawns in it are not told to hooks, and a panic in
/// it ends here (the panic hook has reported it).
pub(super) fn quietly<R>(f: impl FnOnce() -> R) -> Option<R> {
    let outer = local::with(|local| local.in_hook.replace(true));
    let _restore = OnDrop(|| local::with(|local| local.in_hook.set(outer)));
    contained(f)
}
