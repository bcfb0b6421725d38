//! The announcements of a thread: tasks that are handed on from one call to another.

use core::cell::Cell;

use crate::types::site::Site;

/// The tasks that are handed on by a thread.
pub(crate) struct Announcements {
    /// The task, while the callee runs.
    pub(crate) now: Cell<Option<Announced>>,
    pub(crate) late: Cell<Option<Late>>,
}

/// A task that is handed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    /// The site of the record.
    pub(crate) site: &'static Site,
    /// `true` if there is a record. Otherwise the spawn to which the task is handed makes it, at that site.
    pub(crate) is_recorded: bool,
}

/// An announcement whose call has returned.
#[derive(Clone, Copy)]
pub(crate) struct Late {
    /// The task.
    pub(crate) task: Announced,
    /// The call that is awaited.
    pub(crate) call: &'static Site,
    /// The id of the node below which the awaiting task spawns, or 0. Ids are never reused.
    pub(crate) parent: u64,
}

impl Announcements {
    pub(crate) const fn new() -> Self {
        Announcements {
            now: Cell::new(None),
            late: Cell::new(None),
        }
    }

    /// Returns `true` if anything is announced that a function, an async one if `late`, may have been handed.
    #[inline(always)]
    pub(crate) fn is_any(&self, late: bool) -> bool {
        self.now.get().is_some() || late && self.late.get().is_some()
    }

    /// Takes the announcement that is meant for a spawn in `site`.
    pub(crate) fn take(&self, site: &Site, late: bool, parent: u64) -> Option<Announced> {
        let announced = self.meant_for(site, late, parent)?;
        if self.now.take().is_none() {
            self.late.set(None);
        }
        Some(announced)
    }

    /// Returns the task that is announced to a spawn in `site`.
    pub(crate) fn meant_for(&self, site: &Site, late: bool, parent: u64) -> Option<Announced> {
        if let Some(announced) = self.now.get() {
            // The body of an async function may be polled by whatever is called.
            let meant = !late || is_call_of(announced.site, site);
            return meant.then_some(announced);
        }
        let awaited = self.late.get().filter(|_| late)?;
        let meant = awaited.parent == parent && is_call_of(awaited.call, site);
        meant.then_some(awaited.task)
    }
}

/// Returns `true` if `call` has the name of the function in which `site` is.
fn is_call_of(call: &Site, site: &Site) -> bool {
    let callee = call.callee().rsplit(['.', ':']).next();
    callee.is_some() && callee == site.function().rsplit("::").next()
}
