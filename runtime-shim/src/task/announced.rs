//! One record for a task that several calls see: a function that hands its task on to another spawn.
//!
//! In `pool.spawn(work())`, where `fn spawn(&self, task: F) { tokio::spawn(task) }` is instrumented, both calls are
//! spawns by their looks. The record is that of the first: it knows what the task is, and by whom it is spawned. It
//! announces the task on its thread until its callee has returned. A spawn whose task the enclosing function was
//! handed by *its* caller takes the announcement and makes no record; without one, because that caller is not
//! instrumented, it makes the record itself. Announcements are not stacked: a call that is made while another is
//! announced replaces it, because its task is the next to be handed on.
//!
//! The body of an `async fn` runs only when its result is awaited. If the syntax shows that a call is awaited at once,
//! its announcement remains as a *late* one, for a function of that name, in the same task.
//!
//! A panic leaves an announcement behind. It ends with the next call that announces.

use core::any::type_name;
use core::ptr;

use crate::task::birth::{birth, Birth};
use crate::thread::announcements::Late;
use crate::thread::local;
use crate::types::site::{Site, Sites};

/// Announces a task while its callee runs.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline)]
pub fn announced(table: &'static Sites, entry: usize, birth: Birth) -> Birth {
    announce(table.at(entry));
    birth
}

#[cfg_attr(not(debug_assertions), inline)]
fn announce(site: &'static Site) {
    local::with(|local| local.announcements.now.set(Some(site)));
}

/// Records a task that other calls may see as well: one that the enclosing function was `handed`, perhaps `late`, or
/// one that is `announced` to the callee.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline)]
pub fn relayed_at(
    table: &'static Sites,
    entry: usize,
    handed: bool,
    late: bool,
    announced: bool,
) -> Birth {
    relayed(table.at(entry), handed, late, announced, birth)
}

/// As [`relayed_at`], with the way in which the record is made, if it is.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn relayed(
    site: &'static Site,
    handed: bool,
    late: bool,
    announced: bool,
    birth: impl FnOnce(&'static Site) -> Birth,
) -> Birth {
    let recorded = if handed { taken(site, late) } else { None };
    let (birth, recorded) = match recorded {
        Some(recorded) => (Birth::untracked(), recorded),
        None => (birth(site), site),
    };
    if announced {
        announce(recorded);
    }
    birth
}

/// Takes the announcement of a task that is spawned at `site`. Most callers announce nothing, which two loads tell.
#[cfg_attr(not(debug_assertions), inline(always))]
fn taken(site: &'static Site, late: bool) -> Option<&'static Site> {
    let announces = local::with(|local| local.announcements.is_any(late));
    if announces {
        take(site, late)
    } else {
        None
    }
}

/// Takes it, and notes what kind of task it turns out to be.
#[cold]
#[inline(never)]
fn take(site: &'static Site, late: bool) -> Option<&'static Site> {
    let recorded = local::with(|local| {
        let scope = local.scope().map_or(ptr::null(), ptr::from_ref);
        local.announcements.take(site, late, scope)
    })?;
    recorded.note_callee(site.kind());
    Some(recorded)
}

/// Returns `true` if a task that is handed on at `site` has a record already. The announcement remains.
#[cold]
pub(crate) fn is_recorded(site: &'static Site, late: bool) -> bool {
    let announced = local::with(|local| {
        let scope = local.own_scope();
        local.announcements.meant_for(site, late, scope)
    });
    announced.is_some()
}

/// Ends the announcement of a task that turns out to be none.
#[cold]
pub(crate) fn withdraw(site: &'static Site) {
    local::with(|local| {
        let now = &local.announcements.now;
        if now.get().is_some_and(|announced| ptr::eq(announced, site)) {
            now.set(None);
        }
    });
}

/// Ends the announcement of a call that has returned. The result may show what was spawned.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn returned<T>(table: &'static Sites, entry: usize, result: T) -> T {
    end(table, entry, false, type_name::<T>);
    result
}

/// As [`returned`], of a call whose result is awaited at once.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn awaited<T>(table: &'static Sites, entry: usize, result: T) -> T {
    end(table, entry, true, type_name::<T>);
    result
}

#[cfg_attr(not(debug_assertions), inline)]
fn end(table: &'static Sites, entry: usize, awaited: bool, result: fn() -> &'static str) {
    let site = table.at(entry);
    local::with(|local| {
        let announced = local.announcements.now.take();
        if awaited {
            let late = announced.map(|recorded| Late {
                site: recorded,
                call: site,
                scope: local.scope().map_or(ptr::null(), ptr::from_ref),
            });
            local.announcements.late.set(late);
        }
    });
    if site.wants_kind() {
        site.note_result(result());
    }
}
