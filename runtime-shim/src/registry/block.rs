//! What one thread keeps so that it need not ask others: free slots, ids, references in stock.
//!
//! References are counted, but hardly ever with an atomic operation: a thread takes [`STOCK`]
//! references to the node under which it spawns at once and hands them to the children one by one;
//! a child that ends puts its reference back into stock if its thread has the same node there.

use core::cell::Cell;
use core::ptr;

use super::arena::{Arena, Batch, BATCH};
use super::slot::{flag, state, Slot};
use crate::sync::atomic::{fence, AtomicU64, Ordering};

/// References taken at once.
const STOCK: u32 = if cfg!(loom) { 2 } else { 64 };
/// References kept at most.
const STOCK_LIMIT: u32 = 2 * STOCK;
/// Ids that a thread takes at a time: few at first, so that small programs have small ids.
const FIRST_IDS: u64 = 8;
const MOST_IDS: u64 = 4096;
/// Every so many generations the lineage of a newborn is looked at for ancestors to cut.
pub(crate) const GENERATIONS: u64 = 16;

/// The part of a thread's block that the registry's own algorithms work on.
pub(crate) struct Store {
    free: Cell<Option<&'static Slot>>,
    free_len: Cell<usize>,
    spare: Cell<Option<Batch>>,
    stock_of: Cell<*const Slot>,
    stock: Cell<u32>,
    next_id: Cell<u64>,
    end_id: Cell<u64>,
    id_range: Cell<u64>,
}

impl Store {
    pub(crate) const fn new() -> Self {
        Store {
            free: Cell::new(None),
            free_len: Cell::new(0),
            spare: Cell::new(None),
            stock_of: Cell::new(ptr::null()),
            stock: Cell::new(0),
            next_id: Cell::new(0),
            end_id: Cell::new(0),
            id_range: Cell::new(FIRST_IDS),
        }
    }

