//! The birth of a task, and the handle by which the task holds its record.
//!
//! What is inlined in a release is not in a debug build: there it would be compiled again for each
//! crate that spawns.

use core::ptr;
use std::fmt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::hook::Attached;
use crate::kind::Kind;
use crate::local::{self, Local};
use crate::mode;
use crate::registry::pool::Completed;
use crate::registry::root::{ARENA, WORLD};
use crate::registry::slot::{flag, state, Slot};
use crate::registry::store::Newborn;
use crate::site::Site;

/// Births that found no memory for a record.
static UNRECORDED: AtomicU64 = AtomicU64::new(0);

/// A task's hold on its record. Dropping it ends the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[repr(transparent)]
pub struct Birth(Handle);

/// The slot's address; or one of the constants; or, with the lowest bit set, that of an
/// [`Attached`], which knows the slot.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
struct Handle(*const ());

/// Set in what is not the address of a slot.
pub(crate) const TAG: usize = 1;
/// Both this and the tag: a slot like any other, but its task does not take the short way.
const MARK: usize = 5;
const NONE: Handle = Handle(ptr::without_provenance(1));
/// Both bits: refused, with the number of the refusal above them.
const REFUSED: usize = 3;

impl Handle {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn as_plain(self) -> Option<&'static Slot> {
        if self.0.addr() & TAG != 0 {
            return None;
        }
        // SAFETY: without the tag it is the address of a slot, by `Birth::plain`.
        Some(unsafe { &*self.0.cast::<Slot>() })
    }

    fn unmarked(self) -> Self {
        // What is attached is aligned to more, and refusals have the bit between set.
        if self.0.addr() & 7 == MARK {
            Handle(self.0.wrapping_byte_sub(MARK))
        } else {
            self
        }
    }
}

// SAFETY: a slot is made of atomics; which of its parts only the task itself may touch does not
// depend on the thread. `Attached` is Send, and reached only through an exclusive reference or by
// the thread that enters the task.
unsafe impl Send for Birth {}
// SAFETY: as above; through a shared reference only `enter` acts, and a task that several threads
// enter at once (an `Fn` closure) meets atomics, and a mutex around what is attached.
unsafe impl Sync for Birth {}

/// What a birth turned out to be.
pub(crate) enum Status<'a> {
    /// Recorded, nothing attached.
    Plain(&'static Slot),
    /// Recorded, and hooks have left something.
    Attached(&'a Attached),
    /// Not recorded: birthmark was off.
    Untracked,
    /// A hook has refused the task: the number of the refusal.
    Refused(usize),
}

impl Birth {
    fn plain(slot: &'static Slot) -> Self {
        Birth(Handle(ptr::from_ref(slot).cast()))
    }

    /// The birth of a task that is not recorded, or not any more.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn untracked() -> Self {
        Birth(NONE)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_untracked(&self) -> bool {
        self.0 == NONE
    }

    pub(crate) fn refused(number: usize) -> Self {
        Birth(Handle(ptr::without_provenance(number << 2 | REFUSED)))
    }

    pub(crate) fn attached(attached: Box<Attached>) -> Self {
        Birth(Handle(
            Box::into_raw(attached)
                .wrapping_byte_add(TAG)
                .cast_const()
                .cast(),
        ))
    }

    /// The same birth, which [`Birth::as_plain`] does not know.
    pub(crate) fn marked(mut self) -> Self {
        if self.as_plain().is_some() {
            self.0 = Handle(self.0 .0.wrapping_byte_add(MARK));
        }
        self
    }

    /// Undoes [`Birth::marked`].
    pub(crate) fn unmarked(mut self) -> Self {
        self.0 = self.0.unmarked();
        self
    }

    /// The slot of a birth with nothing attached: the common case, one test.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain(&self) -> Option<&'static Slot> {
        self.0.as_plain()
    }

    /// The same, if this thread has a block. Still one test.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn as_plain_here(&self, local: &Local) -> Option<&'static Slot> {
        if self.0 .0.addr() & local.special.get() != 0 {
            return None;
        }
        // SAFETY: `special` is the tag, or all bits: without the tag it is the address of a slot, and
        // that has some bits.
        Some(unsafe { &*self.0 .0.cast::<Slot>() })
    }

    pub(crate) fn status(&self) -> Status<'_> {
        let handle = self.0.unmarked();
        if let Some(slot) = handle.as_plain() {
            return Status::Plain(slot);
        }
        match handle {
            NONE => Status::Untracked,
            Handle(refused) if refused.addr() & REFUSED == REFUSED => {
                Status::Refused(refused.addr() >> 2)
            }
            // SAFETY: what is left is a box that this birth owns, by `attached`.
            Handle(tagged) => Status::Attached(unsafe { &*Self::untag(tagged) }),
        }
    }

    fn untag(tagged: *const ()) -> *mut Attached {
        tagged.wrapping_byte_sub(TAG).cast::<Attached>().cast_mut()
    }

    pub(crate) fn slot(&self) -> Option<&'static Slot> {
        match self.status() {
            Status::Plain(slot) => Some(slot),
            Status::Attached(attached) => Some(attached.slot()),
            Status::Untracked | Status::Refused(_) => None,
        }
    }

    /// Takes the record back of a task that will not be: it counts as no kind of end.
    pub(crate) fn discard(self) {
        if let Some(slot) = self.as_plain() {
            local::with(|local| {
                local
                    .with_block(|store, _| store.end(&ARENA, slot, mode::tick() | state::CANCELLED))
            });
            core::mem::forget(self);
        }
    }

    /// Notes what the adaptor found out about the kind of the task, which has not started yet.
    pub(crate) fn set_kind(&self, found: Kind) {
        if let Some(slot) = self.slot() {
            let others = slot.flags() & !flag::KIND_MASK;
            slot.polls.store(others | found as u64, Ordering::Relaxed);
        }
    }
}

