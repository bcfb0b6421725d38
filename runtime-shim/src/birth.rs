//! The birth of a task, and the handle by which the task holds its record.

use core::marker::PhantomData;
use core::ptr;
use std::fmt;
use std::sync::atomic::{fence, AtomicU32, AtomicU64, Ordering};

use crate::clock;
use crate::hook::Attached;
use crate::kind::Kind;
use crate::local::{self, Local};
use crate::registry::pool::Block;
use crate::registry::root::{ARENA, IDS};
use crate::registry::slot::{flag, state, Slot};
use crate::site::Site;

/// Why a birth cannot take the short way.
pub(crate) mod mode {
    pub(crate) const OFF: u32 = 1;
    pub(crate) const HOOKED: u32 = 2;
}

/// 0 in the common case: on, without a hook.
static MODE: AtomicU32 = AtomicU32::new(0);
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
struct Handle(*const ());

const TAG: usize = 1;
const NONE: Handle = Handle(ptr::without_provenance(1));
const REFUSED: Handle = Handle(ptr::without_provenance(3));

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
    /// A hook has refused the task.
    Refused,
}

impl Birth {
    fn plain(slot: &'static Slot) -> Self {
        Birth(Handle(ptr::from_ref(slot).cast()))
    }

    fn untracked() -> Self {
        Birth(NONE)
    }

    pub(crate) fn refused() -> Self {
        Birth(REFUSED)
    }

    pub(crate) fn attached(attached: Box<Attached>) -> Self {
        Birth(Handle(
            Box::into_raw(attached)
                .wrapping_byte_add(TAG)
                .cast_const()
                .cast(),
        ))
    }

    /// The slot of a birth with nothing attached: the common case, one test.
    #[inline(always)]
    pub(crate) fn as_plain(&self) -> Option<&'static Slot> {
        if self.0 .0.addr() & TAG != 0 {
            return None;
        }
        // SAFETY: without the tag it is the address of a slot, by `plain`.
        Some(unsafe { &*self.0 .0.cast::<Slot>() })
    }

    pub(crate) fn status(&self) -> Status<'_> {
        if let Some(slot) = self.as_plain() {
            return Status::Plain(slot);
        }
        match self.0 {
            NONE => Status::Untracked,
            REFUSED => Status::Refused,
            // SAFETY: the tagged address of a box that this birth owns, by `attached`.
            Handle(tagged) => {
                Status::Attached(unsafe { &*tagged.wrapping_byte_sub(TAG).cast::<Attached>() })
            }
        }
    }

    pub(crate) fn slot(&self) -> Option<&'static Slot> {
        match self.status() {
            Status::Plain(slot) => Some(slot),
            Status::Attached(attached) => Some(attached.slot()),
            Status::Untracked | Status::Refused => None,
        }
    }

    /// Takes the record back of a task that will not be: it counts as no kind of end.
    pub(crate) fn discard(self) {
        if let Some(slot) = self.as_plain() {
            local::with(|local| {
                local.with_block(|block| {
                    block
                        .store
                        .end(&ARENA, slot, clock::now() | state::CANCELLED)
                })
            });
            core::mem::forget(self);
        }
    }

    /// Notes what the adaptor found out about the kind of the task, which has not started yet.
    #[inline]
    pub(crate) fn set_kind(&self, found: Kind) {
        let Some(slot) = self.slot() else { return };
        let kind = refine(site_of(slot).kind(), found) as u64;
        let word = slot.polls.load(Ordering::Relaxed) & !(flag::KIND_MASK << 32);
        slot.polls.store(word | kind << 32, Ordering::Relaxed);
    }
}

impl Drop for Birth {
    #[inline]
    fn drop(&mut self) {
        match self.as_plain() {
            Some(slot) => end(slot),
            None => self.drop_special(),
        }
    }
}

