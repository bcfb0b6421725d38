//! The membership of a task in its subtree.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use super::kept::{self, AbortHandle, Pending};
use super::tree::{self, Subtree};
use crate::hook::{pending, watching, Attachment, SubtreeTask, TaskRef};
use crate::record::local_set::LocalSet;
use crate::record::slot::TaskSlot;
use crate::types::kind::Kind;
use crate::types::pools;
use crate::types::site::Site;
use crate::types::TaskId;

/// A live task of a subtree.
pub(super) struct Member {
    /// Members of all subtrees in the order in which they were spawned.
    number: u64,
    id: u64,
    /// The slot is that of the task, because a member is removed before the task gives its slot up.
    task: TaskSlot,
    site: &'static Site,
    pub(super) handle: Option<Arc<dyn AbortHandle>>,
    watched_by: Vec<u64>,
}

/// A member as it was a moment ago.
pub(super) struct LiveMember {
    pub(super) number: u64,
    pub(super) task: SubtreeTask,
    pub(super) handle: Option<Arc<dyn AbortHandle>>,
}

impl Member {
    /// Returns a copy. The caller has locked the subtree.
    pub(super) fn look(&self) -> LiveMember {
        let kind = Kind::of(self.site, self.task.flags());
        let mut task = SubtreeTask::new(TaskId(self.id), self.site, kind, self.handle.is_some());
        task.watched_by.clone_from(&self.watched_by);
        LiveMember {
            number: self.number,
            task,
            handle: self.handle.clone(),
        }
    }
}

/// A task that has joined a subtree. It is attached to the task, and its drop removes the member.
pub(crate) struct Joined {
    subtree: Arc<Subtree>,
    id: u64,
}

/// Makes a task that has not started yet a member of the subtree of its spawner, if there is one. A task that is known to outlive
/// its spawner leaves the subtree.
pub(crate) fn join(locals: &LocalSet, task: TaskSlot) -> Option<Joined> {
    let subtree = tree::of(locals)?;
    if pools::is_known(task.site().module_path()) {
        tree::leave(task);
        return None;
    }
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let member = Member {
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        id: task.id(),
        task,
        site: task.site(),
        handle: None,
        watched_by: watching(&TaskRef::new(task)),
    };
    let id = member.id;
    subtree.lock()?.members.insert(id, member);
    Some(Joined {
        subtree: subtree.clone(),
        id,
    })
}

impl Joined {
    /// Returns what the call that spawns has to keep of the callee's result, if the subtree wants a handle. The callee takes a
    /// future, or what may be one.
    pub(crate) fn pending(&self, site: &'static Site, kind: Kind) -> Option<Pending> {
        let may_have_handle = matches!(kind, Kind::Future | Kind::Unknown);
        let is_wanted = may_have_handle && self.subtree.keeps_handles();
        is_wanted.then(|| Pending::new(site, &self.subtree, self.id))
    }
}

impl Attachment for Joined {
    fn enter(&mut self) {}

    fn exit(&mut self) {}
}

impl Drop for Joined {
    fn drop(&mut self) {
        let member = match self.subtree.lock() {
            Some(mut inner) => inner.members.remove(&self.id),
            None => None,
        };
        // Drops the handle, which is code of the executor.
        drop(member);
        if pending::is_any() {
            kept::cancel(self.id);
        }
    }
}
