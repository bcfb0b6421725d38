//! How a refused spawn comes out.
//!
//! A hook refuses before the callee is called, but only the callee's result shows how the refusal can be passed on. So
//! the refusal is pending on the spawner's thread until the call has returned. The callee gets a future
//! that is empty already ([`RefusedTask`]), or a closure that unwinds without a message before its first statement.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use super::catch;
use super::list::HookEntry;
use super::pending_refusals;
use super::refused::RefusedTask;
use super::run::{notify, notify_of_refusal};
use crate::hook::TaskRef;
use crate::record::slot::TaskSlot;
use crate::record::words::state;
use crate::thread::end::end_as;
use crate::thread::gone;
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::Outcome;

/// A spawn that a hook has refused.
///
/// A refusal is the source of the [`io::Error`](std::io::Error) of a refused thread. The refusal is also the payload
/// of a refused future that unwinds, and the error of [`catch_refusal`](crate::catch_refusal).
///
/// # Examples
///
/// ```
/// fn was_refused(error: &std::io::Error) -> bool {
///     error.get_ref().is_some_and(|source| source.is::<birthmark::Refusal>())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Refusal {
    pub(super) site: &'static Site,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(site: &'static Site, reason: String) -> Self {
        Refusal { site, reason }
    }

    /// Returns the spawn site.
    pub fn site(&self) -> &'static Site {
        self.site
    }

    /// Returns the reason that the hook gave.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { site, reason } = self;
        write!(
            f,
            "a spawn hook refused {} ({}) at {site}: {reason}",
            site.callee(),
            site.role()
        )
    }
}

impl std::error::Error for Refusal {}

/// Ends the record of a refused task, and keeps the verdict for the spawner.
///
/// # Safety
///
/// The caller owns the handle of the task, gives it up, and uses no copy of `slot` any more.
pub(super) unsafe fn refuse(
    slot: TaskSlot,
    kind: Kind,
    reason: String,
    watchers: &[Weak<HookEntry>],
) -> Arc<RefusedTask> {
    let site = slot.site();
    site.counts.refused.fetch_add(1, Ordering::Relaxed);
    let refusal = Refusal::new(site, reason);
    gone::note_refusal(slot, refusal.reason());
    notify_of_refusal(slot, &refusal);
    notify(watchers, |hook| {
        hook.on_end(&TaskRef::new(slot), Outcome::Refused)
    });
    // SAFETY: by the contract.
    unsafe { end_as(slot, state::CANCELLED) };
    if !can_wait(site, kind) {
        panic_with(&refusal);
    }
    let task = RefusedTask::new(refusal);
    pending_refusals::push(task.clone());
    task
}

/// Refuses a task that has turned out to be a closure, when the verdict could not know that yet.
///
/// # Panics
///
/// Unless the callee's result can carry the refusal.
pub(crate) fn refuse_closure(task: &RefusedTask) {
    let refusal = task.refusal();
    if !can_wait(refusal.site, Kind::Job) && pending_refusals::cancel(task) {
        panic_with(refusal);
    }
}

/// Returns `true` if the executor can have an empty task until the refusal is passed on. A future can be empty. A
/// closure must unwind, which suits a thread whose spawner gets an error instead of a handle.
fn can_wait(site: &'static Site, kind: Kind) -> bool {
    matches!(kind, Kind::Future | Kind::Unknown) || site.is_fallible() && cfg!(panic = "unwind")
}

/// Tells the spawner by a panic, without a message if the spawner waits for the refusal.
#[track_caller]
pub(crate) fn panic_with(refusal: &Refusal) -> ! {
    catch::note(refusal);
    if catch::is_catching() && cfg!(panic = "unwind") {
        std::panic::resume_unwind(Box::new(refusal.clone()));
    }
    panic!("{refusal}")
}
