use loom::sync::Arc;
use loom::thread;

use crate::platform::sync::atomic::{fence, AtomicU64, Ordering};
use crate::record::arena::Arena;
use crate::record::slot::TaskSlot;
use crate::record::thread_cache::{RecordInit, RegistryRef, ThreadCache};
use crate::record::words::{state, Status};
use crate::types::site::SITES;

fn init(site: usize) -> RecordInit {
    RecordInit {
        site: &SITES[site],
        flags: 0,
        tick: 0,
    }
}

/// A registry of its own for each execution. loom does not mind the leak: it is short.
struct OwnRegistry {
    arena: &'static Arena,
    ids: &'static AtomicU64,
}

impl OwnRegistry {
    fn new() -> Arc<Self> {
        Arc::new(OwnRegistry {
            arena: Box::leak(Box::new(Arena::new())),
            ids: Box::leak(Box::new(AtomicU64::new(1))),
        })
    }

    fn registry(&self) -> RegistryRef<'_> {
        RegistryRef {
            arena: self.arena,
            ids: self.ids,
        }
    }

    fn root(&self, store: &ThreadCache) -> TaskSlot {
        store.record(self.registry(), None, init(0)).unwrap()
    }

    fn spawn(&self, store: &ThreadCache, parent: TaskSlot, site: usize) -> TaskSlot {
        match store.record_fast(parent.slot(), init(site)) {
            Some(slot) => slot,
            None => store
                .record(self.registry(), Some(parent.into()), init(site))
                .unwrap(),
        }
    }

    fn end(&self, store: &ThreadCache, slot: TaskSlot) {
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
        let registry = OwnRegistry::new();
        let store = ThreadCache::new();
        let parent = registry.root(&store);
        let child = registry.spawn(&store, parent, 1);
        let there = {
            let registry = registry.clone();
            thread::spawn(move || {
                let store = ThreadCache::new();
                registry.end(&store, child);
                store.flush_refs(registry.arena);
            })
        };
        registry.end(&store, parent);
        store.flush_refs(registry.arena);
        there.join().unwrap();
        assert_eq!(parent.id(), 0);
        assert_eq!(child.id(), 0);
    });
}

#[test]
fn two_children_that_end_at_once_free_their_parent_once() {
    loom::model(|| {
        let registry = OwnRegistry::new();
        let store = ThreadCache::new();
        let parent = registry.root(&store);
        let children = [1, 2].map(|site| registry.spawn(&store, parent, site));
        registry.end(&store, parent);
        store.flush_refs(registry.arena);
        let threads = children.map(|child| {
            let registry = registry.clone();
            thread::spawn(move || {
                let store = ThreadCache::new();
                registry.end(&store, child);
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
        let registry = OwnRegistry::new();
        let store = ThreadCache::new();
        let root = registry.root(&store);
        let slot = registry.spawn(&store, root, 7);
        let reader = thread::spawn(move || {
            let id = slot.slot().id.load(Ordering::Acquire);
            let site = slot.slot().site.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            let same = slot.slot().id.load(Ordering::Relaxed) == id;
            (id, site, same)
        });
        let first = slot.slot().id.load(Ordering::Relaxed);
        registry.end(&store, slot);
        let again = registry.spawn(&store, root, 9);
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
        let registry = OwnRegistry::new();
        let batch = registry.arena.take().unwrap();
        registry.arena.put(batch);
        let take = |registry: Arc<OwnRegistry>| {
            move || {
                registry
                    .arena
                    .take()
                    .map(|batch| std::ptr::from_ref(batch.0.slot()).addr())
            }
        };
        let there = thread::spawn(take(registry.clone()));
        let here = take(registry)();
        let there = there.join().unwrap();
        assert!(here.is_some() && there.is_some());
        assert_ne!(here, there);
    });
}