impl Drop for Birth {
    // Most births are untracked by the time they are dropped: their future has completed.
    #[cfg_attr(not(debug_assertions), inline)]
    fn drop(&mut self) {
        if !self.is_untracked() {
            self.drop_tracked();
        }
    }
}

impl Birth {
    #[inline(never)]
    fn drop_tracked(&mut self) {
        match self.status() {
            Status::Plain(slot) => end(slot),
            Status::Attached(_) => {
                // SAFETY: the box that `attached` took apart. Whoever is given a birth drops it once.
                let attached = unsafe { Box::from_raw(Self::untag(self.0 .0)) };
                let slot = attached.slot();
                attached.end();
                end(slot);
            }
            Status::Refused(number) => crate::hook::abandon_refusal(number),
            Status::Untracked => {}
        }
    }
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.slot().map(|slot| slot.id.load(Ordering::Relaxed));
        f.debug_tuple("Birth").field(&id).finish()
    }
}

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
    birth_or(site, 0, birth_special)
}

/// Records a task if nothing out of the ordinary is due, else asks `special`. This much is inlined
/// into each spawn.
#[cfg_attr(not(debug_assertions), inline(always))]
fn birth_or(
    site: &'static Site,
    flags: u64,
    special: impl FnOnce(&'static Site) -> Birth,
) -> Birth {
    let pulse = mode::pulse();
    if mode::is_plain(pulse) {
        let newborn = Newborn {
            site: site.address(),
            flags,
            tick: pulse,
        };
        let slot = local::with(|local| local.store.birth_fast(local.own_scope(), newborn));
        if let Some(slot) = slot {
            return Birth::plain(slot);
        }
    } else if pulse & mode::OFF != 0 {
        return skip(site);
    }
    special(site)
}

fn birth_under(site: &'static Site, flags: u64, parent: Option<&'static Slot>) -> Birth {
    let newborn = Newborn {
        site: site.address(),
        flags,
        tick: mode::tick(),
    };
    let slot =
        local::with(|local| local.with_block(|store, _| store.birth(WORLD, parent, newborn)));
    slot.flatten().map_or_else(unrecorded, Birth::plain)
}

#[cold]
#[inline(never)]
fn birth_special(site: &'static Site) -> Birth {
    birth_with(site, site.kind(), false, None)
}

/// Records a task whose spawn is wrapped in `named!` or `detached!`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
pub fn birth_as(site: &'static Site, detached: bool, name: Option<fmt::Arguments<'_>>) -> Birth {
    birth_with(site, site.kind(), detached, name)
}

/// Records a task that the adaptor has found to be a closure.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn birth_of_job(site: &'static Site) -> Birth {
    birth_or(site, Kind::Job as u64, birth_special_job)
}

