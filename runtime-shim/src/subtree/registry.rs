//! The subtrees of the process, and the thread that waits for their deadlines.
//!
//! The thread runs while there are deadlines, and some time longer. A process has one registry. The child of a fork makes another
//! one, because a thread that the child does not have may hold the lock of the parent's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::member::Member;
use super::report::Reports;
use super::tree::{self, Subtree};
use crate::hook::SubtreeTask;
use crate::platform::unwind::catch_user_panic;
use crate::platform::{fork, internal_thread};
use crate::types::TaskId;

/// How long the thread waits for another deadline after the last one.
const LINGER: Duration = Duration::from_secs(10);

pub(super) struct Registry {
    /// The number of forks at the creation.
    process: u32,
    lists: Mutex<Lists>,
    pub(super) reports: Mutex<Reports>,
    /// There is an earlier deadline than before.
    is_earlier: Condvar,
}

#[derive(Default)]
struct Lists {
    /// By moment.
    timers: BTreeMap<(Instant, u64), Weak<Subtree>>,
    /// Subtrees whose deadline had passed when they were made. They are exceeded, whatever they do until the thread runs.
    passed: Vec<Arc<Subtree>>,
    /// Subtrees whose members keep handles.
    with_handles: HashMap<u64, Weak<Subtree>>,
    has_thread: bool,
}

/// The registry of this process, or of its parent, or null.
static REGISTRY: AtomicPtr<Registry> = AtomicPtr::new(ptr::null_mut());

/// Returns the registry of this process.
pub(super) fn registry() -> &'static Registry {
    let process = fork::count();
    let mut present = REGISTRY.load(Ordering::Acquire);
    loop {
        // SAFETY: null, or from `Box::into_raw` below and never freed.
        match unsafe { present.as_ref() } {
            Some(registry) if registry.process == process => return registry,
            _ => {}
        }
        let new = Box::into_raw(Box::new(Registry {
            process,
            lists: Mutex::default(),
            reports: Mutex::default(),
            is_earlier: Condvar::new(),
        }));
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        match REGISTRY.compare_exchange(present, new, success, failure) {
            // The parent's is not freed: a subtree of the parent's may be in it.
            Ok(_) => present = new,
            Err(other) => {
                // SAFETY: from `Box::into_raw` above, and no other thread has seen it.
                drop(unsafe { Box::from_raw(new) });
                present = other;
            }
        }
    }
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a subtree to the lists that concern it.
pub(super) fn add(subtree: &Arc<Subtree>) {
    let timer = subtree.timer();
    if timer.is_none() && !subtree.keeps_handles() {
        return;
    }
    let registry = registry();
    let mut lists = registry.lock();
    if subtree.keeps_handles() {
        let with_handles = &mut lists.with_handles;
        with_handles.insert(subtree.id, Arc::downgrade(subtree));
    }
    let Some(at) = timer else { return };
    let first = lists.timers.keys().next().map(|(at, _)| *at);
    match at > Instant::now() {
        true => drop(
            lists
                .timers
                .insert((at, subtree.id), Arc::downgrade(subtree)),
        ),
        false => lists.passed.push(subtree.clone()),
    }
    if !lists.has_thread {
        lists.has_thread = true;
        drop(lists);
        start(registry);
    } else if first.is_none_or(|first| at < first) {
        drop(lists);
        registry.is_earlier.notify_one();
    }
}

/// Removes a subtree that is dropped.
pub(super) fn remove(subtree: &Subtree) {
    let timer = subtree.timer();
    if timer.is_none() && !subtree.keeps_handles() {
        return;
    }
    let mut lists = registry().lock();
    let timer = timer.and_then(|at| lists.timers.remove(&(at, subtree.id)));
    let with_handles = lists.with_handles.remove(&subtree.id);
    drop(lists);
    drop((timer, with_handles));
}

/// Starts the thread. If the system has none, the next deadline tries again.
fn start(registry: &'static Registry) {
    let run = move || while run(registry) {};
    if internal_thread::spawn("birthmark-deadlines", 256 * 1024, run).is_err() {
        registry.lock().has_thread = false;
    }
}

/// Waits for the next deadline, and lets those that have passed expire. Returns `false` if the thread is not needed any more.
fn run(registry: &Registry) -> bool {
    let mut lists = registry.lock();
    let now = Instant::now();
    let passed = std::mem::take(&mut lists.passed);
    let mut due = Vec::new();
    while let Some(entry) = lists.timers.first_entry() {
        if entry.key().0 > now {
            break;
        }
        due.push(entry.remove());
    }
    if !due.is_empty() || !passed.is_empty() {
        drop(lists);
        // A subtree that has no owner any more has met its deadline.
        let due = due.iter().filter_map(Weak::upgrade);
        for subtree in passed.into_iter().chain(due) {
            catch_user_panic(|| subtree.expire());
            catch_user_panic(|| drop(subtree));
        }
        return true;
    }
    let next = lists.timers.keys().next().map(|(at, _)| *at - now);
    let wait = registry
        .is_earlier
        .wait_timeout(lists, next.unwrap_or(LINGER));
    let (mut lists, waited) = wait.unwrap_or_else(PoisonError::into_inner);
    let is_over = waited.timed_out() && next.is_none() && lists.timers.is_empty();
    lists.has_thread = !is_over;
    !is_over
}

/// Aborts tasks by the handles that members keep, and cancels the subtrees that these tasks have made. Returns the tasks that
/// were aborted.
///
/// Not public API. Used by `birthmark` of the same version.
pub fn abort_tasks(ids: &BTreeSet<TaskId>) -> BTreeSet<TaskId> {
    let lists = registry().lock();
    let subtrees: Vec<_> = lists.with_handles.values().cloned().collect();
    drop(lists);
    let (mut tasks, mut members) = (Vec::new(), Vec::new());
    for subtree in subtrees.iter().filter_map(Weak::upgrade) {
        let is_below = |id| ids.contains(&TaskId(id));
        if subtree.owner_id().is_some_and(is_below) {
            tasks.extend(subtree.cancel(false));
        } else if let Some(inner) = subtree.lock() {
            let live = inner.members.values().map(Member::look);
            members.extend(live.filter(|member| ids.contains(&member.task.id())));
        }
    }
    tasks.extend(tree::abort(members));
    let aborted = tasks.iter().filter(|task| task.is_aborted());
    aborted.map(SubtreeTask::id).collect()
}
