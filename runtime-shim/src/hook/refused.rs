//! The refused task: what its executor holds in place of the future.
//!
//! The future itself is dropped before the callee is called, so the executor holds no more than a handle to a
//! [`RefusedTask`]. A poll of it must end, because some executors wait for all that was spawned. But a poll may come
//! before the callee has returned, and only the callee's result shows how the spawner learns of the refusal:
//!
//! | stage | a poll |
//! | --- | --- |
//! | `Undecided`: the callee has not returned | pending, or the end if the spawner's own thread polls, in the callee |
//! | `Aborted`: the spawner has a handle, which was aborted | pending once: an executor that minds `abort` drops the task then |
//! | `Ended`: the spawner has been told by a panic or an error | the end |
//!
//! One poll may overlap with the abort. Were it the end, the handle would say that the task has completed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::pending_refusals;
use super::refusal::{panic_with, Refusal};

/// A task that was refused, shared by its executor and its spawner. Aligned, so that a [`TaskHandle`](crate::task::handle::TaskHandle)
/// has three bits for its tags.
#[repr(align(8))]
#[derive(Debug)]
pub(crate) struct RefusedTask {
    refusal: Refusal,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// Wakes the executor, if it has polled too early.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Undecided,
    Aborted,
    Ended,
}

impl RefusedTask {
    pub(super) fn new(refusal: Refusal) -> Arc<Self> {
        let state = Mutex::new(State {
            stage: Stage::Undecided,
            waker: None,
        });
        Arc::new(RefusedTask { refusal, state })
    }

    pub(crate) fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Returns whether a poll is the task's last one.
    pub(crate) fn poll(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut state = self.lock();
        match state.stage {
            Stage::Undecided if !pending_refusals::waits_here(self) => {
                let before = state.waker.replace(waker);
                drop(state);
                drop(before);
                false
            }
            Stage::Aborted => {
                state.stage = Stage::Ended;
                drop(state);
                waker.wake();
                false
            }
            Stage::Undecided | Stage::Ended => {
                state.stage = Stage::Ended;
                true
            }
        }
    }

    /// Called when the executor drops the task. The drop may come on the callee's thread, before the callee returns and
    /// without a poll. Then the callee did not take the task and reports this in its own way. The refusal must not
    /// reach the next spawn at the same site.
    pub(crate) fn drop_by_executor(&self) {
        let polled = matches!(self.lock().stage, Stage::Ended);
        if !polled {
            pending_refusals::cancel(self);
        }
    }

    /// Lets polls end, once the callee has returned.
    pub(crate) fn decide(&self, aborted: bool) {
        let mut state = self.lock();
        state.stage = if aborted {
            Stage::Aborted
        } else {
            Stage::Ended
        };
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Unwinds out of an executor that polls a task with a result. The panic hook is not called: the spawner says why.
    /// Returns where panics abort, which would end the program.
    pub(crate) fn unwind(&self) {
        if pending_refusals::cancel(self) {
            // The spawner's own thread polls, so this unwinds out of the callee.
            panic_with(&self.refusal);
        }
        if cfg!(panic = "unwind") {
            std::panic::resume_unwind(Box::new(self.refusal.clone()));
        }
    }

    /// Not to be held while a waker is cloned, woken or dropped, which runs an executor's code.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::kind::Kind;
    use crate::types::site::Site;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Counted(AtomicU32);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn refused() -> Arc<RefusedTask> {
        static SITE: Site = Site::synthetic("", Kind::Unknown);
        RefusedTask::new(Refusal::new(&SITE, String::new()))
    }

    #[test]
    fn poll_before_the_verdict_is_woken_by_it() {
        let wakes = Arc::new(Counted::default());
        let waker = Waker::from(wakes.clone());
        let task = refused();
        assert!(!task.poll(&waker) && !task.poll(&waker));
        task.decide(false);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert!(task.poll(&waker));
        drop(waker);
        assert_eq!(Arc::strong_count(&wakes), 1, "no waker is kept");
    }

    #[test]
    fn poll_that_overlaps_with_the_abort_is_pending() {
        let wakes = Arc::new(Counted::default());
        let waker = Waker::from(wakes.clone());
        let task = refused();
        task.decide(true);
        assert!(!task.poll(&waker));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert!(task.poll(&waker), "an executor that ignores it goes on");
    }
}
