//! The registry's own algorithms under loom: every interleaving of two or three threads.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p birthmark --lib`.

use loom::sync::Arc;
use loom::thread;

use super::arena::Arena;
use super::block::Store;
use super::slot::{state, Slot};
use crate::sync::atomic::{fence, AtomicU64, Ordering};

struct World {
    arena: &'static Arena,
    ids: &'static AtomicU64,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(World {
            arena: Box::leak(Box::new(Arena::new())),
            ids: Box::leak(Box::new(AtomicU64::new(1))),
        })
    }

    fn root(&self, store: &Store) -> &'static Slot {
        store.root(self.arena, self.ids, 0, 0).unwrap()
    }

    fn birth(&self, store: &Store, parent: &'static Slot, site: u64) -> &'static Slot {
        store.birth(self.arena, self.ids, parent, site, 0).unwrap()
    }
}

#[test]
fn a_task_that_ends_elsewhere_frees_its_parent() {
    loom::model(|| {
        let world = World::new();
        let store = Store::new();
        let parent = world.root(&store);
        let child = world.birth(&store, parent, 1);
        let there = {
            let world = world.clone();
            thread::spawn(move || {
                let store = Store::new();
                store.end(world.arena, child, state::COMPLETED);
                store.empty_stock(world.arena);
            })
        };
        store.end(world.arena, parent, state::COMPLETED);
        store.empty_stock(world.arena);
        there.join().unwrap();
        assert_eq!(parent.id.load(Ordering::Relaxed), 0);
        assert_eq!(child.id.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn two_children_that_end_at_once_free_their_parent_once() {
    loom::model(|| {
        let world = World::new();
        let store = Store::new();
        let parent = world.root(&store);
        let children = [1, 2].map(|site| world.birth(&store, parent, site));
        store.end(world.arena, parent, state::COMPLETED);
        store.empty_stock(world.arena);
        let threads = children.map(|child| {
            let world = world.clone();
            thread::spawn(move || {
                let store = Store::new();
                store.end(world.arena, child, state::COMPLETED);
                usize::from(parent.id.load(Ordering::Relaxed) == 0)
            })
        });
        let saw = threads.map(|thread| thread.join().unwrap());
        assert!(saw.iter().sum::<usize>() >= 1);
        assert_eq!(parent.id.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_reader_never_mixes_two_tasks() {
    loom::model(|| {
        let world = World::new();
        let store = Store::new();
        let root = world.root(&store);
        let slot = world.birth(&store, root, 7);
        let reader = thread::spawn(move || {
            let id = slot.id.load(Ordering::Acquire);
            let site = slot.site.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            let same = slot.id.load(Ordering::Relaxed) == id;
            (id, site, same)
        });
        let first = slot.id.load(Ordering::Relaxed);
        store.end(world.arena, slot, state::COMPLETED);
        let again = world.birth(&store, root, 9);
        assert!(std::ptr::eq(slot, again), "the slot was to be reused");
        let (id, site, same) = reader.join().unwrap();
        if same && id != 0 {
            assert_eq!(site, if id == first { 7 } else { 9 });
        }
    });
}

#[test]
fn batches_are_handed_over_whole() {
    loom::model(|| {
        let world = World::new();
        let batch = world.arena.take().unwrap();
        world.arena.put(batch);
        let take = |world: Arc<World>| move || world.arena.take().map(|batch| std::ptr::from_ref(batch.0).addr());
        let there = thread::spawn(take(world.clone()));
        let here = take(world)();
        let there = there.join().unwrap();
        assert!(here.is_some() && there.is_some());
        assert_ne!(here, there);
    });
}
