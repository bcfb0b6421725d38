//! How a closure enters its birth.

use core::mem::ManuallyDrop;
use core::ptr;

use crate::birth::{Birth, Status};
use crate::local::{self, Local};
use crate::registry::slot::{state, Slot};
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
    /// The scope of the thread before; or, if the birth is marked, what [`Stay::pack`] made of it.
    outer: *const Slot,
}

/// What must be put back when the closure is done.
#[derive(Clone, Copy, Debug)]
struct Stay {
    /// The scope of the thread before.
    outer: *const Slot,
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
                    let outer = running.into_outer();
                    return EnteredOwned { birth, outer };
                }
            }
        } else if birth.is_untracked() {
            let outer = ptr::null();
            return EnteredOwned { birth, outer };
        }
        EnteredOwned::special(birth)
    }
}

impl Stay {
    /// Nothing is put back: the task is not recorded.
    const NONE: Stay = Stay {
        outer: ptr::null(),
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
    fn begin_special(birth: &Birth) -> (*const Slot, bool) {
        match birth.status() {
            Status::Attached(attached) => {
                attached.wait_until_open();
                let outer = Running::start(attached.slot()).into_outer();
                (outer, attached.enter())
            }
            // The spawner is told by the callee's own means; see `refusal.rs`.
            Status::Refused(_) => std::panic::resume_unwind(Box::new("a hook refused this task")),
            Status::Plain(slot) => (Running::start(slot).into_outer(), false),
            Status::Untracked => (ptr::null(), false),
        }
    }

    /// In one word: the flags take the bits that a slot's alignment leaves free.
    fn pack(self) -> *const Slot {
        let bit = |flag: bool, bit: u32| usize::from(flag) << bit;
        let bits = bit(self.was_panicking, 0) | bit(self.carries, 1) | bit(self.leaves, 2);
        self.outer.map_addr(|outer| outer | bits)
    }

    fn unpack(packed: *const Slot) -> Self {
        let flag = |bit: u32| packed.addr() >> bit & 1 != 0;
        Stay {
            outer: packed.map_addr(|address| address & !0b111),
            was_panicking: flag(0),
            carries: flag(1),
            leaves: flag(2),
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
                return Running::resume(slot, self.outer).complete();
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
fn end_special(birth: Birth, outer: *const Slot) {
    let (birth, stay) = match birth.as_plain() {
        Some(_) => (
            birth,
            Stay {
                outer,
                ..Stay::NONE
            },
        ),
        None => (birth.unmarked(), Stay::unpack(outer)),
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
