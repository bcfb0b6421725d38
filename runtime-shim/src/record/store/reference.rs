//! References to nodes, most of which stay in stock.

use core::ptr;

use super::{Store, NO_NODE, STOCK, STOCK_LIMIT};
use crate::platform::sync::atomic::{fence, Ordering};
use crate::record::arena::Arena;
use crate::record::lineage;
use crate::record::slot::NodeSlot;

impl Store {
    /// Takes a reference to `node`.
    pub(crate) fn retain(&self, arena: &Arena, node: NodeSlot) {
        self.settle();
        self.retain_settled(arena, node);
    }

    pub(super) fn retain_settled(&self, arena: &Arena, node: NodeSlot) {
        let stock = self.stock.get();
        if ptr::eq(self.stock_of.get(), node.slot()) && stock > 0 {
            self.stock.set(stock - 1);
        } else {
            self.restock(arena, node);
        }
    }

    /// Gives a reference to `node` back.
    ///
    /// # Safety
    ///
    /// The reference is the caller's, who uses no copy of `node` any more without another one.
    pub(crate) unsafe fn release(&self, arena: &Arena, node: NodeSlot) {
        self.settle();
        // SAFETY: by the contract.
        unsafe { self.release_settled(arena, node) };
    }

    /// # Safety
    ///
    /// As for [`Store::release`].
    pub(super) unsafe fn release_settled(&self, arena: &Arena, node: NodeSlot) {
        if self.give_back_one(node) {
            // SAFETY: the reference was the last one.
            unsafe { self.retire(arena, node) };
        }
    }

    #[cold]
    fn restock(&self, arena: &Arena, node: NodeSlot) {
        node.slot().refs.add(STOCK);
        self.empty_stock_settled(arena);
        self.stock_of.set(node.slot());
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
            // SAFETY: the references keep the node valid, and are given back here.
            unsafe { self.give_back(arena, NodeSlot::new(&*node), stock) };
        }
    }

    pub(super) fn shrink_stock(&self, arena: &Arena) {
        if self.stock.get() > STOCK_LIMIT {
            self.empty_stock_settled(arena);
        }
    }

    /// # Safety
    ///
    /// As for [`Store::release`], of several references.
    #[cold]
    pub(super) unsafe fn give_back(&self, arena: &Arena, node: NodeSlot, count: u32) {
        if take_off(node, count) {
            // SAFETY: the references were the last ones.
            unsafe { self.retire(arena, node) };
        }
    }

    /// Gives a reference back, into stock if possible. Returns `true` if it was the last one.
    pub(super) fn give_back_one(&self, node: NodeSlot) -> bool {
        if ptr::eq(self.stock_of.get(), node.slot()) {
            self.stock.set(self.stock.get() + 1);
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