#[cold]
#[inline(never)]
fn birth_special_job(site: &'static Site) -> Birth {
    birth_with(site, site.kind().refined(Kind::Job), false, None)
}

/// Records a task that the adaptor has found to be a future.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn birth_of_future(site: &'static Site) -> Birth {
    birth_or(site, Kind::Future as u64, |site| birth_special_future(site))
}

/// Declared as what cannot unwind: otherwise the spawner would keep a copy of the future, to drop it
/// in that case.
#[cold]
#[inline(never)]
extern "C" fn birth_special_future(site: &'static Site) -> Birth {
    let kind = site.kind().refined(Kind::Future);
    // A future that is refused is told so later, and panics of hooks do not come this far.
    contained(|| birth_with(site, kind, false, None)).unwrap_or_else(Birth::untracked)
}

/// Does `f`, which does not unwind unless the destructor of a hook, or of its panic, does.
pub(crate) fn contained<R>(f: impl FnOnce() -> R) -> Option<R> {
    // What the destructor of the payload might do is not worth another attempt.
    catch_unwind(AssertUnwindSafe(f))
        .map_err(core::mem::forget)
        .ok()
}

fn birth_with(
    site: &'static Site,
    kind: Kind,
    detached: bool,
    name: Option<fmt::Arguments<'_>>,
) -> Birth {
    let modes = mode::pulse();
    if modes & mode::OFF != 0 {
        return skip(site);
    }
    let birth = match detached {
        true => birth_under(site, kind as u64 | flag::DETACHED, None),
        // A thread that exits is no task any more: what it spawns is a root.
        false => birth_under(site, kind as u64, local::with(Local::scope_or_adopt)),
    };
    let Some(slot) = birth.slot() else {
        return birth;
    };
    if let Some(name) = name {
        crate::name::give(slot, name, 0);
    }
    if modes & mode::HOOKED == 0 {
        return birth;
    }
    crate::hook::run::at_birth(birth, slot, kind)
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
pub(crate) fn unrecorded_count() -> u64 {
    UNRECORDED.load(Ordering::Relaxed)
}

/// Ends the task of `slot`, counting how.
#[cfg_attr(not(debug_assertions), inline)]
fn end(slot: &'static Slot) {
    if slot.state() == state::COMPLETED {
        end_completed(slot);
    } else {
        end_badly(slot);
    }
}

/// Ends a task that has returned.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn end_completed(slot: &'static Slot) {
    local::with(|local| {
        let site = site_of(slot);
        if local.store.end_fast(slot) {
            // SAFETY: a store that ends tasks the short way is in use, so the thread has a block.
            unsafe { local.completed.get().add_fast(site) };
        } else {
            end_slow(slot);
        }
    });
}

#[cold]
#[inline(never)]
fn end_slow(slot: &'static Slot) {
    let status = mode::tick() | state::COMPLETED;
    local::with(|local| {
        count_completed(local.completed.get(), site_of(slot));
        local.with_block(|store, _| store.end(&ARENA, slot, status))
    });
}

#[cold]
#[inline(never)]
fn end_badly(slot: &'static Slot) {
    let counts = &site_of(slot).counts;
    let (outcome, count) = match slot.state() {
        state::PANICKED => (state::PANICKED, &counts.panicked),
        _ => (state::CANCELLED, &counts.cancelled),
    };
    count_rare(count);
    let status = mode::tick() | outcome;
    local::with(|local| local.with_block(|store, _| store.end(&ARENA, slot, status)));
}

/// Counts a task that has completed on the thread of these counts.
pub(crate) fn count_completed(counts: Completed, site: &'static Site) {
    if !counts.add(site) {
        count_rare(&site.counts.completed);
    }
}

fn count_rare(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// The site of a task that the caller keeps alive.
#[cfg_attr(not(debug_assertions), inline)]
pub(crate) fn site_of(slot: &'static Slot) -> &'static Site {
    let site = slot.site.load(Ordering::Relaxed) as usize;
    // SAFETY: births store the address of a static site, and the slot is a live task's.
    unsafe { &*ptr::with_exposed_provenance::<Site>(site) }
}
