//! What one thread keeps so that it need not ask others: free slots, ids, references in stock.
//!
//! References are counted, but hardly ever with an atomic operation: a thread takes [`STOCK`]
//! references to the node under which it spawns at once and hands them to the children one by one;
//! a child that ends puts its reference back into stock if its thread has the same node there.
//!
//! Births and ends come in two versions. The short one, which is nearly always taken, checks first
//! that nothing out of the ordinary is due and then only writes; the long one does whatever is due.

use core::cell::Cell;
use core::ptr;

use super::arena::{Arena, Batch, BATCH};
use super::slot::{flag, state, Link, Slot, NAMED, REFS};
use crate::sync::atomic::{fence, AtomicU64, Ordering};

/// References taken at once.
const STOCK: u32 = if cfg!(loom) { 2 } else { 64 };
/// References kept at most, checked when slots are put away.
const STOCK_LIMIT: u32 = 8 * STOCK;
/// Slots, and ids, that a thread begins with: few, so that small programs have small ids.
const FIRST_PORTION: usize = if cfg!(loom) { 1 } else { 8 };

/// Neither a node nor null, so that neither a task nor a thread without one has it as its scope.
const NO_NODE: *const Slot = ptr::without_provenance(1);

pub(crate) struct Store {
    /// The node that the references in stock are to.
    stock_of: Cell<*const Slot>,
    stock: Cell<u32>,
    /// Free slots to take, with an id reserved for each.
    free: Cell<Option<&'static Slot>>,
    next_id: Cell<u64>,
    /// Slots that were freed here, fewer than a batch.
    freed: Cell<Option<&'static Slot>>,
    freed_len: Cell<usize>,
    // From here on only the long versions look.
    end_id: Cell<u64>,
    /// Free slots that have no ids yet.
    rest: Cell<Chain>,
    portion: Cell<usize>,
    spare: Cell<Option<Batch>>,
}

/// Free slots, linked through `parent`.
#[derive(Clone, Copy, Default)]
struct Chain {
    first: Option<&'static Slot>,
    len: usize,
}

impl Store {
    pub(crate) const fn new() -> Self {
        Store {
            stock_of: Cell::new(NO_NODE),
            stock: Cell::new(0),
            free: Cell::new(None),
            next_id: Cell::new(0),
            freed: Cell::new(None),
            freed_len: Cell::new(0),
            end_id: Cell::new(0),
            rest: Cell::new(Chain {
                first: None,
                len: 0,
            }),
            portion: Cell::new(FIRST_PORTION),
            spare: Cell::new(None),
        }
    }

    /// Moves all that is in `self` to `other`, which is empty: to where the thread that has it next
    /// looks.
    pub(crate) fn move_to(&self, other: &Store) {
        other.stock_of.set(self.stock_of.replace(NO_NODE));
        other.stock.set(self.stock.take());
        other.free.set(self.free.take());
        other.next_id.set(self.next_id.take());
        other.freed.set(self.freed.take());
        other.freed_len.set(self.freed_len.take());
        other.end_id.set(self.end_id.take());
        other.rest.set(self.rest.take());
        other.portion.set(self.portion.replace(FIRST_PORTION));
        other.spare.set(self.spare.take());
    }
}

