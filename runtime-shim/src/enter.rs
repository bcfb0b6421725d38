//! How a closure enters its birth.

use core::mem::ManuallyDrop;

use crate::birth::{Birth, Status};
use crate::frame::Cursor;
use crate::local::{self, Local};
use crate::registry::slot::state;
use crate::running::Running;

/// The time in which a closure runs as its task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entered<'a> {
    birth: &'a Birth,
    stay: Stay,
}

/// As [`Entered`], with the birth itself: when the closure is done, so is the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct EnteredOwned {
    birth: ManuallyDrop<Birth>,
    /// Where the thread stood before; or, if the birth is marked, what [`Stay::pack`] made of it.
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
    /// The thread has its block for this stay only: an OS thread that exits afterwards is spared what
    /// a destructor of a thread-local costs.
    leaves: bool,
}

impl Birth {
    /// Makes this the current task until the guard is dropped.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn enter(&self) -> Entered<'_> {
        Entered {
            birth: self,
            stay: Stay::begin(self),
        }
    }

    /// As [`Birth::enter`], for closures that are called once and own their birth.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn enter_owned(self) -> EnteredOwned {
        let birth = ManuallyDrop::new(self);
        if let Some(slot) = birth.as_plain() {
            if !std::thread::panicking() {
                if let Some(running) = Running::start_fast(slot) {
                    let outer = running.into_outer().to_word();
                    return EnteredOwned { birth, outer };
                }
            }
        } else if birth.is_untracked() {
            let outer = Cursor::NOWHERE.to_word();
            return EnteredOwned { birth, outer };
        }
        EnteredOwned::special(birth)
    }
}

impl Stay {
    /// Nothing is put back: the task is not recorded.
    const NONE: Stay = Stay {
        outer: Cursor::NOWHERE,
        was_panicking: false,
        carries: false,
        leaves: false,
    };

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(birth: &Birth) -> Self {
        if birth.is_untracked() {
            return Stay::NONE;
        }
        let (outer, carries) = match birth.as_plain().and_then(Running::start_fast) {
            Some(running) => (running.into_outer(), false),
            None => Self::begin_special(birth),
        };
        Stay {
            outer,
            was_panicking: std::thread::panicking(),
            carries,
            leaves: false,
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_special(birth: &Birth) -> (Cursor, bool) {
        match birth.status() {
            Status::Attached(attached) => {
                attached.wait_until_open();
                let outer = Running::start(attached.slot()).into_outer();
                (outer, attached.enter())
            }
            // The spawner is told by the callee's own means; see `refusal.rs`.
            Status::Refused(_) => std::panic::resume_unwind(Box::new("a hook refused this task")),
            Status::Plain(slot) => (Running::start(slot).into_outer(), false),
            Status::Untracked => (Cursor::NOWHERE, false),
        }
    }

    /// In one word. Where the thread was in a task, that takes an allocation.
    fn pack(self) -> usize {
        if self.outer.has_slot() {
            return Box::into_raw(Box::new(self)).expose_provenance();
        }
        let bit = |flag: bool, bit: u32| usize::from(flag) << bit;
        let flags = bit(self.was_panicking, 6) | bit(self.carries, 7) | bit(self.leaves, 8);
        self.outer.to_word() | flags
    }

    /// # Safety
    ///
    /// The word came from [`Stay::pack`], and is unpacked once.
    unsafe fn unpack(packed: usize) -> Self {
        if packed >= 1 << 9 {
            let stay = core::ptr::with_exposed_provenance_mut(packed);
            // SAFETY: what is no set of flags is the box that `pack` made, by the contract.
            return *unsafe { Box::from_raw(stay) };
        }
        let flag = |bit: u32| packed >> bit & 1 != 0;
        Stay {
            outer: Cursor::from_word(packed & 0x3f),
            was_panicking: flag(6),
            carries: flag(7),
            leaves: flag(8),
        }
    }

    /// Whether the closure itself has panicked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn panicked(self) -> bool {
        std::thread::panicking() && !self.was_panicking
    }

    /// Ends the stay. The task goes on to its end, or to the next call of its closure.
    #[inline(never)]
    fn end(self, birth: &Birth) {
        if let Status::Attached(attached) = birth.status() {
            if self.carries {
                attached.leave();
            }
        }
        if let Some(slot) = birth.slot() {
            let last = if self.panicked() {
                state::PANICKED
            } else {
                state::COMPLETED
            };
            Running::resume(slot, self.outer).stop(last);
        }
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
        if let Some(slot) = self.birth.as_plain() {
            if !std::thread::panicking() {
                return Running::resume(slot, Cursor::from_word(self.outer)).complete();
            }
        } else if self.birth.is_untracked() {
            return;
        }
        // By value, so that the guard need not be in memory.
        // SAFETY: dropped once, here; the other ways out have no birth to drop.
        let birth = unsafe { ManuallyDrop::take(&mut self.birth) };
        end_special(birth, self.outer);
    }
}

impl EnteredOwned {
    #[cold]
    #[inline(never)]
    fn special(birth: ManuallyDrop<Birth>) -> Self {
        // Until nothing can unwind any more.
        let birth = ManuallyDrop::into_inner(birth);
        let leaves = birth.as_plain().is_some() && local::with(Local::borrow_block);
        let stay = Stay {
            leaves,
            ..Stay::begin(&birth)
        };
        EnteredOwned {
            birth: ManuallyDrop::new(birth.marked()),
            outer: stay.pack(),
        }
    }
}

/// Ends a closure that has panicked, or whose birth is marked because there is more to put back than
/// the scope.
#[cold]
#[inline(never)]
fn end_special(birth: Birth, outer: usize) {
    let (birth, stay) = match birth.as_plain() {
        Some(_) => (
            birth,
            Stay {
                outer: Cursor::from_word(outer),
                ..Stay::NONE
            },
        ),
        // SAFETY: births are marked by `special`, which has packed the stay.
        None => (birth.unmarked(), unsafe { Stay::unpack(outer) }),
    };
    match birth.as_plain() {
        Some(slot) if !stay.panicked() => {
            std::mem::forget(birth);
            Running::resume(slot, stay.outer).complete();
        }
        _ => {
            stay.end(&birth);
            drop(birth);
        }
    }
    if stay.leaves {
        local::with(Local::leave);
    }
}
