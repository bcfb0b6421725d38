//! How a closure enters its handle.

use core::mem::ManuallyDrop;

use crate::hook::Refusal;
use crate::record::frames::Cursor;
use crate::record::slot::TaskSlot;
use crate::record::words::state;
use crate::task::handle::{HandleContent, TaskHandle};
use crate::thread::dropping::Leave;
use crate::thread::local::{self, Local};
use crate::thread::running::Running;

/// The time in which a closure runs as its task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entered<'a> {
    handle: &'a TaskHandle,
    guard: ClosureGuard,
}

/// As [`Entered`], with the handle itself, which it leaves to the thread's [list](crate::thread::dropping::Dropping) when the
/// body is done.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct EnteredOwned {
    handle: ManuallyDrop<TaskHandle>,
    /// The word of the outer cursor. If the handle has the tag `SLOW_PATH`, see [`leave_slow`].
    outer: u64,
}

/// State that is restored when the closure is done.
#[derive(Clone, Copy, Debug)]
struct ClosureGuard {
    /// Where the thread stood before.
    outer: Cursor,
    /// A closure may be called by a destructor while the thread unwinds for another reason.
    was_panicking: bool,
    /// `true` if the guards of hooks were entered.
    carries: bool,
}

impl TaskHandle {
    /// Makes this the current task until the guard is dropped.
    #[inline]
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered {
            handle: self,
            guard: ClosureGuard::begin(self),
        }
    }

    /// As [`TaskHandle::enter`], for closures that are called once and own their handle.
    #[inline]
    pub(crate) fn enter_owned(self) -> EnteredOwned {
        let handle = ManuallyDrop::new(self);
        let started = local::with(|local| {
            let slot = handle.as_plain_here(local)?;
            (!std::thread::panicking()).then(|| Running::start_here(local, slot).into_outer())
        });
        let outer = match started {
            Some(outer) => outer,
            None if handle.is_untracked() => Cursor::NOWHERE,
            None => return EnteredOwned::enter_slow(handle),
        };
        let outer = outer.to_word();
        EnteredOwned { handle, outer }
    }
}

