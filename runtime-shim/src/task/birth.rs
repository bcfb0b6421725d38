//! The birth of a task.
//!
//! What is inlined in a release is not in a debug build: there it would be compiled again for each
//! crate that spawns.

mod handle;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::handle::Birth;

pub(crate) use self::handle::Status;

use crate::context::name::Change;
use crate::hook::{self, Decision};
use crate::platform::mode;
use crate::platform::unwind::contained;
use crate::record::root::WORLD;
use crate::record::slot::TaskSlot;
use crate::record::store::Newborn;
use crate::record::words::flag;
use crate::thread::local;
use crate::types::bounded::Text;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// Births that found no memory for a record.
static UNRECORDED: AtomicU64 = AtomicU64::new(0);

/// Records a task that is about to be spawned at `site`.
///
/// Not public API. Used by generated code.
///
/// # Panics
///
/// If a hook refuses a task whose callee offers no other way to say so.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline)]
pub fn birth(site: &'static Site) -> Birth {
    new_birth(site).birth
}

/// As [`birth()`], and returns whether hooks may have refused the task.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn new_birth(site: &'static Site) -> NewBirth {
    birth_or(site, 0, birth_special)
}

/// A new birth, and whether hooks may have refused it. That is a constant on the short way, so that the compiler
/// takes the test for a refusal out of it.
pub(crate) struct NewBirth {
    pub(crate) birth: Birth,
    pub(crate) may_be_refused: bool,
}

impl NewBirth {
    /// A birth that no hook has refused.
    #[inline(always)]
    pub(crate) fn accepted(birth: Birth) -> Self {
        NewBirth {
            birth,
            may_be_refused: false,
        }
    }
}

/// Records a task if nothing out of the ordinary is due, else asks `special`. This much is inlined
/// into each spawn.
#[cfg_attr(not(debug_assertions), inline(always))]
fn birth_or(
    site: &'static Site,
    flags: u64,
    special: impl FnOnce(&'static Site) -> Birth,
) -> NewBirth {
    let pulse = mode::pulse();
    if mode::is_plain(pulse) {
        let newborn = Newborn {
            site,
            flags,
            tick: pulse,
        };
        let slot =
            local::with(|local| local.store.birth_fast(local.spawn_parent_or_tag(), newborn));
        if let Some(slot) = slot {
            return NewBirth::accepted(Birth::plain(slot));
        }
    } else if mode::is_off(pulse) {
        return NewBirth::accepted(skip(site));
    }
    NewBirth {
        birth: special(site),
        may_be_refused: true,
    }
}

/// Records a task with these flags besides its kind. `None` if there is no memory for it.
fn birth_long(site: &'static Site, kind: Kind, flags: u64) -> Option<TaskSlot> {
    let root = flags & flag::ROOT != 0;
    let newborn = Newborn {
        site,
        flags: kind as u64 | flags,
        tick: mode::tick(),
    };
    let slot = local::with(|local| match root {
        true => local.with_block(|store, _| store.birth(WORLD, None, newborn)),
        // A thread that exits is no task any more: what it spawns is a root.
        false => local.with_spawn_parent(|store, parent| store.birth(WORLD, parent, newborn)),
    });
    slot.flatten()
}

#[cold]
#[inline(never)]
fn birth_special(site: &'static Site) -> Birth {
    birth_with(site, site.kind(), 0, None)
}

/// Records a task whose spawn is wrapped in `named!` or `root!`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn birth_as(site: &'static Site, root: bool, name: Option<fmt::Arguments<'_>>) -> Birth {
    let flags = if root { flag::ROOT } else { 0 };
    birth_with(site, site.kind(), flags, name)
}

/// Records a task that a pool keeps for whoever comes next: it is nobody's child.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn birth_pooled(site: &'static Site) -> Birth {
    birth_with(site, site.kind(), flag::ROOT | flag::POOLED, None)
}

/// Records a task that the adaptor has found to be a closure.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn birth_of_job(site: &'static Site) -> NewBirth {
    birth_or(site, Kind::Job as u64, birth_special_job)
}

#[cold]
#[inline(never)]
fn birth_special_job(site: &'static Site) -> Birth {
    birth_with(site, site.kind().refined(Kind::Job), 0, None)
}

/// Records a task that the adaptor has found to be a future.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn birth_of_future(site: &'static Site) -> NewBirth {
    birth_or(site, Kind::Future as u64, birth_special_future)
}

#[cold]
#[inline(never)]
fn birth_special_future(site: &'static Site) -> Birth {
    let kind = site.kind().refined(Kind::Future);
    // A future that is refused is told so later, and panics of hooks do not come this far.
    contained(|| birth_with(site, kind, 0, None)).unwrap_or_else(Birth::untracked)
}

fn birth_with(
    site: &'static Site,
    kind: Kind,
    flags: u64,
    name: Option<fmt::Arguments<'_>>,
) -> Birth {
    let modes = mode::pulse();
    if modes & mode::OFF != 0 {
        return skip(site);
    }
    crate::platform::fork::note_use();
    let Some(slot) = birth_long(site, kind, flags) else {
        return unrecorded();
    };
    if let Some(name) = name {
        crate::context::name::give(slot, &Change::Name(Text::new(name)), 0);
    }
    if modes & mode::HOOKED == 0 {
        return Birth::plain(slot);
    }
    // SAFETY: the handle of the task is made below, unless the task is refused.
    match unsafe { hook::run::at_birth(slot, kind) } {
        Decision::Plain => Birth::plain(slot),
        Decision::Attached(attached) => Birth::attached(attached),
        Decision::Refused(task) => Birth::refused(task),
    }
}

/// A birth while birthmark is off.
#[cfg_attr(not(debug_assertions), inline(always))]
fn skip(site: &'static Site) -> Birth {
    site.counts.untracked.fetch_add(1, Ordering::Relaxed);
    Birth::untracked()
}

#[cold]
fn unrecorded() -> Birth {
    UNRECORDED.fetch_add(1, Ordering::Relaxed);
    Birth::untracked()
}

/// Births that are not in any dump because there was no memory to record them.
pub fn unrecorded_count() -> u64 {
    UNRECORDED.load(Ordering::Relaxed)
}
