//! Spawns: free slots and ids, and where they come from.

use core::ptr;

use super::{take_one, Chain, RecordInit, RegistryRef, ThreadCache};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::{Arena, BATCH};
use crate::record::slot::{FreeSlot, NodeSlot, Slot, TaskSlot};
use crate::record::words::{PollWord, Status};

impl ThreadCache {
    /// Records a task that is spawned under `parent`, if nothing out of the ordinary is due. Otherwise
    /// nothing has happened, and [`ThreadCache::record`] does it.
    #[inline(always)]
    pub(crate) fn record_fast(&self, parent: *const Slot, init: RecordInit) -> Option<TaskSlot> {
        if !ptr::eq(self.cached_node.get(), parent) || !take_one(&self.fast_spawns) {
            return None;
        }
        // SAFETY: `fast_spawns` was not zero. So there are references to `parent` in the cache, which keep it valid and of which
        // the task gets one, and there is a free slot.
        unsafe {
            let parent = NodeSlot::new(&*parent);
            let slot = self.free.get().unwrap_unchecked();
            Some(self.write(slot, Some(parent), init))
        }
    }

    /// Records a task that is spawned under `parent`, or is a root. `None` if there is no memory.
    pub(crate) fn record(
        &self,
        registry: RegistryRef<'_>,
        parent: Option<NodeSlot>,
        init: RecordInit,
    ) -> Option<TaskSlot> {
        self.flush_counters();
        let slot = self.first_free(registry)?;
        if let Some(parent) = parent {
            self.retain_flushed(registry.arena, parent);
        }
        self.free_len.set(self.free_len.get() - 1);
        // SAFETY: the slot is the first free one, and the reference was taken above.
        let task = unsafe { self.write(slot, parent, init) };
        self.reserve();
        Some(task)
    }

    /// Writes a task into the first free slot. Its id becomes visible last.
    ///
    /// # Safety
    ///
    /// `slot` is the first free slot. The caller gives a reference to `parent` away.
    #[inline(always)]
    unsafe fn write(&self, slot: FreeSlot, parent: Option<NodeSlot>, init: RecordInit) -> TaskSlot {
        let RecordInit { site, flags, tick } = init;
        self.free.set(slot.next());
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        let slot = slot.slot();
        // A reader that sees any of the stores below must also see that the slot was free before.
        fence(Ordering::Release);
        // A suspended task has the tick as its status.
        let status = Status::of(0).at(tick).to_word();
        slot.status.store(status, Ordering::Relaxed);
        slot.site.store(site.address(), Ordering::Relaxed);
        slot.parent.set(parent.map(NodeSlot::slot));
        let polls = PollWord::of_task(flags).to_word();
        slot.polls.store(polls, Ordering::Relaxed);
        slot.spawned.store(tick, Ordering::Relaxed);
        // In each free slot, `refs` is 1 and `spawn_parent` the slot itself.
        slot.id.store(id, Ordering::Release);
        // SAFETY: the slot contains a task now.
        unsafe { TaskSlot::new(slot) }
    }

    /// Returns the first free slot, with an id reserved for it.
    fn first_free(&self, registry: RegistryRef<'_>) -> Option<FreeSlot> {
        if self.free_len.get() == 0 {
            self.refill(registry)?;
        }
        self.free.get()
    }

    /// Finds free slots, and reserves an id for each.
    #[cold]
    fn refill(&self, registry: RegistryRef<'_>) -> Option<()> {
        let mut chain = Chain {
            first: self.freed.take(),
            len: self.freed_len.take() as usize,
        };
        self.trim_refs(registry.arena);
        if chain.first.is_none() {
            chain = self.next_chain(registry.arena)?;
        }
        let len = chain.len as u64;
        if self.end_id.get() - self.next_id.get() < len {
            let first = registry.ids.fetch_add(len, Ordering::Relaxed);
            self.next_id.set(first);
            self.end_id.set(first + len);
        }
        self.free.set(chain.first);
        self.free_len.set(chain.len as u32);
        Some(())
    }

    /// Part of a batch at first, later a whole one.
    fn next_chain(&self, arena: &Arena) -> Option<Chain> {
        let mut unassigned = self.unassigned.take();
        if unassigned.first.is_none() {
            let batch = self.reserve_batch.take().or_else(|| arena.take())?;
            unassigned = Chain {
                first: Some(batch.0),
                len: BATCH,
            };
        }
        let len = self.refill_size.get().min(unassigned.len);
        self.refill_size.set((2 * len).clamp(1, BATCH));
        if len < unassigned.len {
            let last = (1..len).try_fold(unassigned.first?, |slot, _| slot.next())?;
            self.unassigned.set(Chain {
                first: last.next(),
                len: unassigned.len - len,
            });
            last.set_next(None);
        }
        Some(Chain {
            first: unassigned.first,
            len,
        })
    }

    /// Takes a slot for something other than a task.
    pub(super) fn take(&self, registry: RegistryRef<'_>) -> Option<FreeSlot> {
        self.flush_counters();
        let slot = self.first_free(registry)?;
        self.free_len.set(self.free_len.get() - 1);
        self.free.set(slot.next());
        Some(slot)
    }
}