impl ClosureGuard {
    #[inline(always)]
    fn begin(handle: &TaskHandle) -> Self {
        if handle.is_untracked() {
            // Nothing is put back.
            return ClosureGuard {
                outer: Cursor::NOWHERE,
                was_panicking: false,
                carries: false,
            };
        }
        let started = local::with(|local| {
            let slot = handle.as_plain_here(local)?;
            Some(Running::start_call_here(local, slot))
        });
        let (outer, carries) = match started {
            Some(running) => (running.into_outer(), false),
            None => Self::begin_slow(handle),
        };
        ClosureGuard {
            outer,
            was_panicking: std::thread::panicking(),
            carries,
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_slow(handle: &TaskHandle) -> (Cursor, bool) {
        match handle.content() {
            HandleContent::Attached(attached) => {
                attached.wait_until_open();
                let outer = Running::start_call(attached.slot()).into_outer();
                (outer, attached.enter())
            }
            HandleContent::Refused(task) => refuse(task.refusal().clone()),
            HandleContent::Plain(slot) => (Running::start_call(slot).into_outer(), false),
            HandleContent::Untracked => (Cursor::NOWHERE, false),
        }
    }

    /// The closure itself has panicked.
    #[inline(always)]
    fn panicked(self) -> bool {
        self.into_leave().panicked()
    }

    #[inline(always)]
    fn into_leave(self) -> Leave {
        Leave {
            was_panicking: self.was_panicking,
            carries: self.carries,
            ..Leave::ordinary(self.outer)
        }
    }

    /// Ends the guard. The task goes on to its end, or to the next call of its closure. Two words, which fit into
    /// registers.
    #[inline(never)]
    fn end(self, handle: &TaskHandle) {
        self.into_leave().stop(handle);
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        match self.handle.as_plain() {
            Some(slot) if !self.guard.panicked() => {
                Running::resume(slot, self.guard.outer).stop(state::COMPLETED);
            }
            None if self.handle.is_untracked() => {}
            _ => self.guard.end(self.handle),
        }
    }
}

impl Drop for EnteredOwned {
    #[inline]
    fn drop(&mut self) {
        let is_left = local::with(|local| {
            if self.handle.as_plain().is_some() {
                // SAFETY: the handle has no tag, so `outer` is the word of a cursor.
                let outer = unsafe { Cursor::from_word(self.outer) };
                return local.dropping.push_ordinary(self.handle.raw(), outer);
            }
            self.handle.is_untracked() && local.dropping.is_empty()
        });
        if is_left {
            return;
        }
        // By value, so that the guard need not be in memory.
        // SAFETY: dropped once, here; the other ways out leave the handle to the list or have none.
        let handle = unsafe { ManuallyDrop::take(&mut self.handle) };
        leave_slow(handle, self.outer);
    }
}

impl EnteredOwned {
    /// Tags the handle, so that [`leave_slow`] puts back what is more than the cursor.
    #[cold]
    #[inline(never)]
    fn enter_slow(handle: ManuallyDrop<TaskHandle>) -> Self {
        let handle = ManuallyDrop::into_inner(handle);
        if let HandleContent::Refused(task) = handle.content() {
            let refusal = task.refusal().clone();
            local::with(|local| local.dropping.push(handle.into_raw(), Leave::NOTHING));
            refuse(refusal);
        }
        let transient = handle.as_plain().filter(|_| !std::thread::panicking());
        let outer =
            match transient.and_then(|slot| local::with(|local| enter_transient(local, slot))) {
                Some(outer) => outer.to_word(),
                None => boxed_word(ClosureGuard::begin(&handle).into_leave()),
            };
        EnteredOwned {
            handle: ManuallyDrop::new(handle.with_slow_path()),
            outer,
        }
    }
}

/// Ends the call of a closure that a hook has refused. The spawner is told by the callee's own means; see `refusal.rs`.
fn refuse(refusal: Refusal) -> ! {
    std::panic::resume_unwind(Box::new(refusal))
}

/// Enters the first closure on a thread that has nothing to do with us yet. If the thread was made for
/// it, it exits afterwards: so it only borrows a state, which spares it a destructor of thread-locals.
fn enter_transient(local: &Local, slot: TaskSlot) -> Option<Cursor> {
    let is_transient = !local.position.get().has_slot() && local.acquire_transient();
    is_transient.then(|| Running::start_here(local, slot).into_outer())
}

/// Number of bits by which the address of a box is rotated, so that the word is above that of a cursor without a slot.
const BOX_ROTATION: u32 = 13;

/// Returns the address of a box, as a word that no cursor without a slot has.
fn boxed_word(leave: Leave) -> u64 {
    let address = Box::into_raw(Box::new(leave)).expose_provenance();
    (address as u64).rotate_left(BOX_ROTATION)
}

/// Leaves the body of a closure on top of others that are being dropped, or with a tagged handle. Then `outer` is
/// the cursor that [`enter_transient`] returned, which has no slot, or a [`Leave`] in a box.
#[cold]
#[inline(never)]
fn leave_slow(handle: TaskHandle, outer: u64) {
    let is_slow_path = handle.as_plain().is_none() && !handle.is_untracked();
    let leave = if is_slow_path && outer >> BOX_ROTATION != 0 {
        let leave = core::ptr::with_exposed_provenance_mut::<Leave>(
            outer.rotate_right(BOX_ROTATION) as usize,
        );
        // SAFETY: `boxed_word` has made the box, because the word of a cursor without a slot is smaller. It is taken apart
        // once, with the guard.
        *unsafe { Box::from_raw(leave) }
    } else {
        // SAFETY: in all other cases, `outer` is the word of a cursor.
        let before = unsafe { Cursor::from_word(outer) };
        Leave {
            is_transient: is_slow_path,
            ..Leave::ordinary(before)
        }
    };
    local::with(|local| {
        local
            .dropping
            .push(handle.without_slow_path().into_raw(), leave)
    });
}
