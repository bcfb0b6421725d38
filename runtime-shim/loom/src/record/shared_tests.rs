//! Two threads run one task: one is about to spawn under the task's name, the other gives it a new one.

use loom::sync::Arc;
use loom::thread;

use crate::platform::sync::atomic::{fence, AtomicU64, Ordering};
use crate::record::hazard::Hazard;
use crate::record::shared::{protect_spawn_parent, wait_until_unused};
use crate::record::slot::{id_of_name, NameSlot, NodeSlot, Slot, TaskSlot};
use crate::record::words::{flag, state, PollWord, Status, TextLengths};

/// A task and the hazards of those who run it.
struct Shared {
    task: TaskSlot,
    hazards: [Hazard<Slot>; 2],
}

/// loom does not mind the leak: it is short.
fn slot(id: u64) -> &'static Slot {
    let slot: &'static Slot = Box::leak(Box::new(Slot::new(0)));
    slot.id.store(id, Ordering::Relaxed);
    slot.refs.reset();
    slot
}

fn name(number: u64, task: TaskSlot) -> NameSlot {
    let name = slot(id_of_name(number));
    name.parent.set(Some(task.slot()));
    // SAFETY: the slot contains a name.
    unsafe { NameSlot::new(name) }
}

/// Gives a reference back, and frees a node to which nobody refers.
fn release(node: NodeSlot) {
    if node.slot().refs.sub(1) == 1 {
        fence(Ordering::Acquire);
        node.slot().id.store(0, Ordering::Release);
    }
}

fn running() -> Status {
    Status::of(state::RUNNING)
}

impl Shared {
    fn new() -> Arc<Self> {
        // SAFETY: the slot contains a task.
        let task = unsafe { TaskSlot::new(slot(1)) };
        task.swap_spawn_parent(Some(name(2, task).into()));
        let hazards = [Hazard::new(), Hazard::new()];
        Arc::new(Shared { task, hazards })
    }

    fn spawn_once(&self, own: usize) {
        self.task.note_call(running());
        let node = protect_spawn_parent(self.task, &self.hazards[own]).expect("it has a name");
        node.slot().refs.add(1);
        self.hazards[own].clear();
        assert_ne!(node.slot().id.load(Ordering::Acquire), 0, "it was freed");
        release(node);
    }

    fn rename(&self) {
        self.task.note_call(running());
        let old = self.task.replace_spawn_parent(name(3, self.task).into());
        let old = old.and_then(NodeSlot::as_name).expect("it had a name");
        wait_until_unused(old, || self.hazards.iter());
        release(old.into());
    }
}

/// Values of locals that have not been dropped.
const ALIVE: u64 = 8;
const DROPPED: u64 = 16;

/// A task that has a name with locals, whose values are the returned word.
fn with_locals() -> (Arc<Shared>, &'static AtomicU64) {
    let shared = Shared::new();
    let values: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(ALIVE)));
    let name = name(4, shared.task);
    let flags = PollWord::of_name(flag::LOCALS, TextLengths::default());
    name.slot().polls.store(flags.to_word(), Ordering::Relaxed);
    let word = core::ptr::from_ref(values).expose_provenance() as u64;
    name.slot().status.store(word, Ordering::Relaxed);
    shared.task.replace_spawn_parent(name.into());
    (shared, values)
}

#[test]
fn values_are_not_dropped_while_another_thread_copies_the_reference() {
    loom::model(|| {
        let (shared, values) = with_locals();
        let reader = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.task.note_call(running());
                let hazard = &shared.hazards[0];
                let node = protect_spawn_parent(shared.task, hazard).expect("it has a name");
                let name = node.as_name().expect("it is a name");
                if name.locals_word() != 0 {
                    assert_eq!(values.load(Ordering::Relaxed), ALIVE);
                }
                hazard.clear();
            })
        };
        shared.task.note_call(running());
        let old = shared
            .task
            .replace_spawn_parent(name(3, shared.task).into());
        let old = old.and_then(NodeSlot::as_name).expect("it had a name");
        wait_until_unused(old, || shared.hazards.iter());
        assert_ne!(old.take_locals_word(), 0);
        values.store(DROPPED, Ordering::Relaxed);
        assert_eq!(old.take_locals_word(), 0);
        reader.join().unwrap();
    });
}

#[test]
fn task_with_locals_spawns_on_the_slow_path() {
    loom::model(|| {
        let (shared, _) = with_locals();
        let node = shared
            .task
            .spawn_parent(Ordering::Relaxed)
            .expect("it has a name");
        assert_ne!(
            shared.task.spawn_parent_or_tag(),
            std::ptr::from_ref(node.slot())
        );
        shared
            .task
            .swap_spawn_parent(Some(name(3, shared.task).into()));
        let node = shared
            .task
            .spawn_parent(Ordering::Relaxed)
            .expect("it has a name");
        assert_eq!(
            shared.task.spawn_parent_or_tag(),
            std::ptr::from_ref(node.slot())
        );
    });
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
fn parent_that_is_replaced_while_a_call_is_named_is_in_no_stock() {
    loom::model(|| {
        let shared = Shared::new();
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.task.look_for_call_names())
        };
        let node = NodeSlot::from(name(3, shared.task));
        shared.task.replace_spawn_parent(node);
        other.join().unwrap();
        let task = shared.task;
        assert_eq!(task.spawn_parent(Ordering::Relaxed), Some(node));
        assert_ne!(task.spawn_parent_or_tag(), std::ptr::from_ref(node.slot()));
    });
}