    /// Records a task that is born under `parent`, or `None` where there is no memory.
    #[inline]
    pub(crate) fn birth(
        &self,
        arena: &Arena,
        ids: &AtomicU64,
        parent: &'static Slot,
        site: u64,
        tick: u64,
    ) -> Option<&'static Slot> {
        let slot = self.take(arena)?;
        self.retain(arena, parent);
        let generation = (parent.depth.load(Ordering::Relaxed) as u32).wrapping_add(1);
        self.write(ids, slot, Some(parent), site, tick, generation);
        Some(slot)
    }

    /// Records a task that has no parent.
    pub(crate) fn root(
        &self,
        arena: &Arena,
        ids: &AtomicU64,
        site: u64,
        tick: u64,
    ) -> Option<&'static Slot> {
        let slot = self.take(arena)?;
        self.write(ids, slot, None, site, tick, 0);
        Some(slot)
    }

    #[inline]
    fn write(
        &self,
        ids: &AtomicU64,
        slot: &'static Slot,
        parent: Option<&'static Slot>,
        site: u64,
        tick: u64,
        generation: u32,
    ) {
        let id = self.next_id(ids);
        // A reader that sees any of the stores below must also see that the slot was free before.
        fence(Ordering::Release);
        slot.status.store(tick | state::CREATED, Ordering::Relaxed);
        slot.site.store(site, Ordering::Relaxed);
        slot.parent.set(parent);
        slot.scope.set(Some(slot));
        slot.refs.store(1, Ordering::Relaxed);
        slot.polls.store(0, Ordering::Relaxed);
        slot.depth
            .store(tick | u64::from(generation), Ordering::Relaxed);
        slot.id.store(id, Ordering::Release);
    }

    /// Ends a task. Its slot stays as long as others descend from it.
    #[inline]
    pub(crate) fn end(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        if slot.scope.get().is_none_or(|scope| !ptr::eq(scope, slot)) {
            self.leave_scope(arena, slot);
        }
        // Only the task itself gives out references to its slot, so a lone one is ours for good.
        if slot.refs(Ordering::Acquire) == 1 {
            self.retire(arena, slot);
        } else {
            self.end_with_descendants(arena, slot, status);
        }
    }

    #[cold]
    fn leave_scope(&self, arena: &Arena, slot: &'static Slot) {
        if let Some(scope) = slot.scope.swap(Some(slot)) {
            self.release(arena, scope);
        }
    }

    #[cold]
    fn end_with_descendants(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        slot.status.store(status, Ordering::Relaxed);
        slot.set_flags(flag::ENDED);
        if ptr::eq(self.stock_of.get(), slot) {
            self.empty_stock(arena);
        }
        self.give_back(arena, slot, 1);
    }

    /// Takes a reference to `node`, which the caller knows to be alive.
    #[inline]
    pub(crate) fn retain(&self, arena: &Arena, node: &'static Slot) {
        let stock = self.stock.get();
        if ptr::eq(self.stock_of.get(), node) && stock > 0 {
            self.stock.set(stock - 1);
        } else {
            self.restock(arena, node);
        }
    }

    /// Gives a reference to `node` back.
    #[inline]
    pub(crate) fn release(&self, arena: &Arena, node: &'static Slot) {
        let stock = self.stock.get();
        if ptr::eq(self.stock_of.get(), node) && stock < STOCK_LIMIT {
            self.stock.set(stock + 1);
        } else {
            self.give_back(arena, node, 1);
        }
    }

    #[cold]
    fn restock(&self, arena: &Arena, node: &'static Slot) {
        node.refs.fetch_add(u64::from(STOCK), Ordering::Relaxed);
        self.empty_stock(arena);
        self.stock_of.set(node);
        self.stock.set(STOCK - 1);
    }

    /// Gives the references in stock back.
    pub(crate) fn empty_stock(&self, arena: &Arena) {
        // SAFETY: the stock is of a live node, which it keeps alive, or of none.
        let node = unsafe { self.stock_of.replace(ptr::null()).as_ref() };
        let stock = self.stock.replace(0);
        if let (Some(node), 1..) = (node, stock) {
            self.give_back(arena, node, stock);
        }
    }

    #[cold]
    fn give_back(&self, arena: &Arena, node: &'static Slot, count: u32) {
        let count = u64::from(count);
        let before = node.refs.fetch_sub(count, Ordering::Release) & u64::from(u32::MAX);
        if before == count {
            fence(Ordering::Acquire);
            self.retire(arena, node);
        }
    }

    /// Frees a slot that nobody refers to, and its reference to the node above.
    #[inline]
    fn retire(&self, arena: &Arena, slot: &'static Slot) {
        let parent = slot.parent.get();
        self.free_node(arena, slot);
        if let Some(parent) = parent {
            self.release(arena, parent);
        }
    }

    /// Frees a node alone: what it refers to is the caller's business.
    #[inline]
    pub(crate) fn free_node(&self, arena: &Arena, node: &'static Slot) {
        if node.is_name() {
            self.free_continuation(arena, node);
        }
        self.free(arena, node);
    }

    /// Frees the slots in which a long name goes on.
    #[cold]
    fn free_continuation(&self, arena: &Arena, name: &'static Slot) {
        let mut next = name.scope.get();
        while let Some(slot) = next {
            // SAFETY: the last word of a continued name is a link, which `continue_with` wrote.
            next = unsafe { super::slot::Link::decode(slot.depth.load(Ordering::Relaxed)) };
            self.free(arena, slot);
        }
    }

    /// Puts a slot among the free ones. Its content must not be needed any more.
    #[inline]
    pub(crate) fn free(&self, arena: &Arena, slot: &'static Slot) {
        slot.id.store(0, Ordering::Relaxed);
        // A reader that sees what is written into the slot from here on must see the zero too.
        fence(Ordering::Release);
        if self.free_len.get() == BATCH {
            self.put_away(arena);
        }
        slot.parent.set(self.free.replace(Some(slot)));
        self.free_len.set(self.free_len.get() + 1);
    }

    /// A slot that nobody else knows of.
    #[inline]
    pub(crate) fn take(&self, arena: &Arena) -> Option<&'static Slot> {
        let slot = match self.free.get() {
            Some(slot) => slot,
            None => self.refill(arena)?,
        };
        self.free.set(slot.parent.get());
        self.free_len.set(self.free_len.get() - 1);
        Some(slot)
    }

    #[cold]
    fn refill(&self, arena: &Arena) -> Option<&'static Slot> {
        let batch = self.spare.take().or_else(|| arena.take())?;
        self.free.set(Some(batch.0));
        self.free_len.set(BATCH);
        Some(batch.0)
    }

    /// Makes room among the free slots: a full batch goes to the spare place, the one from there to
    /// those who need it.
    #[cold]
    fn put_away(&self, arena: &Arena) {
        let full = self.free.take().map(Batch);
        self.free_len.set(0);
        if let Some(old) = self.spare.replace(full) {
            arena.put(old);
        }
    }

    #[inline]
    pub(crate) fn next_id(&self, ids: &AtomicU64) -> u64 {
        let id = self.next_id.get();
        if id == self.end_id.get() {
            return self.more_ids(ids);
        }
        self.next_id.set(id + 1);
        id
    }

    #[cold]
    fn more_ids(&self, ids: &AtomicU64) -> u64 {
        let range = self.id_range.get();
        self.id_range.set((2 * range).min(MOST_IDS));
        let first = ids.fetch_add(range, Ordering::Relaxed);
        self.next_id.set(first + 1);
        self.end_id.set(first + range);
        first
    }
}