/// Births.
impl Store {
    /// Records a task that is born under `scope`, if nothing out of the ordinary is due. Otherwise
    /// nothing has happened, and [`Store::birth`] does it.
    #[inline(always)]
    pub(crate) fn birth_fast(&self, scope: *const Slot, newborn: Newborn) -> Option<&'static Slot> {
        let slot = self.free.get()?;
        let stock = self.stock.get();
        if !ptr::eq(self.stock_of.get(), scope) || stock == 0 {
            return None;
        }
        self.stock.set(stock - 1);
        // SAFETY: there are references to `scope` in stock, which keep it alive.
        let parent = unsafe { &*scope };
        self.take_and_write(slot, Some(parent), newborn);
        Some(slot)
    }

    /// Records a task that is born under `parent`, or is a root. `None` where there is no memory.
    pub(crate) fn birth(
        &self,
        world: World<'_>,
        parent: Option<&'static Slot>,
        newborn: Newborn,
    ) -> Option<&'static Slot> {
        let slot = match self.free.get() {
            Some(slot) => slot,
            None => self.refill(world)?,
        };
        if let Some(parent) = parent {
            self.retain(world.arena, parent);
        }
        self.take_and_write(slot, parent, newborn);
        Some(slot)
    }

    #[inline(always)]
    fn take_and_write(&self, slot: &'static Slot, parent: Option<&'static Slot>, newborn: Newborn) {
        let Newborn { site, flags, tick } = newborn;
        self.free.set(slot.parent.get());
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        // A reader that sees any of the stores below must also see that the slot was free before.
        fence(Ordering::Release);
        slot.status.store(tick | state::CREATED, Ordering::Relaxed);
        slot.site.store(site, Ordering::Relaxed);
        slot.parent.set(parent);
        slot.scope.set(Some(slot));
        slot.polls.store(flags << 32, Ordering::Relaxed);
        slot.born.store(tick, Ordering::Relaxed);
        // `refs` is 1 in every free slot.
        slot.id.store(id, Ordering::Release);
    }

    /// Finds free slots, and reserves an id for each. Returns the first one.
    #[cold]
    fn refill(&self, world: World<'_>) -> Option<&'static Slot> {
        let mut chain = Chain {
            first: self.freed.take(),
            len: self.freed_len.take(),
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
        chain.first
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
        let last = (1..len).try_fold(rest.first?, |slot, _| slot.parent.get())?;
        self.rest.set(Chain {
            first: last.parent.get(),
            len: rest.len - len,
        });
        last.parent.set(None);
        Some(Chain {
            first: rest.first,
            len,
        })
    }

    /// A slot for something other than a task.
    pub(crate) fn take(&self, world: World<'_>) -> Option<&'static Slot> {
        let slot = match self.free.get() {
            Some(slot) => slot,
            None => self.refill(world)?,
        };
        self.free.set(slot.parent.get());
        Some(slot)
    }
}

/// Ends.
impl Store {
    /// Ends a task that has completed, if nothing out of the ordinary is due. Otherwise nothing has
    /// happened, and [`Store::end`] does it.
    #[inline(always)]
    pub(crate) fn end_fast(&self, slot: &'static Slot) -> bool {
        // No name, no ancestors cut, and nobody descends from it: nobody else can give out
        // references to it, so this one is the last for good.
        let lone = slot.refs.load(Ordering::Acquire) == 1;
        let parent = slot.parent.word().load(Ordering::Relaxed);
        let stocked = parent == self.stock_of.get().addr() as u64;
        let freed = self.freed_len.get();
        if !lone || !stocked || freed == BATCH - 1 {
            return false;
        }
        self.stock.set(self.stock.get() + 1);
        slot.id.store(0, Ordering::Relaxed);
        // A reader that sees what is written into the slot from here on must see the zero too.
        fence(Ordering::Release);
        slot.parent.set(self.freed.replace(Some(slot)));
        self.freed_len.set(freed + 1);
        true
    }

    /// Ends a task. Its slot stays as long as others descend from it.
    pub(crate) fn end(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        if slot.refs.load(Ordering::Relaxed) & NAMED != 0 {
            self.drop_name(arena, slot);
        }
        if slot.refs(Ordering::Acquire) == 1 {
            self.retire(arena, slot);
        } else {
            self.end_with_descendants(arena, slot, status);
        }
    }

    fn drop_name(&self, arena: &Arena, slot: &'static Slot) {
        let name = slot.scope.swap(Some(slot));
        slot.refs.fetch_and(!NAMED, Ordering::Relaxed);
        if let Some(name) = name.filter(|name| name.is_name()) {
            self.release(arena, name);
        }
    }

    fn end_with_descendants(&self, arena: &Arena, slot: &'static Slot, status: u64) {
        slot.status.store(status, Ordering::Relaxed);
        slot.set_flags(flag::ENDED);
        if ptr::eq(self.stock_of.get(), slot) {
            self.empty_stock(arena);
        }
        self.give_back(arena, slot, 1);
    }

    /// Frees a slot that nobody refers to, and its reference to the node above.
    fn retire(&self, arena: &Arena, slot: &'static Slot) {
        let mut next = Some(slot);
        // Not by recursion: a long line may end at once.
        while let Some(slot) = next {
            let parent = slot.parent.get();
            self.free_node(arena, slot);
            next = parent.filter(|parent| self.give_back_one(parent));
        }
    }

    /// Frees a node alone: what it refers to is the caller's business.
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
            // SAFETY: the last word of a continued name is a link, as `name.rs` writes it.
            next = unsafe { Link::decode(slot.born.load(Ordering::Relaxed)) };
            self.free(arena, slot);
        }
    }

    /// Puts a slot among the free ones. Its content must not be needed any more.
    pub(crate) fn free(&self, arena: &Arena, slot: &'static Slot) {
        slot.id.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        slot.refs.store(1, Ordering::Relaxed);
        slot.parent.set(self.freed.replace(Some(slot)));
        self.freed_len.set(self.freed_len.get() + 1);
        if self.freed_len.get() == BATCH {
            self.put_away(arena);
        }
    }

    /// Puts a full batch into the spare place, and the one from there to those who need it.
    #[cold]
    fn put_away(&self, arena: &Arena) {
        self.freed_len.set(0);
        if let Some(old) = self.spare.replace(self.freed.take().map(Batch)) {
            arena.put(old);
        }
        self.shrink_stock(arena);
    }
}

