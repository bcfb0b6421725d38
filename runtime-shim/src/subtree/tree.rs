//! A subtree: its relations, its members, and how it is cancelled.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::member::{LiveMember, Member};
use super::{registry, report};
use crate::context::name::{set_before_start, Change};
use crate::context::task_local::LocalChange;
use crate::hook::{watching, Exceeded, Owner, SubtreeTask, TaskRef};
use crate::platform::fork;
use crate::platform::unwind::catch_user_panic;
use crate::record::local_set::{Entry, Inheritance, Key, LocalSet, ShownValue, Value};
use crate::record::slot::TaskSlot;
use crate::thread::local;
use crate::thread::pinned::with_locals;

/// The local by which tasks inherit a subtree.
struct SubtreeKey {
    name: &'static str,
}

impl Key for SubtreeKey {
    fn name(&self) -> &'static str {
        self.name
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::Shared
    }

    fn fork(&'static self, _: &Value) -> Option<Entry> {
        None
    }
}

/// The innermost subtree of a task with a deadline. It is the innermost of all, because a subtree in one with a deadline has
/// a deadline, too.
static DEADLINE: SubtreeKey = SubtreeKey { name: "deadline" };
/// The innermost subtree of a task that has no deadline.
static SCOPE: SubtreeKey = SubtreeKey { name: "scope" };

/// The place of a deadline, for its report.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnDeadline {
    pub(super) at: Instant,
    /// The time from the call to the deadline.
    pub(super) timeout: Duration,
    pub(super) place: &'static Location<'static>,
}

/// The use of a new subtree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose {
    /// The subtree's own deadline, which is earlier than those of its parents.
    pub(super) own: Option<OwnDeadline>,
    /// `true` if the subtree is cancelled when its deadline passes.
    pub(super) is_enforced: bool,
}

impl Purpose {
    /// Returns `true` if a deadline concerns the subtree on its own account.
    fn acts(&self) -> bool {
        self.own.is_some() || self.is_enforced
    }
}

/// A set of tasks, see [`subtree`](super).
pub(super) struct Subtree {
    /// Numbers subtrees in the registry.
    pub(super) id: u64,
    /// The number of forks at the creation.
    process: u32,
    /// The earliest deadline of the subtree and its ancestors.
    deadline: Option<Instant>,
    purpose: Purpose,
    owner: Option<Owner>,
    watched_by: Vec<u64>,
    /// `true` if members keep the handles that their spawns have returned.
    keeps_handles: bool,
    /// Set once, under the lock of `inner`.
    is_cancelled: AtomicBool,
    /// `true` if a deadline has cancelled the subtree.
    is_late: AtomicBool,
    /// `true` if neither a deadline nor a scope concerns the subtree on its own account any more.
    is_closed: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    parents: Vec<Arc<Subtree>>,
    children: Vec<Weak<Subtree>>,
    pub(super) members: HashMap<u64, Member>,
    pub(super) wakers: HashMap<u64, Waker>,
    pub(super) next_waker: u64,
}

impl Subtree {
    /// Makes a subtree below these parents.
    pub(super) fn new(parents: Vec<Arc<Subtree>>, purpose: Purpose) -> Arc<Self> {
        Self::with_handles(parents, purpose, false)
    }

    /// Makes the subtree of a scope. Its members are in its children.
    pub(super) fn of_scope() -> Arc<Self> {
        let purpose = Purpose {
            own: None,
            is_enforced: false,
        };
        Self::with_handles(Vec::new(), purpose, true)
    }

    fn with_handles(parents: Vec<Arc<Subtree>>, purpose: Purpose, is_scope: bool) -> Arc<Self> {
        fork::watch();
        // Also those of parents that are closed: a deadline that has passed is one.
        let earliest = parents.iter().filter_map(|parent| parent.deadline).min();
        parents.iter().for_each(|parent| parent.shorten());
        let parents = open(parents);
        let deadline = match purpose.own {
            Some(own) => Some(earliest.map_or(own.at, |earliest| earliest.min(own.at))),
            None => earliest,
        };
        let keeps_handles =
            is_scope || purpose.is_enforced || parents.iter().any(|parent| parent.keeps_handles);
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (owner, watched_by) = owner();
        let subtree = Arc::new(Subtree {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            process: fork::count(),
            deadline,
            purpose,
            owner,
            watched_by,
            keeps_handles,
            is_cancelled: AtomicBool::new(false),
            is_late: AtomicBool::new(false),
            is_closed: AtomicBool::new(!is_scope && !purpose.acts()),
            inner: Mutex::default(),
        });
        for parent in &parents {
            parent.adopt(&subtree);
        }
        if let Some(mut inner) = subtree.lock() {
            inner.parents = parents;
        }
        registry::add(&subtree);
        subtree
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns the moment at which something happens to the subtree on its own account.
    pub(super) fn timer(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.purpose.acts())
    }

