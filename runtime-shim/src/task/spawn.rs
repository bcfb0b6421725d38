//! Records of spawned tasks.

use std::fmt;
use std::sync::atomic::Ordering;

use crate::task::handle::TaskHandle;

use crate::context::name::{inherits_name, Change};
use crate::context::task_local;
use crate::hook::{self, Attachment, Decision};
use crate::platform::runtime_flags;
use crate::platform::unwind::catch_user_panic;
use crate::record::globals::{REGISTRY, UNRECORDED};
use crate::record::local_set::LocalSetRef;
use crate::record::read::Record;
use crate::record::slot::{NodeSlot, TaskSlot};
use crate::record::thread_cache::RecordInit;
use crate::record::words::flag;
use crate::subtree;
use crate::thread::local;
use crate::types::bounded::BoundedText;
use crate::types::kind::Kind;
use crate::types::site::Site;

/// Records a task that is about to be spawned at `site`.
///
/// Not public API. Used by generated code.
///
/// # Panics
///
/// If a hook refuses a task whose callee offers no other way to say so.
#[doc(hidden)]
#[inline]
pub fn record_spawn(site: &'static Site) -> TaskHandle {
    new_handle(site).handle
}

/// As [`record_spawn`], and returns whether hooks may have refused the task.
#[inline]
pub(crate) fn new_handle(site: &'static Site) -> NewHandle {
    record_or(site, 0, record_spawn_slow)
}

/// A new handle, and whether hooks may have refused the task. That is a constant on the fast path, so that the compiler
/// takes the test for a refusal out of it.
pub(crate) struct NewHandle {
    pub(crate) handle: TaskHandle,
    pub(crate) may_be_refused: bool,
}

impl NewHandle {
    /// A spawn that no hook has refused.
    #[inline(always)]
    pub(crate) fn accepted(handle: TaskHandle) -> Self {
        NewHandle {
            handle,
            may_be_refused: false,
        }
    }
}

/// Records a task if nothing out of the ordinary is due, else asks `slow_path`. This much is inlined
/// into each spawn.
#[inline(always)]
fn record_or(
    site: &'static Site,
    flags: u64,
    slow_path: impl FnOnce(&'static Site) -> TaskHandle,
) -> NewHandle {
    let flags_and_tick = runtime_flags::flags_and_tick();
    if runtime_flags::allow_fast_path(flags_and_tick) {
        let init = RecordInit {
            site,
            flags,
            tick: flags_and_tick,
        };
        let slot = local::with(|local| local.cache.record_fast(local.spawn_parent_or_tag(), init));
        if let Some(slot) = slot {
            return NewHandle::accepted(TaskHandle::plain(slot));
        }
    } else if runtime_flags::is_off(flags_and_tick) {
        return NewHandle::accepted(skip(site));
    }
    NewHandle {
        handle: slow_path(site),
        may_be_refused: true,
    }
}

/// Records a task with these flags besides its kind. `None` if there is no memory for it. Returns the spawner's locals,
/// too.
fn make_record(
    site: &'static Site,
    kind: Kind,
    flags: u64,
) -> Option<(TaskSlot, Option<LocalSetRef>)> {
    let root = flags & flag::ROOT != 0;
    let init = RecordInit {
        site,
        flags: kind as u64 | flags,
        tick: runtime_flags::tick(),
    };
    let slot = local::with(|local| match root {
        true => local.with_cache(|cache, _| Some((cache.record(REGISTRY, None, init)?, None))),
        // A thread that exits is no task any more: what it spawns is a root.
        false => local.with_spawn_parent(|cache, parent| {
            let slot = cache.record(REGISTRY, parent, init)?;
            let name = parent.and_then(NodeSlot::as_name);
            // SAFETY: the node is shown in a hazard pointer, or is this thread's own.
            let locals = name.and_then(|name| unsafe { name.clone_locals() });
            Some((slot, locals))
        }),
    });
    slot.flatten()
}

#[cold]
#[inline(never)]
fn record_spawn_slow(site: &'static Site) -> TaskHandle {
    if let Some(handle) = record_unwatched(site, 0) {
        return handle;
    }
    record_spawn_with(site, site.kind(), 0, None)
}

/// Records a task as the fast path does, if there are hooks and none of them sees tasks of this site.
fn record_unwatched(site: &'static Site, flags: u64) -> Option<TaskHandle> {
    let flags_and_tick = runtime_flags::flags_and_tick();
    let is_due = runtime_flags::FORKED | runtime_flags::OFF;
    if flags_and_tick & is_due != 0 || !hook::is_unwatched(site) {
        return None;
    }
    let init = RecordInit {
        site,
        flags,
        tick: runtime_flags::tick(),
    };
    let slot = local::with(|local| local.cache.record_fast(local.spawn_parent_or_tag(), init));
    slot.map(TaskHandle::plain)
}

/// Records a task whose spawn is wrapped in `named!` or `root!`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn record_spawn_as(
    site: &'static Site,
    root: bool,
    name: Option<fmt::Arguments<'_>>,
) -> TaskHandle {
    let flags = if root { flag::ROOT } else { 0 };
    let is_offered = false;
    let name = name.map(|text| NewName { text, is_offered });
    record_spawn_with(site, site.kind(), flags, name)
}

/// Records a task beside which the spawn has a text. The text is the task's name unless the task inherits one.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn record_spawn_offered(site: &'static Site, name: &'static str) -> TaskHandle {
    // In the call, because older compilers drop the arguments of a format at the end of a statement.
    record_spawn_with(
        site,
        site.kind(),
        0,
        Some(NewName {
            text: format_args!("{name}"),
            is_offered: true,
        }),
    )
}

