//! Ends: slots that are freed, with what they refer to.

use core::ptr;

use super::{take_one, ThreadCache};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::{Arena, Batch, BATCH};
use crate::record::slot::{FreeSlot, NameSlot, NodeSlot, TaskSlot};
use crate::record::words::{flag, Status};

impl ThreadCache {
    /// Ends a task that has completed, if nothing out of the ordinary is due. Otherwise nothing has
    /// happened, and [`ThreadCache::end`] does it.
    ///
    /// # Safety
    ///
    /// The caller gives up the task's reference to itself. If the result is `true`, it uses no copy of `task` any more.
    #[inline(always)]
    pub(crate) unsafe fn end_fast(&self, task: TaskSlot) -> bool {
        let slot = task.slot();
        // The task has no name, no ancestors were cut, and no node is below. So no other thread can take a reference
        // to it, and this one is the last.
        let is_alone = slot.ref_word(Ordering::Acquire).is_alone();
        let is_stocked = ptr::eq(slot.parent.as_ptr(), self.cached_node.get());
        if !is_alone || !is_stocked || !take_one(&self.fast_ends) {
            return false;
        }
        slot.id.store(0, Ordering::Relaxed);
        // A reader that sees what is written into the slot from here on must see the zero too.
        fence(Ordering::Release);
        // SAFETY: nobody refers to the slot. `refs` and `spawn_parent` are those of a free one.
        self.push_freed(unsafe { FreeSlot::new(slot) });
        true
    }

    #[inline(always)]
    fn push_freed(&self, slot: FreeSlot) {
        slot.set_next(self.freed.replace(Some(slot)));
    }

    /// Ends a task. Its slot stays as long as others descend from it.
    ///
    /// # Safety
    ///
    /// The caller gives up the task's reference to itself, and uses no copy of `task` any more.
    pub(crate) unsafe fn end(&self, arena: &Arena, task: TaskSlot, status: Status) {
        self.flush_counters();
        if task.slot().ref_word(Ordering::Relaxed).is_named() {
            self.drop_name(arena, task);
        }
        #[cfg(not(loom))]
        task.leave_to_wakers();
        let node = NodeSlot::from(task);
        if node.ref_count(Ordering::Acquire) == 1 {
            // SAFETY: the one reference is the caller's.
            unsafe { self.retire(arena, node) };
        } else {
            task.set_status(status);
            task.set_flags(flag::ENDED);
            if ptr::eq(self.cached_node.get(), task.slot()) {
                self.flush_refs_only(arena);
            }
            // SAFETY: the reference is the caller's.
            unsafe { self.give_back(arena, node, 1) };
        }
        self.reserve();
    }

    /// Ends a task in an idle cache, whose counters are flushed, if the task has neither a name nor descendants. Otherwise
    /// nothing has happened.
    ///
    /// # Safety
    ///
    /// As for [`ThreadCache::end_fast`].
    pub(crate) unsafe fn end_alone(&self, arena: &Arena, task: TaskSlot) -> bool {
        let is_alone = task.slot().ref_word(Ordering::Acquire).is_alone();
        if is_alone {
            // SAFETY: the one reference is the caller's.
            unsafe { self.retire(arena, task.into()) };
        }
        is_alone
    }

    fn drop_name(&self, arena: &Arena, task: TaskSlot) {
        let name = task.reset_spawn_parent();
        task.slot().refs.clear_named();
        if let Some(name) = name.filter(|name| name.is_name()) {
            // SAFETY: the task had a reference to its name, which is taken away here.
            unsafe { self.release_flushed(arena, name) };
        }
    }

    /// Frees a node to which nobody refers, and its reference to the node above. Inlined for the sake of threads
    /// that end.
    ///
    /// # Safety
    ///
    /// Nobody refers to the node or uses it any more.
    #[inline(always)]
    pub(super) unsafe fn retire(&self, arena: &Arena, node: NodeSlot) {
        let mut next = Some(node);
        // Not by recursion: a long line may end at once.
        while let Some(node) = next {
            let parent = node.parent();
            // SAFETY: nobody refers to the node: at first by the contract, then because its last reference was given
            // back, which the node below had.
            unsafe { self.free_node(arena, node) };
            next = parent.filter(|&parent| self.give_back_one(parent));
        }
    }

    /// Frees a node alone. The caller releases what the node refers to. Callers are slow paths, which have flushed the
    /// counters.
    ///
    /// # Safety
    ///
    /// As for [`ThreadCache::retire`].
    pub(crate) unsafe fn free_node(&self, arena: &Arena, node: NodeSlot) {
        if let Some(name) = node.as_name() {
            // SAFETY: by the contract.
            unsafe { self.free_continuation(arena, name) };
        }
        // SAFETY: by the contract.
        self.free_flushed(arena, unsafe { FreeSlot::new(node.slot()) });
    }

    /// Frees the slots that continue a name.
    ///
    /// # Safety
    ///
    /// The name is freed next, and nobody uses it any more.
    #[cold]
    unsafe fn free_continuation(&self, arena: &Arena, name: NameSlot) {
        let mut next = name.continuation();
        while let Some(text) = next {
            next = text.continuation();
            // SAFETY: only its name refers to a continuation.
            self.free_flushed(arena, unsafe { FreeSlot::new(text.slot()) });
        }
    }

    /// Puts a slot among the free ones.
    pub(crate) fn free(&self, arena: &Arena, slot: FreeSlot) {
        self.flush_counters();
        self.free_flushed(arena, slot);
    }

    fn free_flushed(&self, arena: &Arena, slot: FreeSlot) {
        slot.slot().id.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        slot.reset();
        self.push_freed(slot);
        self.freed_len.set(self.freed_len.get() + 1);
        if self.freed_len.get() == BATCH as u32 {
            self.put_away(arena);
        }
    }

    /// Keeps a full batch in reserve, and gives the one that was there to the arena.
    #[cold]
    fn put_away(&self, arena: &Arena) {
        self.freed_len.set(0);
        if let Some(old) = self.reserve_batch.replace(self.freed.take().map(Batch)) {
            arena.put(old);
        }
        self.trim_refs(arena);
    }
}