    pub(super) fn keeps_handles(&self) -> bool {
        self.keeps_handles
    }

    pub(super) fn owner_id(&self) -> Option<u64> {
        self.owner.map(|owner| owner.id)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// Returns `true` if a deadline has cancelled the subtree, and not a scope.
    pub(super) fn is_late(&self) -> bool {
        self.is_late.load(Ordering::Relaxed)
    }

    /// Returns the content, or `None` in the child of a fork, where another thread may have held the lock.
    pub(super) fn lock(&self) -> Option<MutexGuard<'_, Inner>> {
        let is_here = self.process == fork::count();
        is_here.then(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that nothing more happens to the subtree on its own account.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Adds a child, or cancels it if this subtree is cancelled already.
    fn adopt(&self, child: &Arc<Subtree>) {
        let Some(mut inner) = self.lock() else { return };
        let is_cancelled = self.is_cancelled();
        if !is_cancelled {
            let children = &mut inner.children;
            if children.len() == children.capacity() {
                children.retain(|child| child.strong_count() > 0);
            }
            children.push(Arc::downgrade(child));
        }
        drop(inner);
        if is_cancelled {
            child.cancel(self.is_late());
        }
    }

    /// Replaces parents that are closed by their own parents.
    fn shorten(self: &Arc<Self>) {
        let Some(inner) = self.lock() else { return };
        let parents = inner.parents.clone();
        drop(inner);
        if !parents.iter().any(|parent| parent.is_closed()) {
            return;
        }
        let parents = open(parents);
        parents.iter().for_each(|parent| parent.adopt(self));
        let old = self
            .lock()
            .map(|mut inner| std::mem::replace(&mut inner.parents, parents));
        drop(old);
    }

    /// Returns `true` if the subtree passes nothing on but what comes from its parents. A cancelled one passes that on.
    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed) && !self.is_cancelled()
    }

    /// Cancels the subtree and all below it: aborts members, and wakes what waits for [`cancelled`](super::cancelled).
    /// Returns the tasks that were alive.
    pub(super) fn cancel(self: &Arc<Self>, is_late: bool) -> Vec<SubtreeTask> {
        let (mut members, mut wakers) = (Vec::new(), Vec::new());
        self.for_each(|subtree| {
            let Some(mut inner) = subtree.lock() else {
                return;
            };
            if !subtree.is_cancelled() {
                subtree.is_late.store(is_late, Ordering::Relaxed);
                subtree.is_cancelled.store(true, Ordering::Release);
            }
            wakers.extend(std::mem::take(&mut inner.wakers).into_values());
            members.extend(inner.members.values().map(Member::look));
        });
        let tasks = abort(members);
        for waker in wakers {
            catch_user_panic(|| waker.wake());
        }
        tasks
    }

    /// Returns the live tasks of the subtree. None was aborted.
    fn tasks(self: &Arc<Self>) -> Vec<SubtreeTask> {
        let mut members = Vec::new();
        self.for_each(|subtree| {
            let Some(inner) = subtree.lock() else { return };
            members.extend(inner.members.values().map(Member::look));
        });
        members.sort_by_key(|member| member.number);
        let tasks = members.into_iter().map(|member| member.task);
        tasks
            .map(|task| SubtreeTask {
                is_aborted: false,
                ..task
            })
            .collect()
    }

    /// Calls `f` with the subtree and all below it. `f` leaves them unlocked.
    fn for_each(self: &Arc<Self>, mut f: impl FnMut(&Arc<Subtree>)) {
        let mut seen = std::collections::HashSet::from([self.id]);
        let mut next = vec![self.clone()];
        while let Some(subtree) = next.pop() {
            f(&subtree);
            let Some(inner) = subtree.lock() else {
                continue;
            };
            let below: Vec<_> = inner.children.iter().filter_map(Weak::upgrade).collect();
            drop(inner);
            next.extend(below.into_iter().filter(|child| seen.insert(child.id)));
        }
    }

