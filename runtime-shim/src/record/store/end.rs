//! Ends: slots that are freed, with what they refer to.

use core::ptr;

use super::{spend, Store};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::{Arena, Batch, BATCH};
use crate::record::slot::{flag, Link, Slot, NAMED};

impl Store {
    /// Ends a task that has completed, if nothing out of the ordinary is due. Otherwise nothing has
    /// happened, and [`Store::end`] does it.
    #[inline(always)]
    pub(crate) fn end_fast(&self, slot: &'static Slot) -> bool {
        // No name, no ancestors cut, and nobody descends from it: nobody else can give out
        // references to it, so this one is the last for good.
        let lone = slot.refs.load(Ordering::Acquire) == 1;
        let stocked = ptr::eq(slot.parent.as_ptr(), self.stock_of.get());
        if !lone || !stocked || !spend(&self.ends) {
            return false;
        }
        slot.id.store(0, Ordering::Relaxed);
        // A reader that sees what is written into the slot from here on must see the zero too.
        fence(Ordering::Release);
        self.push_freed(slot);
        true
    }

    #[inline(always)]
    fn push_freed(&self, slot: &'static Slot) {
        slot.parent.set_ptr(self.freed.replace(slot));
    }

    /// Ends a task. Its slot stays as long as others descend from it.
    pub(crate) fn end(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        self.settle();
        if slot.refs.load(Ordering::Relaxed) & NAMED != 0 {
            self.drop_name(arena, slot);
        }
        if slot.refs(Ordering::Acquire) == 1 {
            self.retire(arena, slot);
        } else {
            self.end_with_descendants(arena, slot, status);
        }
        self.grant();
    }

    /// Ends a task in a store that is settled, as parked ones are: if it has neither a name nor
    /// descendants. Otherwise nothing has happened.
    pub(crate) fn end_lone(&self, arena: &Arena, slot: &'static Slot) -> bool {
        let lone = slot.refs.load(Ordering::Acquire) == 1;
        if lone {
            self.retire(arena, slot);
        }
        lone
    }

    fn drop_name(&self, arena: &Arena, slot: &'static Slot) {
        let name = slot.reset_scope();
        slot.refs.fetch_and(!NAMED, Ordering::Relaxed);
        if let Some(name) = name.filter(|name| name.is_name()) {
            self.release_settled(arena, name);
        }
    }

    fn end_with_descendants(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        slot.status.store(status, Ordering::Relaxed);
        slot.set_flags(flag::ENDED);
        if ptr::eq(self.stock_of.get(), slot) {
            self.empty_stock_settled(arena);
        }
        self.give_back(arena, slot, 1);
    }

    /// Frees a slot that nobody refers to, and its reference to the node above. Inlined for the sake of threads
    /// that end.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn retire(&self, arena: &Arena, slot: &'static Slot) {
        let mut next = Some(slot);
        // Not by recursion: a long line may end at once.
        while let Some(slot) = next {
            let parent = slot.parent.get();
            self.free_node(arena, slot);
            next = parent.filter(|parent| self.give_back_one(parent));
        }
    }

    /// Frees a node alone: what it refers to is the caller's business.
    /// It is called in the midst of other long versions, so the store is settled.
    pub(crate) fn free_node(&self, arena: &Arena, node: &'static Slot) {
        if node.is_name() {
            self.free_continuation(arena, node);
        }
        self.free_settled(arena, node);
    }

    /// Frees the slots in which a long name goes on.
    #[cold]
    fn free_continuation(&self, arena: &Arena, name: &'static Slot) {
        let mut next = name.scope.get();
        while let Some(slot) = next {
            // SAFETY: the last word of a continued name is a link, as `name/node.rs` writes it.
            next = unsafe { Link::decode(slot.born.load(Ordering::Relaxed)) };
            self.free_settled(arena, slot);
        }
    }

    /// Puts a slot among the free ones. Its content must not be needed any more.
    pub(crate) fn free(&self, arena: &Arena, slot: &'static Slot) {
        self.settle();
        self.free_settled(arena, slot);
    }

    fn free_settled(&self, arena: &Arena, slot: &'static Slot) {
        slot.id.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        slot.refs.store(1, Ordering::Relaxed);
        slot.scope.set(Some(slot));
        self.push_freed(slot);
        self.freed_len.set(self.freed_len.get() + 1);
        if self.freed_len.get() == BATCH as u32 {
            self.put_away(arena);
        }
    }

    /// Puts a full batch into the spare place, and the one from there to those who need it.
    #[cold]
    fn put_away(&self, arena: &Arena) {
        self.freed_len.set(0);
        // SAFETY: a slot that was freed here; slots are never unmapped.
        let freed = unsafe { self.freed.replace(ptr::null()).as_ref() };
        if let Some(old) = self.spare.replace(freed.map(Batch)) {
            arena.put(old);
        }
        self.shrink_stock(arena);
    }
}