impl Birth {
    #[cold]
    fn drop_special(&mut self) {
        if let Status::Attached(attached) = self.status() {
            let slot = attached.slot();
            // SAFETY: the box that `attached` took apart; `self` is not used after this.
            let attached = unsafe { Box::from_raw(ptr::from_ref(attached).cast_mut()) };
            attached.end();
            end(slot);
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
#[inline]
pub fn birth(site: &'static Site) -> Birth {
    if MODE.load(Ordering::Relaxed) == 0 {
        birth_plain(site)
    } else {
        birth_special(site)
    }
}

fn birth_plain(site: &'static Site) -> Birth {
    local::with(|local| match (local.scope(), local.block()) {
        (Some(scope), Some(block)) => birth_under(site, scope, block),
        _ => birth_first(site, local),
    })
}

#[inline(always)]
fn birth_under(site: &'static Site, scope: &'static Slot, block: &'static Block) -> Birth {
    match block
        .store
        .birth(&ARENA, &IDS, scope, address(site), clock::now())
    {
        Some(slot)
            if slot.depth.load(Ordering::Relaxed) & (crate::registry::block::GENERATIONS - 1)
                != 0 =>
        {
            Birth::plain(slot)
        }
        Some(slot) => {
            crate::registry::lineage::cut(&block.store, slot);
            Birth::plain(slot)
        }
        None => unrecorded(),
    }
}

/// The first birth on a thread, and births on one that is exiting.
#[cold]
fn birth_first(site: &'static Site, local: &Local) -> Birth {
    if let (Some(scope), Some(block)) = (local.scope_or_adopt(), local.block()) {
        return birth_under(site, scope, block);
    }
    let root = |block: &Block| block.store.root(&ARENA, &IDS, address(site), clock::now());
    local
        .with_block(root)
        .flatten()
        .map_or_else(unrecorded, Birth::plain)
}

#[cold]
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

/// Records a task that the adaptor has found to be a future or a closure.
#[inline]
pub(crate) fn birth_of_kind(site: &'static Site, found: Kind) -> Birth {
    if MODE.load(Ordering::Relaxed) != 0 {
        return birth_with(site, refine(site.kind(), found), false, None);
    }
    let birth = birth_plain(site);
    birth.set_kind(found);
    birth
}

/// What the adaptor found, unless the site knows more about the closure.
fn refine(site: Kind, found: Kind) -> Kind {
    match (site, found) {
        (Kind::Unknown, found) | (_, found @ Kind::Future) => found,
        (known, _) => known,
    }
}

fn birth_with(
    site: &'static Site,
    kind: Kind,
    detached: bool,
    name: Option<fmt::Arguments<'_>>,
) -> Birth {
    let mode = MODE.load(Ordering::Relaxed);
    if mode & mode::OFF != 0 {
        return skip();
    }
    let birth = if detached {
        birth_detached(site)
    } else {
        birth_plain(site)
    };
    let Some(slot) = birth.slot() else {
        return birth;
    };
    birth.set_kind(kind);
    if let Some(name) = name {
        crate::name::give(slot, name, 0);
    }
    if mode & mode::HOOKED == 0 {
        return birth;
    }
    crate::hook::run::at_birth(birth, slot, kind)
}

#[cold]
fn birth_detached(site: &'static Site) -> Birth {
    let root = |block: &Block| block.store.root(&ARENA, &IDS, address(site), clock::now());
    let Some(Some(slot)) = local::with(|local| local.with_block(root)) else {
        return unrecorded();
    };
    slot.set_flags(flag::DETACHED);
    Birth::plain(slot)
}

/// A birth while birthmark is off.
fn skip() -> Birth {
    local::with(|local| {
        local.with_block(|block| {
            let count = &block.untracked;
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        })
    });
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

fn address(site: &'static Site) -> u64 {
    ptr::from_ref(site).expose_provenance() as u64
}

/// Ends the task of `slot`, counting how.
fn end(slot: &'static Slot) {
    local::with(|local| match local.block() {
        Some(block) => end_with(block, slot),
        None => end_elsewhere(local, slot),
    });
}

#[inline(always)]
fn end_with(block: &'static Block, slot: &'static Slot) {
    let site = site_of(slot);
    let status = slot.status.load(Ordering::Relaxed);
    if status & state::MASK == state::COMPLETED {
        match block.completed.get(site.index()) {
            Some(count) => count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed),
            None => count_rare(&site.counts.completed),
        }
        block.store.end(&ARENA, slot, status);
    } else {
        end_badly(block, slot, status);
    }
}

#[cold]
fn end_badly(block: &'static Block, slot: &'static Slot, status: u64) {
    let (outcome, count) = match status & state::MASK {
        state::PANICKED => (state::PANICKED, &site_of(slot).counts.panicked),
        _ => (state::CANCELLED, &site_of(slot).counts.cancelled),
    };
    count_rare(count);
    block.store.end(&ARENA, slot, clock::now() | outcome);
}

#[cold]
fn end_elsewhere(local: &Local, slot: &'static Slot) {
    local.with_block(|block| end_with(block, slot));
}

#[cold]
fn count_rare(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// The site of a task that the caller keeps alive.
pub(crate) fn site_of(slot: &'static Slot) -> &'static Site {
    let site = slot.site.load(Ordering::Relaxed) as usize;
    // SAFETY: births store the address of a static site, and the slot is a live task's.
    unsafe { &*ptr::with_exposed_provenance::<Site>(site) }
}

/// A stretch of time in which a thread runs a task.
pub(crate) struct Running {
    slot: &'static Slot,
    outer: *const Slot,
    /// The thread's own state must be put back on the thread that it was taken from.
    _not_send: PhantomData<*const ()>,
}

impl Running {
    /// Makes `slot` the current task of this thread.
    #[inline(always)]
    pub(crate) fn start(slot: &'static Slot) -> Self {
        local::with(|local| {
            let running = local
                .block()
                .or_else(|| local.register())
                .map_or(state::RUNNING, |block| block.running);
            slot.status.store(clock::now() | running, Ordering::Relaxed);
            slot.polls.store(
                slot.polls.load(Ordering::Relaxed).wrapping_add(1),
                Ordering::Relaxed,
            );
            let outer = local
                .scope
                .replace(slot.scope.get().map_or(ptr::null(), ptr::from_ref));
            Running {
                slot,
                outer,
                _not_send: PhantomData,
            }
        })
    }

    /// Puts the thread back to what it was, and the task into `state`.
    #[inline(always)]
    pub(crate) fn stop(self, state: u64) {
        self.restore(state);
        core::mem::forget(self);
    }

    #[inline(always)]
    fn restore(&self, state: u64) {
        local::with(|local| local.scope.set(self.outer));
        self.slot
            .status
            .store(clock::now() | state, Ordering::Relaxed);
    }
}

/// Only reached when the task panics: [`Running::stop`] forgets itself.
impl Drop for Running {
    fn drop(&mut self) {
        self.restore(state::PANICKED);
    }
}

/// Switches a mode on or off. Returns whether it was on.
pub(crate) fn set_mode(bit: u32, on: bool) -> bool {
    let old = if on {
        MODE.fetch_or(bit, Ordering::SeqCst)
    } else {
        MODE.fetch_and(!bit, Ordering::SeqCst)
    };
    fence(Ordering::SeqCst);
    old & bit != 0
}

/// Whether a mode is on.
#[inline]
pub(crate) fn has_mode(bit: u32) -> bool {
    MODE.load(Ordering::Relaxed) & bit != 0
}

/// Does `f` while `slot` is the current task, without counting it as a run.
#[inline]
pub(crate) fn as_current(slot: &'static Slot, f: impl FnOnce()) {
    let scope = slot.scope.get().map_or(ptr::null(), ptr::from_ref);
    let outer = local::with(|local| local.scope.replace(scope));
    let _restore = OnDrop(|| local::with(|local| local.scope.set(outer)));
    f();
}

/// Does something when it goes out of scope, also by a panic.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
