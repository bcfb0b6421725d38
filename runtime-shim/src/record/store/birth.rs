//! Births: free slots and ids, and where they come from.

use core::ptr;

use super::{spend, Chain, Newborn, Store, World};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::{Arena, BATCH};
use crate::record::slot::Slot;

impl Store {
    /// Records a task that is born under `scope`, if nothing out of the ordinary is due. Otherwise
    /// nothing has happened, and [`Store::birth`] does it.
    #[inline(always)]
    pub(crate) fn birth_fast(&self, scope: *const Slot, newborn: Newborn) -> Option<&'static Slot> {
        if !ptr::eq(self.stock_of.get(), scope) || !spend(&self.births) {
            return None;
        }
        // SAFETY: there are references to `scope` in stock, which keep it alive.
        let parent = unsafe { &*scope };
        Some(self.take_and_write(Some(parent), newborn))
    }

    /// Records a task that is born under `parent`, or is a root. `None` where there is no memory.
    pub(crate) fn birth(
        &self,
        world: World<'_>,
        parent: Option<&'static Slot>,
        newborn: Newborn,
    ) -> Option<&'static Slot> {
        self.settle();
        self.ensure_free(world)?;
        if let Some(parent) = parent {
            self.retain_settled(world.arena, parent);
        }
        self.free_len.set(self.free_len.get() - 1);
        let slot = self.take_and_write(parent, newborn);
        self.grant();
        Some(slot)
    }

    /// The first of the free slots, of which there is one.
    #[inline(always)]
    fn take_free(&self) -> &'static Slot {
        // SAFETY: by the caller `free_len` is not zero, so this is a slot; slots are never unmapped.
        let slot = unsafe { &*self.free.get() };
        self.free.set(slot.parent.as_ptr());
        slot
    }

    #[inline(always)]
    fn take_and_write(&self, parent: Option<&'static Slot>, newborn: Newborn) -> &'static Slot {
        let Newborn { site, flags, tick } = newborn;
        let slot = self.take_free();
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        // A reader that sees any of the stores below must also see that the slot was free before.
        fence(Ordering::Release);
        slot.status.store(tick, Ordering::Relaxed);
        slot.site.store(site, Ordering::Relaxed);
        slot.parent.set(parent);
        slot.polls.store(flags, Ordering::Relaxed);
        slot.born.store(tick, Ordering::Relaxed);
        // In every free slot `refs` is 1, and `scope` the slot itself.
        slot.id.store(id, Ordering::Release);
        slot
    }

    fn ensure_free(&self, world: World<'_>) -> Option<()> {
        match self.free_len.get() {
            0 => self.refill(world),
            _ => Some(()),
        }
    }

    /// Finds free slots, and reserves an id for each.
    #[cold]
    fn refill(&self, world: World<'_>) -> Option<()> {
        let mut chain = Chain {
            // SAFETY: null or a slot that was freed here; slots are never unmapped.
            first: unsafe { self.freed.replace(ptr::null()).as_ref() },
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
        self.free
            .set(chain.first.map_or(ptr::null(), ptr::from_ref));
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
            let last = (1..len).try_fold(rest.first?, |slot, _| slot.parent.get())?;
            self.rest.set(Chain {
                first: last.parent.get(),
                len: rest.len - len,
            });
            last.parent.set(None);
        }
        Some(Chain {
            first: rest.first,
            len,
        })
    }

    /// A slot for something other than a task.
    pub(crate) fn take(&self, world: World<'_>) -> Option<&'static Slot> {
        self.settle();
        self.ensure_free(world)?;
        self.free_len.set(self.free_len.get() - 1);
        Some(self.take_free())
    }
}
