//! References to nodes, most of which stay in the cache.

use core::ptr;

use super::{ThreadCache, MAX_CACHED_REFS, NO_NODE, REFS_PER_ACQUIRE};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::Arena;
use crate::record::lineage;
use crate::record::slot::NodeSlot;

impl ThreadCache {
    /// Takes a reference to `node`.
    pub(crate) fn retain(&self, arena: &Arena, node: NodeSlot) {
        self.flush_counters();
        self.retain_flushed(arena, node);
    }

    pub(super) fn retain_flushed(&self, arena: &Arena, node: NodeSlot) {
        let cached_refs = self.cached_refs.get();
        if ptr::eq(self.cached_node.get(), node.slot()) && cached_refs > 0 {
            self.cached_refs.set(cached_refs - 1);
        } else {
            self.acquire_refs(arena, node);
        }
    }

    /// Gives a reference to `node` back.
    ///
    /// # Safety
    ///
    /// The reference is the caller's, who uses no copy of `node` any more without another one.
    pub(crate) unsafe fn release(&self, arena: &Arena, node: NodeSlot) {
        self.flush_counters();
        // SAFETY: by the contract.
        unsafe { self.release_flushed(arena, node) };
    }

    /// # Safety
    ///
    /// As for [`ThreadCache::release`].
    pub(super) unsafe fn release_flushed(&self, arena: &Arena, node: NodeSlot) {
        if self.give_back_one(node) {
            // SAFETY: the reference was the last one.
            unsafe { self.retire(arena, node) };
        }
    }

    #[cold]
    fn acquire_refs(&self, arena: &Arena, node: NodeSlot) {
        node.slot().refs.add(REFS_PER_ACQUIRE);
        self.flush_refs_only(arena);
        self.cached_node.set(node.slot());
        self.cached_refs.set(REFS_PER_ACQUIRE - 1);
        lineage::note_generation(self, arena, node);
    }

    /// Gives the references in the cache back.
    pub(crate) fn flush_refs(&self, arena: &Arena) {
        self.flush_counters();
        self.flush_refs_only(arena);
    }

    pub(super) fn flush_refs_only(&self, arena: &Arena) {
        let node = self.cached_node.replace(NO_NODE);
        let cached_refs = self.cached_refs.take();
        if cached_refs > 0 {
            // SAFETY: the references keep the node valid, and are given back here.
            unsafe { self.give_back(arena, NodeSlot::new(&*node), cached_refs) };
        }
    }

    pub(super) fn trim_refs(&self, arena: &Arena) {
        if self.cached_refs.get() > MAX_CACHED_REFS {
            self.flush_refs_only(arena);
        }
    }

    /// # Safety
    ///
    /// As for [`ThreadCache::release`], of several references.
    #[cold]
    pub(super) unsafe fn give_back(&self, arena: &Arena, node: NodeSlot, count: u32) {
        if take_off(node, count) {
            // SAFETY: the references were the last ones.
            unsafe { self.retire(arena, node) };
        }
    }

    /// Gives a reference back, into the cache if possible. Returns `true` if it was the last one.
    pub(super) fn give_back_one(&self, node: NodeSlot) -> bool {
        if ptr::eq(self.cached_node.get(), node.slot()) {
            self.cached_refs.set(self.cached_refs.get() + 1);
            return false;
        }
        take_off(node, 1)
    }
}

fn take_off(node: NodeSlot, count: u32) -> bool {
    let is_last = node.slot().refs.sub(count) == u64::from(count);
    if is_last {
        fence(Ordering::Acquire);
    }
    is_last
}
