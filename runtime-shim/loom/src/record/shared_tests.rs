//! Two threads run one task: one is about to spawn under the task's name, the other gives it a new one.

use loom::sync::Arc;
use loom::thread;

use crate::platform::sync::atomic::Ordering;
use crate::record::hazard::Hazard;
use crate::record::shared::{note_call, protect_scope, wait_until_unused};
use crate::record::slot::{state, Slot};

/// A task and the hazards of those who run it.
struct Shared {
    task: &'static Slot,
    hazards: [Hazard<Slot>; 2],
}

/// loom does not mind the leak: it is short.
fn slot(id: u64) -> &'static Slot {
    let slot: &'static Slot = Box::leak(Box::new(Slot::new(0)));
    slot.id.store(id, Ordering::Relaxed);
    slot.refs.store(1, Ordering::Relaxed);
    slot
}

fn name(id: u64, task: &'static Slot) -> &'static Slot {
    let name = slot(id);
    name.parent.set(Some(task));
    name
}

/// Gives a reference back, and frees what nobody refers to.
fn release(node: &Slot) {
    if node.refs.fetch_sub(1, Ordering::AcqRel) == 1 {
        node.id.store(0, Ordering::Release);
    }
}

impl Shared {
    fn new() -> Arc<Self> {
        let task = slot(1);
        task.scope.set(Some(name(2, task)));
        let hazards = [Hazard::new(), Hazard::new()];
        Arc::new(Shared { task, hazards })
    }

    fn spawn_once(&self, own: usize) {
        note_call(self.task, state::RUNNING);
        let scope = protect_scope(self.task, &self.hazards[own]).expect("it has a name");
        scope.refs.fetch_add(1, Ordering::Relaxed);
        self.hazards[own].clear();
        assert_ne!(scope.id.load(Ordering::Acquire), 0, "it was freed");
        release(scope);
    }

    fn rename(&self) {
        note_call(self.task, state::RUNNING);
        let old = self.task.replace_scope(name(3, self.task));
        let old = old.expect("it had a name");
        wait_until_unused(old, || self.hazards.iter());
        release(old);
    }
}

#[test]
fn a_name_is_not_freed_while_another_thread_spawns_under_it() {
    loom::model(|| {
        let shared = Shared::new();
        let spawner = {
            let shared = shared.clone();
            thread::spawn(move || shared.spawn_once(0))
        };
        shared.rename();
        spawner.join().unwrap();
    });
}

#[test]
fn two_threads_may_both_do_both() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let shared = Shared::new();
        let other = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.spawn_once(0);
                shared.rename();
            })
        };
        shared.rename();
        shared.spawn_once(1);
        other.join().unwrap();
    });
}

#[test]
fn scope_that_is_replaced_while_a_call_is_named_is_in_no_stock() {
    loom::model(|| {
        let shared = Shared::new();
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.task.look_for_call_names())
        };
        let node = name(3, shared.task);
        shared.task.replace_scope(node);
        other.join().unwrap();
        let (node, task) = (std::ptr::from_ref(node), shared.task);
        assert_eq!(task.own_scope(Ordering::Relaxed), node);
        assert_ne!(task.scope.as_ptr(), node);
    });
}
