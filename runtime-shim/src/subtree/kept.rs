//! The handles that spawns return, kept by members of subtrees.
//!
//! The task is recorded before the callee runs, and the callee's result exists afterwards. Meanwhile the member is pending
//! on the spawner's thread. Generated code asks for what is pending after the call.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Weak};

use super::tree::Subtree;
use crate::hook::pending;
use crate::platform::unwind::catch_user_panic;
use crate::types::site::Site;

/// Aborts a task.
pub(crate) trait AbortHandle: Send + Sync {
    fn abort(&self);
}

/// A member whose spawn has not returned.
pub(crate) struct Pending {
    site: &'static Site,
    subtree: Weak<Subtree>,
    id: u64,
}

/// Maximum number of members that are pending on a thread. Some are never asked for: their call has panicked.
const MAX_PENDING: usize = 64;

thread_local! {
    /// Without a destructor, because a thread may spawn until it is gone.
    static PENDING: RefCell<ManuallyDrop<Vec<Pending>>> =
        const { RefCell::new(ManuallyDrop::new(Vec::new())) };
    /// The member whose spawn has returned last.
    static SETTLING: RefCell<ManuallyDrop<Option<Pending>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

impl Pending {
    pub(super) fn new(site: &'static Site, subtree: &Arc<Subtree>, id: u64) -> Self {
        let subtree = Arc::downgrade(subtree);
        Pending { site, subtree, id }
    }

    /// Notes that the callee runs next.
    pub(crate) fn push(self) {
        let old = PENDING.with(|list| {
            let mut list = list.borrow_mut();
            let is_full = list.len() == MAX_PENDING;
            let old = is_full.then(|| list.remove(0));
            list.push(self);
            old
        });
        match old {
            Some(old) => drop(old),
            None => pending::add(),
        }
    }
}

/// Forgets a member that ends before its spawn has returned: the callee has run it, or has panicked.
pub(super) fn cancel(id: u64) {
    if take(|pending| pending.id == id).is_some() {
        pending::remove();
    }
}

/// Takes the last pending member that `is` it.
fn take(is: impl Fn(&Pending) -> bool) -> Option<Pending> {
    PENDING.with(|list| {
        let mut list = list.borrow_mut();
        let index = list.iter().rposition(is)?;
        let found = list.remove(index);
        if list.is_empty() {
            drop(std::mem::take(&mut **list));
        }
        Some(found)
    })
}

/// Returns `true` if the spawn at this site has just returned, and its handle is to be kept by [`keep`].
#[cold]
#[inline(never)]
pub(crate) fn begin_keeping(site: &'static Site) -> bool {
    let Some(found) = take(|pending| pending.site.is_same_call(site)) else {
        return false;
    };
    pending::remove();
    SETTLING.with(|settling| **settling.borrow_mut() = Some(found));
    true
}

/// Keeps the handle of the spawn that has returned last. If the subtree is cancelled already, aborts the task.
pub(crate) fn keep(handle: Arc<dyn AbortHandle>) {
    let Some(pending) = SETTLING.with(|settling| settling.borrow_mut().take()) else {
        return;
    };
    let Some(subtree) = pending.subtree.upgrade() else {
        return;
    };
    let Some(mut inner) = subtree.lock() else {
        return;
    };
    // A task that has ended is no member any more.
    let Some(member) = inner.members.get_mut(&pending.id) else {
        return;
    };
    let before = member.handle.replace(handle.clone());
    drop(inner);
    drop(before);
    if subtree.is_cancelled() {
        catch_user_panic(|| handle.abort());
    }
}