/// References.
impl Store {
    /// Takes a reference to `node`, which the caller knows to be alive.
    pub(crate) fn retain(&self, arena: &Arena, node: &'static Slot) {
        let stock = self.stock.get();
        if ptr::eq(self.stock_of.get(), node) && stock > 0 {
            self.stock.set(stock - 1);
        } else {
            self.restock(arena, node);
        }
    }

    /// Gives a reference to `node` back.
    pub(crate) fn release(&self, arena: &Arena, node: &'static Slot) {
        if self.give_back_one(node) {
            self.retire(arena, node);
        }
    }

    #[cold]
    fn restock(&self, arena: &Arena, node: &'static Slot) {
        node.refs.fetch_add(u64::from(STOCK), Ordering::Relaxed);
        self.empty_stock(arena);
        self.stock_of.set(node);
        self.stock.set(STOCK - 1);
        super::lineage::note_generation(self, arena, node);
    }

    /// Gives the references in stock back.
    pub(crate) fn empty_stock(&self, arena: &Arena) {
        let node = self.stock_of.replace(NO_NODE);
        let stock = self.stock.take();
        if stock > 0 {
            // SAFETY: there are references to it, which keep it alive.
            self.give_back(arena, unsafe { &*node }, stock);
        }
    }

    fn shrink_stock(&self, arena: &Arena) {
        if self.stock.get() > STOCK_LIMIT {
            self.empty_stock(arena);
        }
    }

    #[cold]
    fn give_back(&self, arena: &Arena, node: &'static Slot, count: u32) {
        if self.take_off(node, count) {
            self.retire(arena, node);
        }
    }

    /// Gives a reference back, into stock if possible. Returns whether it was the last one.
    fn give_back_one(&self, node: &'static Slot) -> bool {
        if ptr::eq(self.stock_of.get(), node) {
            self.stock.set(self.stock.get() + 1);
            return false;
        }
        self.take_off(node, 1)
    }

    fn take_off(&self, node: &'static Slot, count: u32) -> bool {
        let count = u64::from(count);
        let before = node.refs.fetch_sub(count, Ordering::Release) & REFS;
        if before == count {
            fence(Ordering::Acquire);
        }
        before == count
    }
}

/// What is known of a task when it is born.
#[derive(Clone, Copy)]
pub(crate) struct Newborn {
    /// The address of its site.
    pub(crate) site: u64,
    pub(crate) flags: u64,
    /// The present tick, in the upper half.
    pub(crate) tick: u64,
}

/// The registry that a store belongs to.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) arena: &'a Arena,
    /// The next id that no thread has reserved.
    pub(crate) ids: &'a AtomicU64,
}