    /// The deadline has passed, and the subtree is alive. Called once.
    pub(super) fn expire(self: &Arc<Self>) {
        let Purpose { own, is_enforced } = self.purpose;
        let tasks = match is_enforced {
            true => self.cancel(true),
            false => self.tasks(),
        };
        // After the cancellation: a new child of a closed subtree would not be cancelled.
        self.close();
        let Some(own) = own else { return };
        report::deliver(Exceeded {
            owner: self.owner,
            place: own.place,
            deadline: own.at,
            timeout: own.timeout,
            is_enforced,
            tasks,
            watched_by: self.watched_by.clone(),
        });
    }

    /// Returns the change that makes this the subtree of a task.
    pub(super) fn change(self: &Arc<Self>) -> LocalChange {
        let key = match self.deadline {
            Some(_) => &DEADLINE,
            None => &SCOPE,
        };
        let shown = self.deadline.and_then(report::time_of_day);
        LocalChange::Set(Entry {
            key,
            value: Value::new(self.clone()),
            shown: shown.map(|shown| Arc::new(ShownValue::new(shown))),
        })
    }
}

/// Aborts the tasks that have handles, and returns all. A task is aborted before those that it has spawned: otherwise it could
/// find out that these were aborted.
pub(super) fn abort(mut members: Vec<LiveMember>) -> Vec<SubtreeTask> {
    members.sort_by_key(|member| member.number);
    for handle in members.iter().filter_map(|member| member.handle.as_ref()) {
        catch_user_panic(|| handle.abort());
    }
    members.into_iter().map(|member| member.task).collect()
}

/// Returns the current task, and the hooks with a filter that watch it.
fn owner() -> (Option<Owner>, Vec<u64>) {
    let current = local::with(|local| {
        local.spawn_parent_or_adopt();
        local.current()
    });
    let Some(task) = current else {
        return (None, Vec::new());
    };
    let owner = Owner {
        id: task.id(),
        slot: task.slot(),
        site: task.site(),
    };
    (Some(owner), watching(&TaskRef::new(task)))
}

/// Returns the nearest subtrees that are not closed, each once.
fn open(subtrees: Vec<Arc<Subtree>>) -> Vec<Arc<Subtree>> {
    let mut open: Vec<Arc<Subtree>> = Vec::new();
    let mut next = subtrees;
    while let Some(subtree) = next.pop() {
        if !subtree.is_closed() {
            if !open.iter().any(|other| Arc::ptr_eq(other, &subtree)) {
                open.push(subtree);
            }
        } else if let Some(inner) = subtree.lock() {
            next.extend(inner.parents.iter().cloned());
        }
    }
    open
}

/// Calls `f` with the innermost subtree of the current task.
pub(super) fn with_current<R>(f: impl FnOnce(Option<&Arc<Subtree>>) -> R) -> R {
    with_locals(|set| f(set.and_then(of)))
}

/// Returns the innermost subtree of the current task.
pub(super) fn current() -> Option<Arc<Subtree>> {
    with_current(|subtree| subtree.cloned())
}

/// Returns the innermost subtree of a task with these locals.
pub(super) fn of(locals: &LocalSet) -> Option<&Arc<Subtree>> {
    let value = |key: *const SubtreeKey| {
        let mut entries = locals.entries.iter();
        let entry = entries.find(|entry| entry.is_of(key.cast()))?;
        entry.value.downcast_ref()
    };
    value(&raw const DEADLINE).or_else(|| value(&raw const SCOPE))
}

/// Takes a task that has not started yet out of the subtrees of its spawner.
pub(super) fn leave(task: TaskSlot) {
    for key in [&DEADLINE, &SCOPE] {
        set_before_start(task, &Change::Local(LocalChange::Unset(key)), 0);
    }
}

impl Drop for Subtree {
    fn drop(&mut self) {
        registry::remove(self);
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A chain of ancestors is freed in a loop, because it may be longer than the stack.
        let mut next = std::mem::take(&mut inner.parents);
        while let Some(parent) = next.pop() {
            if let Some(mut parent) = Arc::into_inner(parent) {
                let inner = parent.inner.get_mut();
                let inner = inner.unwrap_or_else(PoisonError::into_inner);
                next.append(&mut inner.parents);
            }
        }
    }
}

impl fmt::Debug for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subtree")
            .field("id", &self.id)
            .field("deadline", &self.deadline)
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
