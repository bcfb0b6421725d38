//! Parents that a thread borrows: it works for a task that waits on another thread, as in `rayon::scope`.

use crate::context::name;
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
pub struct BorrowedParentHandle(Option<NodeSlot>);

/// The handle that a closure drops last if it works for its spawner. The handle owns the reference to the node.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct BorrowedParentOwner(Option<NodeSlot>);

/// Takes a reference to the node below which the current task spawns.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn borrow_parent() -> BorrowedParentOwner {
    if runtime_flags::has(runtime_flags::OFF) {
        return BorrowedParentOwner(None);
    }
    BorrowedParentOwner(local::with(|local| {
        if let Some(name) = name::make_to_lend(local) {
            return Some(name.into());
        }
        let retain = |cache: &ThreadCache, parent: Option<NodeSlot>| {
            cache.retain(&ARENA, parent?);
            parent
        };
        local.with_spawn_parent(retain).flatten()
    }))
}

impl BorrowedParentOwner {
    /// The two handles of a closure, as [`TaskHandle::closure`](crate::task::handle::TaskHandle::closure).
    pub fn closure(self) -> (BorrowedParentHandle, BorrowedParentOwner) {
        (BorrowedParentHandle(self.0), self)
    }

    /// Mentions this behind the body of a closure, in code that is never reached.
    pub fn last_owned(self) -> ! {
        unreachable!("a body has one arm")
    }
}

impl Drop for BorrowedParentOwner {
    fn drop(&mut self) {
        let Some(borrowed) = self.0 else { return };
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
        let borrowed = core::mem::ManuallyDrop::new(self).0;
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
        BorrowedParentGuard(())
    }
}

/// The closure was not called. There is nothing to put back when its [`BorrowedParentOwner`] is dropped.
impl Drop for BorrowedParentHandle {
    fn drop(&mut self) {
        if let Some(borrowed) = self.0 {
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
