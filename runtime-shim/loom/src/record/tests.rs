use loom::sync::Arc;
use loom::thread;

use crate::platform::sync::atomic::{fence, AtomicU64, Ordering};
use crate::record::arena::Arena;
use crate::record::slot::TaskSlot;
use crate::record::store::{Newborn, Store, World};
use crate::record::words::{state, Status};
use crate::types::site::SITES;

fn newborn(site: usize) -> Newborn {
    Newborn {
        site: &SITES[site],
        flags: 0,
        tick: 0,
    }
}

/// A registry of its own for each execution. loom does not mind the leak: it is short.
struct Registry {
    arena: &'static Arena,
    ids: &'static AtomicU64,
}

impl Registry {
    fn new() -> Arc<Self> {
        Arc::new(Registry {
            arena: Box::leak(Box::new(Arena::new())),
            ids: Box::leak(Box::new(AtomicU64::new(1))),
        })
    }

    fn world(&self) -> World<'_> {
        World {
            arena: self.arena,
            ids: self.ids,
        }
    }

    fn root(&self, store: &Store) -> TaskSlot {
        store.birth(self.world(), None, newborn(0)).unwrap()
    }

    fn birth(&self, store: &Store, parent: TaskSlot, site: usize) -> TaskSlot {
        match store.birth_fast(parent.slot(), newborn(site)) {
            Some(slot) => slot,
            None => store
                .birth(self.world(), Some(parent.into()), newborn(site))
                .unwrap(),
        }
    }

    fn end(&self, store: &Store, slot: TaskSlot) {
        let status = Status::of(state::COMPLETED);
        // SAFETY: each test ends a task once.
        unsafe {
            if !store.end_fast(slot) {
                store.end(self.arena, slot, status);
            }
        }
    }
}

#[test]
fn a_task_that_ends_elsewhere_frees_its_parent() {
    loom::model(|| {
        let world = Registry::new();
        let store = Store::new();
        let parent = world.root(&store);
        let child = world.birth(&store, parent, 1);
        let there = {
            let world = world.clone();
            thread::spawn(move || {
                let store = Store::new();
                world.end(&store, child);
                store.empty_stock(world.arena);
            })
        };
        world.end(&store, parent);
        store.empty_stock(world.arena);
        there.join().unwrap();
        assert_eq!(parent.id(), 0);
        assert_eq!(child.id(), 0);
    });
}

#[test]
fn two_children_that_end_at_once_free_their_parent_once() {
    loom::model(|| {
        let world = Registry::new();
        let store = Store::new();
        let parent = world.root(&store);
        let children = [1, 2].map(|site| world.birth(&store, parent, site));
        world.end(&store, parent);
        store.empty_stock(world.arena);
        let threads = children.map(|child| {
            let world = world.clone();
            thread::spawn(move || {
                let store = Store::new();
                world.end(&store, child);
                usize::from(parent.id() == 0)
            })
        });
        let saw = threads.map(|thread| thread.join().unwrap());
        assert!(saw.iter().sum::<usize>() >= 1);
        assert_eq!(parent.id(), 0);
    });
}

#[test]
fn a_reader_never_mixes_two_tasks() {
    loom::model(|| {
        let world = Registry::new();
        let store = Store::new();
        let root = world.root(&store);
        let slot = world.birth(&store, root, 7);
        let reader = thread::spawn(move || {
            let id = slot.slot().id.load(Ordering::Acquire);
            let site = slot.slot().site.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            let same = slot.slot().id.load(Ordering::Relaxed) == id;
            (id, site, same)
        });
        let first = slot.slot().id.load(Ordering::Relaxed);
        world.end(&store, slot);
        let again = world.birth(&store, root, 9);
        assert!(slot == again, "the slot was to be reused");
        let (id, site, same) = reader.join().unwrap();
        if same && id != 0 {
            let expected = if id == first { 7 } else { 9 };
            assert_eq!(site, SITES[expected].address());
        }
    });
}

#[test]
fn batches_are_handed_over_whole() {
    loom::model(|| {
        let world = Registry::new();
        let batch = world.arena.take().unwrap();
        world.arena.put(batch);
        let take = |world: Arc<Registry>| {
            move || {
                world
                    .arena
                    .take()
                    .map(|batch| std::ptr::from_ref(batch.0.slot()).addr())
            }
        };
        let there = thread::spawn(take(world.clone()));
        let here = take(world)();
        let there = there.join().unwrap();
        assert!(here.is_some() && there.is_some());
        assert_ne!(here, there);
    });
}
