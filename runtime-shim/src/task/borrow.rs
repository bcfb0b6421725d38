//! Parents that a thread borrows: it works for a task that waits on another thread, as in `rayon::scope`.

use core::ptr;

use crate::context::name;
use crate::hook::{self, Lent};
use crate::platform::runtime_flags;
use crate::record::call_names::Shown;
use crate::record::frames::Cursor;
use crate::record::globals::ARENA;
use crate::record::slot::NodeSlot;
use crate::record::thread_cache::ThreadCache;
use crate::record::words::flag;
use crate::thread::local::{self, BorrowedParent, Local};

/// The spawner's node, on its way to the thread that works for the spawner.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct BorrowedParentHandle {
    node: Option<NodeSlot>,
    /// The owner's.
    lent: *mut Lent,
}

// SAFETY: what hooks lend is Send. The closure that owns the handles is in one place, so one thread uses it at a time.
unsafe impl Send for BorrowedParentHandle {}
// SAFETY: a shared reference gives no access.
unsafe impl Sync for BorrowedParentHandle {}

/// The handle that a closure drops last if it works for its spawner. The handle owns the reference to the node.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct BorrowedParentOwner {
    node: Option<NodeSlot>,
    /// A box that hooks have filled, or null.
    lent: *mut Lent,
}

// SAFETY: as for the handle.
unsafe impl Send for BorrowedParentOwner {}
// SAFETY: as for the handle.
unsafe impl Sync for BorrowedParentOwner {}

/// Takes a reference to the node below which the current task spawns.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn borrow_parent() -> BorrowedParentOwner {
    let is_off = runtime_flags::has(runtime_flags::OFF);
    let node = if is_off { None } else { retain_parent() };
    let task = node.and_then(|_| local::with(|local| local.current()));
    let lent = task.and_then(hook::run::on_loan);
    BorrowedParentOwner {
        node,
        lent: lent.map_or(ptr::null_mut(), Box::into_raw),
    }
}

fn retain_parent() -> Option<NodeSlot> {
    local::with(|local| {
        if let Some(name) = name::make_to_lend(local) {
            return Some(name.into());
        }
        let retain = |cache: &ThreadCache, parent: Option<NodeSlot>| {
            cache.retain(&ARENA, parent?);
            parent
        };
        local.with_spawn_parent(retain).flatten()
    })
}

impl BorrowedParentOwner {
    /// The two handles of a closure, as [`TaskHandle::closure`](crate::task::handle::TaskHandle::closure).
    pub fn closure(self) -> (BorrowedParentHandle, BorrowedParentOwner) {
        let BorrowedParentOwner { node, lent } = self;
        (BorrowedParentHandle { node, lent }, self)
    }

    /// Mentions this behind the body of a closure, in code that is never reached.
    pub fn last_owned(self) -> ! {
        unreachable!("a body has one arm")
    }
}

impl Drop for BorrowedParentOwner {
    fn drop(&mut self) {
        let Some(borrowed) = self.node else { return };
        if !self.lent.is_null() {
            // SAFETY: `borrow_parent` has made the box. The handle, which is dropped earlier, does not use it any more.
            unsafe { Box::from_raw(self.lent) }.end();
        }
        local::with(|local| {
            local.pop_borrowed_parent(borrowed);
            // SAFETY: `borrow_parent` has taken the reference for this owner.
            unsafe { give_back(local, borrowed) };
        });
    }
}

/// Gives the reference of an owner back.
///
/// # Safety
///
/// As for [`ThreadCache::release`].
unsafe fn give_back(local: &Local, borrowed: NodeSlot) {
    let made_to_lend = borrowed.as_name().filter(|name| {
        let task = name.task();
        name.has_locals() && task.is_some_and(|task| task.flags() & flag::CALLED != 0)
    });
    // SAFETY: by the contract. A node that was made to be lent belongs to its one borrower.
    unsafe {
        match made_to_lend {
            Some(name) => local.release_name(name),
            None => local.release(borrowed),
        }
    }
}

impl BorrowedParentHandle {
    /// Works for the spawner, until the closure that owns this is gone.
    pub fn enter_owned(self) -> BorrowedParentGuard {
        let BorrowedParentHandle { node, lent } = *core::mem::ManuallyDrop::new(self);
        let borrowed = node;
        if let Some(borrowed) = borrowed {
            let borrowed_parent = BorrowedParent {
                borrowed: Some(borrowed),
                parent: Some(borrowed),
                shown: Shown::NOWHERE,
            };
            local::with(|local| {
                let before = (
                    local
                        .position
                        .replace(Cursor::BORROWED.at_level_of(local.position.get())),
                    local.borrowed_parent.replace(borrowed_parent),
                );
                local.push_borrowed_parent(borrowed, Some(before));
            });
        }
        // SAFETY: null, or the box of the owner. The closure that runs now owns both.
        if let Some(lent) = unsafe { lent.as_mut() } {
            lent.enter();
        }
        BorrowedParentGuard(())
    }
}

/// The closure was not called. There is nothing to put back when its [`BorrowedParentOwner`] is dropped.
impl Drop for BorrowedParentHandle {
    fn drop(&mut self) {
        if let Some(borrowed) = self.node {
            local::with(|local| local.push_borrowed_parent(borrowed, None));
        }
    }
}

/// The body of a closure that works for a task on another thread.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct BorrowedParentGuard(());
