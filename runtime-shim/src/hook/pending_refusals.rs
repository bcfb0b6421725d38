//! Refusals on their way to the spawner, on its thread.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

use super::pending;
use super::refused::RefusedTask;
use crate::types::site::Site;

thread_local! {
    static WAITING: PendingRefusals = const { PendingRefusals::new() };
    /// Refusals that are being passed on. An aborted handle may drop something that spawns again.
    static SETTLING: PendingRefusals = const { PendingRefusals::new() };
}

/// Verdicts on one thread. It has no destructor, because a thread may spawn until it is gone. So it has no memory
/// while there are none.
struct PendingRefusals(RefCell<ManuallyDrop<Vec<Arc<RefusedTask>>>>);

impl PendingRefusals {
    const fn new() -> Self {
        PendingRefusals(RefCell::new(ManuallyDrop::new(Vec::new())))
    }

    fn push(&self, task: Arc<RefusedTask>) {
        self.0.borrow_mut().push(task);
    }

    fn contains(&self, task: &RefusedTask) -> bool {
        let tasks = self.0.borrow();
        tasks.iter().any(|it| ptr::eq(&raw const **it, task))
    }

    /// Takes the last one that `is` it.
    fn take(&self, is: impl Fn(&RefusedTask) -> bool) -> Option<Arc<RefusedTask>> {
        let mut tasks = self.0.borrow_mut();
        let index = tasks.iter().rposition(|task| is(task))?;
        let task = tasks.remove(index);
        if tasks.is_empty() {
            drop(std::mem::take(&mut **tasks));
        }
        Some(task)
    }
}

/// Keeps a refusal until the callee has returned.
pub(super) fn push(task: Arc<RefusedTask>) {
    pending::add();
    WAITING.with(|waiting| waiting.push(task));
}

/// Returns `true` if the refusal is pending on this thread. The thread is then within the callee.
pub(super) fn waits_here(task: &RefusedTask) -> bool {
    WAITING.with(|waiting| waiting.contains(task))
}

/// Takes a refusal back if it is pending on this thread. Returns whether it was.
pub(super) fn cancel(task: &RefusedTask) -> bool {
    let cancelled = WAITING.with(|waiting| waiting.take(|it| ptr::eq(it, task)));
    if cancelled.is_some() {
        pending::remove();
    }
    cancelled.is_some()
}

/// Returns `true` if the spawn at `site`, which has just returned, was refused. The refusal is then the next to be
/// settled on this thread.
#[inline]
pub(crate) fn refused(site: &'static Site) -> bool {
    pending::is_any() && begin_settling(site)
}

/// Moves the refusal of the spawn at `site` from the pending ones to those that are passed on.
///
/// `extern "C"` marks the call as non-unwinding. Without it, the spawner keeps the handle in memory to drop it during
/// unwinding.
#[cold]
#[inline(never)]
extern "C" fn begin_settling(site: &'static Site) -> bool {
    let taken = WAITING.with(|waiting| waiting.take(|task| task.refusal().site.is_same_call(site)));
    let Some(task) = taken else {
        return false;
    };
    pending::remove();
    SETTLING.with(|settling| settling.push(task));
    true
}

/// Takes the refusal that was moved last.
pub(crate) fn take() -> Option<Arc<RefusedTask>> {
    SETTLING.with(|settling| settling.take(|_| true))
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Refusal;
    use super::*;
    use crate::types::kind::Kind;

    #[test]
    fn verdicts_are_taken_last_first_and_leave_no_memory() {
        static SITE: Site = Site::synthetic("", Kind::Unknown);
        let pending_refusals = PendingRefusals::new();
        let tasks = [(); 3].map(|()| RefusedTask::new(Refusal::new(&SITE, "full".to_owned())));
        for task in &tasks {
            pending_refusals.push(task.clone());
        }
        let take = |wanted: Option<usize>| {
            let taken =
                pending_refusals.take(|it| wanted.is_none_or(|n| ptr::eq(it, &*tasks[n])))?;
            tasks.iter().position(|task| Arc::ptr_eq(task, &taken))
        };
        assert_eq!(take(Some(1)), Some(1));
        assert_eq!(take(Some(1)), None);
        assert!(pending_refusals.contains(&tasks[2]) && !pending_refusals.contains(&tasks[1]));
        assert_eq!([take(None), take(None)], [Some(2), Some(0)]);
        assert_eq!(pending_refusals.0.borrow().capacity(), 0);
    }
}
