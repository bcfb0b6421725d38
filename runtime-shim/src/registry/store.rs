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
use super::slot::{flag, Link, Slot, NAMED, REFS};
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
    /// How many births may take the short way: for each there is a free slot, an id, and a reference
    /// in stock.
    births: Cell<u32>,
    /// How many ends may take the short way: for each there is room among the freed slots.
    ends: Cell<u32>,
    /// Free slots to take, with an id reserved for each.
    free: Cell<*const Slot>,
    next_id: Cell<u64>,
    /// Slots that were freed here, fewer than a batch.
    freed: Cell<*const Slot>,
    // From here on only the long versions look.
    /// What `births` and `ends` were when they were granted. What is missing since then is not yet in
    /// the counts below; `settle` puts it there.
    granted: Cell<(u32, u32)>,
    stock: Cell<u32>,
    free_len: Cell<u32>,
    freed_len: Cell<u32>,
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
            births: Cell::new(0),
            ends: Cell::new(0),
            free: Cell::new(ptr::null()),
            next_id: Cell::new(0),
            freed: Cell::new(ptr::null()),
            granted: Cell::new((0, 0)),
            stock: Cell::new(0),
            free_len: Cell::new(0),
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

    /// Exchanges all that is in two stores of the calling thread: where a thread looks, and where the
    /// store waits for the next one.
    pub(crate) fn swap(&self, other: &Store) {
        let [own, other] = [self, other].map(|store| ptr::from_ref(store).cast_mut());
        // SAFETY: a store consists of cells, which may be written through a shared reference, and is
        // not `Sync`: both are this thread's, and nobody else looks at them meanwhile.
        unsafe { ptr::swap(own, other) };
    }

    /// Takes the grants back, so that the counts are right.
    fn settle(&self) {
        let (births, ends) = self.granted.take();
        let born = births - self.births.take();
        let ended = ends - self.ends.take();
        self.stock.set(self.stock.get() + ended - born);
        self.free_len.set(self.free_len.get() - born);
        self.freed_len.set(self.freed_len.get() + ended);
    }

    /// Lets births and ends take the short way as often as the counts allow.
    fn grant(&self) {
        let births = self.free_len.get().min(self.stock.get());
        let ends = BATCH as u32 - 1 - self.freed_len.get();
        self.births.set(births);
        self.ends.set(ends);
        self.granted.set((births, ends));
    }
}

/// Births.
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

/// Ends.
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

    fn drop_name(&self, arena: &Arena, slot: &'static Slot) {
        let name = slot.scope.swap(Some(slot));
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
            // SAFETY: the last word of a continued name is a link, as `name.rs` writes it.
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

/// References.
impl Store {
    /// Takes a reference to `node`, which the caller knows to be alive.
    pub(crate) fn retain(&self, arena: &Arena, node: &'static Slot) {
        self.settle();
        self.retain_settled(arena, node);
    }

    fn retain_settled(&self, arena: &Arena, node: &'static Slot) {
        let stock = self.stock.get();
        if ptr::eq(self.stock_of.get(), node) && stock > 0 {
            self.stock.set(stock - 1);
        } else {
            self.restock(arena, node);
        }
    }

    /// Gives a reference to `node` back.
    pub(crate) fn release(&self, arena: &Arena, node: &'static Slot) {
        self.settle();
        self.release_settled(arena, node);
    }

    fn release_settled(&self, arena: &Arena, node: &'static Slot) {
        if self.give_back_one(node) {
            self.retire(arena, node);
        }
    }

    #[cold]
    fn restock(&self, arena: &Arena, node: &'static Slot) {
        node.refs.fetch_add(u64::from(STOCK), Ordering::Relaxed);
        self.empty_stock_settled(arena);
        self.stock_of.set(node);
        self.stock.set(STOCK - 1);
        super::lineage::note_generation(self, arena, node);
    }

    /// Gives the references in stock back.
    pub(crate) fn empty_stock(&self, arena: &Arena) {
        self.settle();
        self.empty_stock_settled(arena);
    }

    fn empty_stock_settled(&self, arena: &Arena) {
        let node = self.stock_of.replace(NO_NODE);
        let stock = self.stock.take();
        if stock > 0 {
            // SAFETY: there are references to it, which keep it alive.
            self.give_back(arena, unsafe { &*node }, stock);
        }
    }

    fn shrink_stock(&self, arena: &Arena) {
        if self.stock.get() > STOCK_LIMIT {
            self.empty_stock_settled(arena);
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

/// Takes one from a count, unless it is zero.
#[inline(always)]
fn spend(count: &Cell<u32>) -> bool {
    // One instruction subtracts in memory and tells what to do, which is why zero is put right after.
    let (left, none) = count.get().overflowing_sub(1);
    count.set(left);
    if none {
        count.set(0);
    }
    !none
}

/// What is known of a task when it is born.
#[derive(Clone, Copy)]
pub(crate) struct Newborn {
    /// The address of its site.
    pub(crate) site: u64,
    pub(crate) flags: u64,
    /// The present tick, in the upper half, and nothing in the lower.
    pub(crate) tick: u64,
}

/// The registry that a store belongs to.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) arena: &'a Arena,
    /// The next id that no thread has reserved.
    pub(crate) ids: &'a AtomicU64,
}
