//! How a closure enters its birth.

use core::mem::ManuallyDrop;

use crate::hook::Refusal;
use crate::record::frames::{index, Cursor};
use crate::record::slot::TaskSlot;
use crate::record::words::state;
use crate::task::birth::{Birth, Status};
use crate::thread::dropping::Leave;
use crate::thread::local::{self, Local};
use crate::thread::running::Running;

/// The time in which a closure runs as its task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entered<'a> {
    birth: &'a Birth,
    stay: Stay,
}

/// As [`Entered`], with the birth itself, which it leaves to the thread's [list](crate::thread::dropping::Dropping) when the
/// body is done.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct EnteredOwned {
    birth: ManuallyDrop<Birth>,
    /// Where the thread stood before; if the birth is marked, see [`leave_special`].
    outer: usize,
}

/// What must be put back when the closure is done.
#[derive(Clone, Copy, Debug)]
struct Stay {
    /// Where the thread stood before.
    outer: Cursor,
    /// A closure may be called by a destructor while the thread unwinds for another reason.
    was_panicking: bool,
    /// What is attached to the birth was entered.
    carries: bool,
}

impl Birth {
    /// Makes this the current task until the guard is dropped.
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered {
            birth: self,
            stay: Stay::begin(self),
        }
    }

    /// As [`Birth::enter`], for closures that are called once and own their birth.
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn enter_owned(self) -> EnteredOwned {
        let birth = ManuallyDrop::new(self);
        let started = local::with(|local| {
            let slot = birth.as_plain_here(local)?;
            (!std::thread::panicking()).then(|| Running::start_here(local, slot).into_outer())
        });
        let outer = match started {
            Some(outer) => outer,
            None if birth.is_untracked() => Cursor::NOWHERE,
            None => return EnteredOwned::special(birth),
        };
        let outer = outer.to_word();
        EnteredOwned { birth, outer }
    }
}

impl Stay {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(birth: &Birth) -> Self {
        if birth.is_untracked() {
            // Nothing is put back.
            return Stay {
                outer: Cursor::NOWHERE,
                was_panicking: false,
                carries: false,
            };
        }
        let started = local::with(|local| {
            let slot = birth.as_plain_here(local)?;
            Some(Running::start_call_here(local, slot))
        });
        let (outer, carries) = match started {
            Some(running) => (running.into_outer(), false),
            None => Self::begin_special(birth),
        };
        Stay {
            outer,
            was_panicking: std::thread::panicking(),
            carries,
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_special(birth: &Birth) -> (Cursor, bool) {
        match birth.status() {
            Status::Attached(attached) => {
                attached.wait_until_open();
                let outer = Running::start_call(attached.slot()).into_outer();
                (outer, attached.enter())
            }
            Status::Refused(task) => refuse(task.refusal().clone()),
            Status::Plain(slot) => (Running::start_call(slot).into_outer(), false),
            Status::Untracked => (Cursor::NOWHERE, false),
        }
    }

    /// The closure itself has panicked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn panicked(self) -> bool {
        self.into_leave().panicked()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_leave(self) -> Leave {
        Leave {
            was_panicking: self.was_panicking,
            carries: self.carries,
            ..Leave::ordinary(self.outer)
        }
    }

    /// Ends the stay. The task goes on to its end, or to the next call of its closure. Two words, which fit into
    /// registers.
    #[inline(never)]
    fn end(self, birth: &Birth) {
        self.into_leave().stop(birth);
    }
}

impl Drop for Entered<'_> {
    #[cfg_attr(not(debug_assertions), inline)]
    fn drop(&mut self) {
        match self.birth.as_plain() {
            Some(slot) if !self.stay.panicked() => {
                Running::resume(slot, self.stay.outer).stop(state::COMPLETED);
            }
            None if self.birth.is_untracked() => {}
            _ => self.stay.end(self.birth),
        }
    }
}

impl Drop for EnteredOwned {
    #[cfg_attr(not(debug_assertions), inline)]
    fn drop(&mut self) {
        let is_left = local::with(|local| {
            if self.birth.as_plain().is_some() {
                // SAFETY: the birth is not marked, so `outer` is the word of a cursor.
                let outer = unsafe { Cursor::from_word(self.outer) };
                return local.dropping.push_ordinary(self.birth.handle(), outer);
            }
            self.birth.is_untracked() && local.dropping.is_empty()
        });
        if is_left {
            return;
        }
        // By value, so that the guard need not be in memory.
        // SAFETY: dropped once, here; the other ways out leave the birth to the list or have none.
        let birth = unsafe { ManuallyDrop::take(&mut self.birth) };
        leave_special(birth, self.outer);
    }
}

impl EnteredOwned {
    /// Marks the birth, so that [`leave_special`] puts back what is more than the cursor.
    #[cold]
    #[inline(never)]
    fn special(birth: ManuallyDrop<Birth>) -> Self {
        let birth = ManuallyDrop::into_inner(birth);
        if let Status::Refused(task) = birth.status() {
            let refusal = task.refusal().clone();
            local::with(|local| local.dropping.push(birth.into_handle(), Leave::NOTHING));
            refuse(refusal);
        }
        let guest = birth.as_plain().filter(|_| !std::thread::panicking());
        let outer = match guest.and_then(|slot| local::with(|local| enter_guest(local, slot))) {
            Some(outer) => outer.to_word(),
            None => Box::into_raw(Box::new(Stay::begin(&birth).into_leave())).expose_provenance(),
        };
        EnteredOwned {
            birth: ManuallyDrop::new(birth.marked()),
            outer,
        }
    }
}

/// Ends the call of a closure that a hook has refused. The spawner is told by the callee's own means; see `refusal.rs`.
fn refuse(refusal: Refusal) -> ! {
    std::panic::resume_unwind(Box::new(refusal))
}

/// Enters the first closure on a thread that has nothing to do with us yet. If the thread was made for
/// it, it exits afterwards: so it only borrows a block, which spares it a destructor of thread-locals.
fn enter_guest(local: &Local, slot: TaskSlot) -> Option<Cursor> {
    let is_guest = !local.cursor.get().has_slot() && local.borrow_block();
    is_guest.then(|| Running::start_here(local, slot).into_outer())
}

/// Leaves the body of a closure on top of others that are being dropped, or whose birth is marked: then `outer` is
/// the cursor that [`enter_guest`] returned, which has no slot, or a [`Leave`] in a box.
#[cold]
#[inline(never)]
fn leave_special(birth: Birth, outer: usize) {
    let is_marked = birth.as_plain().is_none() && !birth.is_untracked();
    let leave = if is_marked && outer > index::MASK {
        let leave = core::ptr::with_exposed_provenance_mut::<Leave>(outer);
        // SAFETY: `special` has made the box, because the word of a cursor without a slot is smaller. It is taken apart
        // once, with the guard.
        *unsafe { Box::from_raw(leave) }
    } else {
        // SAFETY: in all other cases, `outer` is the word of a cursor.
        let before = unsafe { Cursor::from_word(outer) };
        Leave {
            is_guest: is_marked,
            ..Leave::ordinary(before)
        }
    };
    local::with(|local| local.dropping.push(birth.unmarked().into_handle(), leave));
}
