//! References to nodes, most of which stay in stock.

use core::ptr;

use super::{Store, NO_NODE, STOCK, STOCK_LIMIT};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::Arena;
use crate::record::lineage;
use crate::record::slot::{Slot, REFS};

impl Store {
    /// Takes a reference to `node`, which the caller knows to be alive.
    pub(crate) fn retain(&self, arena: &Arena, node: &'static Slot) {
        self.settle();
        self.retain_settled(arena, node);
    }

    pub(super) fn retain_settled(&self, arena: &Arena, node: &'static Slot) {
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

    pub(super) fn release_settled(&self, arena: &Arena, node: &'static Slot) {
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
        lineage::note_generation(self, arena, node);
    }

    /// Gives the references in stock back.
    pub(crate) fn empty_stock(&self, arena: &Arena) {
        self.settle();
        self.empty_stock_settled(arena);
    }

    pub(super) fn empty_stock_settled(&self, arena: &Arena) {
        let node = self.stock_of.replace(NO_NODE);
        let stock = self.stock.take();
        if stock > 0 {
            // SAFETY: there are references to it, which keep it alive.
            self.give_back(arena, unsafe { &*node }, stock);
        }
    }

    pub(super) fn shrink_stock(&self, arena: &Arena) {
        if self.stock.get() > STOCK_LIMIT {
            self.empty_stock_settled(arena);
        }
    }

    #[cold]
    pub(super) fn give_back(&self, arena: &Arena, node: &'static Slot, count: u32) {
        if self.take_off(node, count) {
            self.retire(arena, node);
        }
    }

    /// Gives a reference back, into stock if possible. Returns whether it was the last one.
    pub(super) fn give_back_one(&self, node: &'static Slot) -> bool {
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
