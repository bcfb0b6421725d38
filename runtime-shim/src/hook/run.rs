//! Runs hooks: in the spawner, one after the other, without a lock, and without letting a panic out.

use std::sync::{Arc, Weak};

use super::attached::{Attached, Attachment};
use super::exceeded::Exceeded;
use super::list::HookEntry;
use super::loan::{Lent, Loan};
use super::refusal::{self, Refusal};
use super::refused::RefusedTask;
use super::spawn::Spawn;
use super::SpawnHook;
use crate::hook::TaskRef;
use crate::platform::runtime_flags;
use crate::platform::unwind::{catch_user_panic, OnDrop};
use crate::record::slot::TaskSlot;
use crate::thread::local;
use crate::types::kind::Kind;
use crate::types::Outcome;

/// The decision of all hooks about a task that was recorded.
pub(crate) enum Decision {
    /// The task runs, and nothing is attached to it.
    Plain,
    Attached(Box<Attached>),
    /// The task does not run, and its record has ended.
    Refused(Arc<RefusedTask>),
}

/// Tells the hooks of a spawn, and returns their decision. The record of a refused task is ended here. `attached` is attached to the task
/// besides what hooks attach.
///
/// # Safety
///
/// The caller owns the handle of the task. If the task is refused, it gives the handle up and uses no copy of `slot`
/// any more.
pub(crate) unsafe fn on_spawn(
    slot: TaskSlot,
    kind: Kind,
    attached: Option<Box<dyn Attachment>>,
) -> Decision {
    let mut spawn = Spawn::new(TaskRef::new(slot), slot, kind);
    if let Some(attached) = attached {
        spawn.carried.push(attached);
    }
    let mut watchers = Vec::new();
    let mut last = match has_hooks() {
        true => 0,
        false => u64::MAX,
    };
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        if !entry.sees(&spawn) {
            drop_entry(entry);
            continue;
        }
        if call(&entry, &mut spawn) {
            watchers.push(Arc::downgrade(&entry));
        }
        drop_entry(entry);
        if spawn.refusal.is_some() || super::list::is_newest(last) {
            break;
        }
    }
    // SAFETY: by the contract.
    unsafe { decide(slot, spawn, watchers) }
}

/// Tells a hook of a spawn. Returns `true` if the hook must learn of the start and the end, too.
fn call(entry: &HookEntry, spawn: &mut Spawn<'_>) -> bool {
    let mut is_told = false;
    let wanted = run_hook(|| {
        entry.hook.on_spawn(spawn);
        is_told = true;
        entry.hook.wants_lifecycle()
    });
    match wanted {
        // `on_spawn` has panicked, which counts as if it had returned.
        None if !is_told => run_hook(|| entry.hook.wants_lifecycle()) == Some(true),
        wanted => wanted == Some(true),
    }
}

/// Drops a reference to a hook, which may have been removed meanwhile. Then its destructor runs here.
fn drop_entry(entry: Arc<HookEntry>) {
    if let Some(last) = Arc::into_inner(entry) {
        run_hook(|| drop(last));
    }
}

/// Returns `true` if there are hooks, and this thread runs none.
fn has_hooks() -> bool {
    runtime_flags::has(runtime_flags::SLOW_SPAWNS) && !local::with(|local| local.in_hook.get())
}

/// Returns the ids of the hooks that see this task, and not all others.
pub(crate) fn watching(task: &TaskRef<'_>) -> Vec<u64> {
    let mut watching = Vec::new();
    if !has_hooks() {
        return watching;
    }
    let mut last = 0;
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        if entry.is_selective() && entry.sees(task) {
            watching.push(last);
        }
        drop_entry(entry);
    }
    watching
}

/// Tells hooks of a deadline that was exceeded, in the order in which they were added.
pub(crate) fn notify_of_exceeded(exceeded: &Exceeded) {
    let mut last = 0;
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        if !entry.is_selective() || exceeded.is_watched_by(last) {
            run_hook(|| entry.hook.on_exceeded(exceeded));
        }
        drop_entry(entry);
    }
}

/// # Safety
///
/// As for [`on_spawn`].
unsafe fn decide(slot: TaskSlot, mut spawn: Spawn<'_>, watchers: Vec<Weak<HookEntry>>) -> Decision {
    let (mut carried, gate) = (std::mem::take(&mut spawn.carried), spawn.gate.take());
    if let Some(reason) = spawn.refusal.take() {
        carried.end(slot, Outcome::Refused);
        run_hook(|| drop((carried, gate)));
        // SAFETY: by the contract.
        let task = unsafe { refusal::refuse(slot, spawn.kind(), reason, &watchers) };
        return Decision::Refused(task);
    }
    if carried.is_empty() && gate.is_none() && watchers.is_empty() {
        return Decision::Plain;
    }
    Decision::Attached(Box::new(Attached::new(slot, carried, gate, watchers)))
}

/// Tells the hooks that a task runs a closure on another thread. Returns what they attach.
pub(crate) fn on_loan(slot: TaskSlot) -> Option<Box<Lent>> {
    if !has_hooks() {
        return None;
    }
    let mut loan = Loan::new(TaskRef::new(slot));
    let mut last = 0;
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        if entry.sees(&TaskRef::new(slot)) {
            run_hook(|| entry.hook.on_loan(&mut loan));
        }
        drop_entry(entry);
    }
    Lent::new(loan.carried)
}

/// Tells all hooks of a refusal, in the order in which they were added.
pub(super) fn notify_of_refusal(slot: TaskSlot, refusal: &Refusal) {
    let mut last = 0;
    while let Some(entry) = super::list::next(last) {
        last = entry.id();
        if entry.sees(&TaskRef::new(slot)) {
            run_hook(|| entry.hook.on_refusal(&TaskRef::new(slot), refusal));
        }
        drop_entry(entry);
    }
}

/// Tells those hooks something that are still there. One that is removed meanwhile is dropped here.
pub(super) fn notify(watchers: &[Weak<HookEntry>], what: impl Fn(&dyn SpawnHook)) {
    for entry in watchers.iter().filter_map(Weak::upgrade) {
        run_hook(|| what(&*entry.hook));
        drop_entry(entry);
    }
}

/// Runs the program's code on behalf of a hook: spawns in it are not told to hooks, and a panic in
/// it ends here (the panic hook has reported it).
pub(super) fn run_hook<R>(f: impl FnOnce() -> R) -> Option<R> {
    let outer = local::with(|local| local.in_hook.replace(true));
    let _restore = OnDrop(|| local::with(|local| local.in_hook.set(outer)));
    catch_user_panic(f)
}