/// A name for a new task.
struct NewName<'a> {
    text: fmt::Arguments<'a>,
    /// `true` if an inherited name is better.
    is_offered: bool,
}

impl NewName<'_> {
    fn is_wanted(&self, slot: TaskSlot) -> bool {
        !(self.is_offered && inherits_name(&Record::of_live(slot)))
    }
}

/// Records a task that a pool keeps for whoever comes next: it is nobody's child.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn record_spawn_pooled(site: &'static Site) -> TaskHandle {
    record_spawn_with(site, site.kind(), flag::ROOT | flag::POOLED, None)
}

/// Records a future that is polled within the present task, for as long as a check of leaks needs it. Hooks do not see it,
/// because nothing is spawned. With a name it is a root.
pub fn record_scope(site: &'static Site, name: Option<&dyn fmt::Display>) -> TaskHandle {
    if runtime_flags::has(runtime_flags::OFF) {
        return TaskHandle::untracked();
    }
    crate::platform::fork::note_use();
    let flags = if name.is_some() { flag::ROOT } else { 0 };
    let Some((slot, locals)) = make_record(site, Kind::Future, flags) else {
        return TaskHandle::untracked();
    };
    if let Some(locals) = locals {
        task_local::inherit(slot, &locals);
    }
    if let Some(name) = name {
        let text = BoundedText::new(name);
        crate::context::name::set_before_start(slot, &Change::Name(text), 0);
    }
    TaskHandle::plain(slot)
}

/// Records a scope: a future that is polled within the present task, of which it is a child.
pub(crate) fn record_named_scope(site: &'static Site, changes: &[Change]) -> TaskHandle {
    if runtime_flags::has(runtime_flags::OFF) {
        return TaskHandle::untracked();
    }
    crate::platform::fork::note_use();
    let Some((slot, locals)) = make_record(site, Kind::Future, 0) else {
        return unrecorded();
    };
    if let Some(locals) = locals {
        task_local::inherit(slot, &locals);
    }
    for change in changes {
        crate::context::name::set_before_start(slot, change, 0);
    }
    TaskHandle::plain(slot)
}

/// Records a task that the adaptor has found to be a closure.
#[inline]
pub(crate) fn record_job(site: &'static Site) -> NewHandle {
    record_or(site, Kind::Job as u64, record_job_slow)
}

#[cold]
#[inline(never)]
fn record_job_slow(site: &'static Site) -> TaskHandle {
    if let Some(handle) = record_unwatched(site, Kind::Job as u64) {
        return handle;
    }
    record_spawn_with(site, site.kind().refined(Kind::Job), 0, None)
}

/// Records a task that the adaptor has found to be a future.
#[inline]
pub(crate) fn record_future(site: &'static Site) -> NewHandle {
    record_or(site, Kind::Future as u64, record_future_slow)
}

#[cold]
#[inline(never)]
fn record_future_slow(site: &'static Site) -> TaskHandle {
    if let Some(handle) = record_unwatched(site, Kind::Future as u64) {
        return handle;
    }
    let kind = site.kind().refined(Kind::Future);
    // A future that is refused is told so later, and panics of hooks do not come this far.
    catch_user_panic(|| record_spawn_with(site, kind, 0, None))
        .unwrap_or_else(TaskHandle::untracked)
}

fn record_spawn_with(
    site: &'static Site,
    kind: Kind,
    flags: u64,
    name: Option<NewName<'_>>,
) -> TaskHandle {
    let flags_and_tick = runtime_flags::flags_and_tick();
    if flags_and_tick & runtime_flags::OFF != 0 {
        return skip(site);
    }
    crate::platform::fork::note_use();
    let Some((slot, locals)) = make_record(site, kind, flags) else {
        return unrecorded();
    };
    if let Some(locals) = &locals {
        task_local::inherit(slot, locals);
    }
    if let Some(name) = name.filter(|name| name.is_wanted(slot)) {
        let text = BoundedText::new(name.text);
        crate::context::name::set_before_start(slot, &Change::Name(text), 0);
    }
    let joined = locals.and_then(|locals| subtree::join(&locals, slot));
    if flags_and_tick & runtime_flags::SLOW_SPAWNS == 0 && joined.is_none() {
        return TaskHandle::plain(slot);
    }
    let pending = joined
        .as_ref()
        .and_then(|joined| joined.pending(site, kind));
    let joined = joined.map(|joined| Box::new(joined) as Box<dyn Attachment>);
    // SAFETY: the handle of the task is made below, unless the task is refused.
    match unsafe { hook::run::on_spawn(slot, kind, joined) } {
        Decision::Plain => TaskHandle::plain(slot),
        Decision::Attached(attached) => {
            if let Some(pending) = pending {
                pending.push();
            }
            TaskHandle::attached(attached)
        }
        Decision::Refused(task) => TaskHandle::refused(task),
    }
}

/// A spawn while birthmark is off.
#[inline(always)]
fn skip(site: &'static Site) -> TaskHandle {
    site.counts.untracked.fetch_add(1, Ordering::Relaxed);
    TaskHandle::untracked()
}

#[cold]
fn unrecorded() -> TaskHandle {
    UNRECORDED.fetch_add(1, Ordering::Relaxed);
    TaskHandle::untracked()
}

/// Spawns that are not in any dump because there was no memory to record them.
pub fn unrecorded_count() -> u64 {
    UNRECORDED.load(Ordering::Relaxed)
}
