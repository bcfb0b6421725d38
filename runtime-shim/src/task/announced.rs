//! One record for a task that several calls see: a function that hands its task on to another spawn.
//!
//! In `pool.spawn(work())`, where `fn spawn(&self, task: F) { tokio::spawn(task) }` is instrumented, both calls are
//! spawns by their looks. The record is that of the first: it knows what the task is, and by whom it is spawned. It
//! announces the task on its thread until its callee has returned. A spawn whose task the enclosing function was
//! handed by *its* caller takes the announcement and makes no record. If that caller is not instrumented, there is no
//! announcement, and the spawn makes the record. A function may call another with a task of its own, beside the one that it was
//! handed. Such a call puts the announcement aside until it has returned.
//!
//! A call of a function that is known by its name alone announces a task without a record. The spawn that takes the
//! announcement makes the record at the site of that call.
//!
//! The body of an `async fn` runs only when its result is awaited. If the syntax shows that a call is awaited at once,
//! its announcement remains as a *late* one, for a function of that name, in the same task.
//!
//! A callee may panic, and a later argument may leave the function. So each call owns a [`Callee`], whose drop takes
//! the announcement back. A late announcement ends with the next call that is awaited, or with its task.

use core::any::type_name;
use core::{mem, ptr};

use crate::platform::runtime_flags;
use crate::record::slot::NodeSlot;
use crate::task::handle::TaskHandle;
use crate::task::spawn::{new_handle, NewHandle};
use crate::thread::announcements::{Announced, Late};
use crate::thread::local::{self, Local};
use crate::types::site::{Site, Sites};

/// Announces a task while its callee runs.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn announced(table: &'static Sites, entry: usize, handle: TaskHandle) -> TaskHandle {
    announce(Announced::recorded(table.at(entry)));
    handle
}

impl Announced {
    fn recorded(site: &'static Site) -> Self {
        let is_recorded = true;
        Announced { site, is_recorded }
    }
}

#[inline]
fn announce(task: Announced) {
    local::with(|local| local.announcements.now.set(Some(task)));
}

/// Announces a task without a record, unless the enclosing function was handed it with an announcement.
pub(crate) fn guess(site: &'static Site, handed: bool, late: bool) {
    if runtime_flags::has(runtime_flags::OFF) {
        return;
    }
    let announced = if handed { taken(site, late) } else { None };
    announce(announced.unwrap_or(Announced {
        site,
        is_recorded: false,
    }));
}

/// Records a task that other calls may see as well: one that the enclosing function was `handed`, perhaps `late`, or
/// one that is `announced` to the callee.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn relayed_at(
    table: &'static Sites,
    entry: usize,
    handed: bool,
    late: bool,
    announced: bool,
) -> TaskHandle {
    relayed(table.at(entry), handed, late, announced, new_handle).handle
}

/// As [`relayed_at`], with the way in which the record is made, if it is.
#[inline]
pub(crate) fn relayed(
    site: &'static Site,
    handed: bool,
    late: bool,
    announced: bool,
    record: impl FnOnce(&'static Site) -> NewHandle,
) -> NewHandle {
    let taken = if handed { taken(site, late) } else { None };
    let (site, is_recorded) = taken.map_or((site, false), |task| (task.site, task.is_recorded));
    // One call, so that it is inlined.
    let new = if is_recorded {
        NewHandle::accepted(TaskHandle::untracked())
    } else {
        record(site)
    };
    if announced {
        announce(Announced::recorded(site));
    }
    new
}

/// Takes the announcement of a task that is spawned at `site`. Most callers announce nothing, which two loads tell.
#[inline(always)]
fn taken(site: &'static Site, late: bool) -> Option<Announced> {
    if !local::with(|local| local.announcements.is_any(late)) {
        return None;
    }
    let Taken {
        site: announced,
        is_recorded,
    } = take(site, late);
    announced.map(|site| Announced { site, is_recorded })
}

/// An announcement that was taken. The fields are those of [`Announced`].
#[repr(C)]
struct Taken {
    site: Option<&'static Site>,
    is_recorded: bool,
}

/// Takes it, and notes what kind of task it turns out to be.
///
/// `extern "C"` marks the call as non-unwinding. Without it, the spawner keeps a copy of the future to drop.
#[cold]
#[inline(never)]
extern "C" fn take(site: &'static Site, late: bool) -> Taken {
    let task = local::with(|local| {
        let parent = parent_id(local);
        local.announcements.take(site, late, parent)
    });
    if let Some(task) = task {
        task.site.note_callee(site.kind());
    }
    Taken {
        site: task.map(|task| task.site),
        is_recorded: task.is_some_and(|task| task.is_recorded),
    }
}

/// Returns `true` if a task that is handed on at `site` has a record already. The announcement remains.
#[cold]
pub(crate) fn is_recorded(site: &'static Site, late: bool) -> bool {
    let announced = local::with(|local| {
        let parent = parent_id(local);
        local.announcements.meant_for(site, late, parent)
    });
    announced.is_some_and(|task| task.is_recorded)
}

/// Ends the announcement of a task that turns out to be none.
#[cold]
pub(crate) fn withdraw(site: &'static Site) {
    local::with(|local| {
        let now = &local.announcements.now;
        if now
            .get()
            .is_some_and(|announced| ptr::eq(announced.site, site))
        {
            now.set(None);
        }
    });
}

/// A call that announces its task. Dropped if the call does not return.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Callee {
    /// The task of the enclosing function, whose announcement goes on after the call.
    outer: Option<Announced>,
}

/// Begins a call.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline(always)]
pub fn callee() -> Callee {
    Callee { outer: None }
}

/// Begins a call with another task than the one that the enclosing function was handed. The announcement of that task is
/// put aside until the call has returned.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline]
pub fn callee_beside() -> Callee {
    let outer = local::with(|local| local.announcements.now.get());
    Callee { outer }
}

impl Drop for Callee {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        local::with(|local| local.announcements.now.set(self.outer));
    }
}

/// Ends the announcement of a call that has returned. The result may show what was spawned.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline(always)]
pub fn returned<T>(callee: Callee, table: &'static Sites, entry: usize, result: T) -> T {
    end(callee, table, entry, false, type_name::<T>);
    result
}

/// As [`returned`], of a call whose result is awaited at once.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[inline(always)]
pub fn awaited<T>(callee: Callee, table: &'static Sites, entry: usize, result: T) -> T {
    end(callee, table, entry, true, type_name::<T>);
    result
}

#[inline]
fn end(
    callee: Callee,
    table: &'static Sites,
    entry: usize,
    awaited: bool,
    result: fn() -> &'static str,
) {
    let outer = callee.outer;
    mem::forget(callee);
    let site = table.at(entry);
    local::with(|local| {
        let announced = local.announcements.now.replace(outer);
        if awaited {
            let late = announced.map(|task| Late {
                task,
                call: site,
                parent: parent_id(local),
            });
            local.announcements.late.set(late);
        }
    });
    if site.wants_kind() {
        site.note_result(result());
    }
}

/// Returns the id of the node under which the running task spawns, or 0.
fn parent_id(local: &Local) -> u64 {
    local.spawn_parent().map_or(0, NodeSlot::id)
}
