//! Verdicts on their way to the spawner, on its thread.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::refused::RefusedTask;
use crate::types::site::Site;

/// A verdict has waited for its callee at least once in this process.
static WAITED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static WAITING: PendingRefusals = const { PendingRefusals::new() };
    /// Those that are being passed on: a handle that is aborted may drop what spawns again.
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

/// Keeps a verdict until the callee has returned.
pub(super) fn push(task: Arc<RefusedTask>) {
    WAITED.store(true, Ordering::Relaxed);
    WAITING.with(|waiting| waiting.push(task));
}

/// Whether the verdict waits on this thread: then whatever runs here runs in the callee.
pub(super) fn waits_here(task: &RefusedTask) -> bool {
    WAITING.with(|waiting| waiting.contains(task))
}

/// Takes a verdict back, if it waits on this thread. Returns whether it did.
pub(super) fn cancel(task: &RefusedTask) -> bool {
    let withdrawn = WAITING.with(|waiting| waiting.take(|it| ptr::eq(it, task)));
    withdrawn.is_some()
}

/// Whether the spawn at `site`, which has just returned, was refused. If so, the verdict is the next to be
/// settled on this thread.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn refused(site: &'static Site) -> bool {
    WAITED.load(Ordering::Relaxed) && begin_settling(site)
}

/// Takes the verdict on the spawn at `site` from those that wait to those that are passed on. Declared as what
/// cannot unwind, which it does not: otherwise the spawner would keep the handle in memory, to drop it then.
#[cold]
#[inline(never)]
extern "C" fn begin_settling(site: &'static Site) -> bool {
    let taken = WAITING.with(|waiting| waiting.take(|task| ptr::eq(task.refusal().site, site)));
    let Some(task) = taken else {
        return false;
    };
    SETTLING.with(|settling| settling.push(task));
    true
}

/// The verdict that was taken last.
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
