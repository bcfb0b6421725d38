//! Births: free slots and ids, and where they come from.

use core::ptr;

use super::{spend, Chain, Newborn, Store, World};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::{Arena, BATCH};
use crate::record::slot::{FreeSlot, NodeSlot, Slot, TaskSlot};
use crate::record::words::{PollWord, Status};

impl Store {
    /// Records a task that is born under `parent`, if nothing out of the ordinary is due. Otherwise
    /// nothing has happened, and [`Store::birth`] does it.
    #[inline(always)]
    pub(crate) fn birth_fast(&self, parent: *const Slot, newborn: Newborn) -> Option<TaskSlot> {
        if !ptr::eq(self.stock_of.get(), parent) || !spend(&self.births) {
            return None;
        }
        // SAFETY: `births` was not zero. So there are references to `parent` in stock, which keep it valid and of which
        // the task gets one, and there is a free slot.
        unsafe {
            let parent = NodeSlot::new(&*parent);
            let slot = self.free.get().unwrap_unchecked();
            Some(self.write(slot, Some(parent), newborn))
        }
    }

    /// Records a task that is born under `parent`, or is a root. `None` if there is no memory.
    pub(crate) fn birth(
        &self,
        world: World<'_>,
        parent: Option<NodeSlot>,
        newborn: Newborn,
    ) -> Option<TaskSlot> {
        self.settle();
        let slot = self.first_free(world)?;
        if let Some(parent) = parent {
            self.retain_settled(world.arena, parent);
        }
        self.free_len.set(self.free_len.get() - 1);
        // SAFETY: the slot is the first free one, and the reference was taken above.
        let task = unsafe { self.write(slot, parent, newborn) };
        self.grant();
        Some(task)
    }

    /// Writes a task into the first free slot. Its id becomes visible last.
    ///
    /// # Safety
    ///
    /// `slot` is the first free slot. The caller gives a reference to `parent` away.
    #[inline(always)]
    unsafe fn write(&self, slot: FreeSlot, parent: Option<NodeSlot>, newborn: Newborn) -> TaskSlot {
        let Newborn { site, flags, tick } = newborn;
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
    fn first_free(&self, world: World<'_>) -> Option<FreeSlot> {
        if self.free_len.get() == 0 {
            self.refill(world)?;
        }
        self.free.get()
    }

    /// Finds free slots, and reserves an id for each.
    #[cold]
    fn refill(&self, world: World<'_>) -> Option<()> {
        let mut chain = Chain {
            first: self.freed.take(),
            len: self.freed_len.take() as usize,
        };
        self.shrink_stock(world.arena);
        if chain.first.is_none() {
            chain = self.portion(world.arena)?;
        }
        let len = chain.len as u64;
        if self.end_id.get() - self.next_id.get() < len {
            let first = world.ids.fetch_add(len, Ordering::Relaxed);
            self.next_id.set(first);
            self.end_id.set(first + len);
        }
        self.free.set(chain.first);
        self.free_len.set(chain.len as u32);
        Some(())
    }

    /// Part of a batch at first, later a whole one.
    fn portion(&self, arena: &Arena) -> Option<Chain> {
        let mut rest = self.rest.take();
        if rest.first.is_none() {
            let batch = self.spare.take().or_else(|| arena.take())?;
            rest = Chain {
                first: Some(batch.0),
                len: BATCH,
            };
        }
        let len = self.portion.get().min(rest.len);
        self.portion.set((2 * len).clamp(1, BATCH));
        if len < rest.len {
            let last = (1..len).try_fold(rest.first?, |slot, _| slot.next())?;
            self.rest.set(Chain {
                first: last.next(),
                len: rest.len - len,
            });
            last.set_next(None);
        }
        Some(Chain {
            first: rest.first,
            len,
        })
    }

    /// Takes a slot for something other than a task.
    pub(super) fn take(&self, world: World<'_>) -> Option<FreeSlot> {
        self.settle();
        let slot = self.first_free(world)?;
        self.free_len.set(self.free_len.get() - 1);
        self.free.set(slot.next());
        Some(slot)
    }
}
