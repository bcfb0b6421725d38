//! How a closure enters its birth.

use core::mem::ManuallyDrop;
use core::ptr;

use crate::birth::{Birth, Status};
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
    stay: Stay,
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
        EnteredOwned {
            stay: Stay::begin(&self),
            birth: ManuallyDrop::new(self),
        }
    }
}

impl Stay {
    /// Nothing is put back: the task is not recorded.
    const NONE: Stay = Stay {
        outer: ptr::null(),
        was_panicking: false,
        carries: false,
    };

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(birth: &Birth) -> Self {
        let (outer, carries) = match birth.as_plain() {
            Some(slot) => (Running::start(slot).into_outer(), false),
            None if birth.is_untracked() => return Stay::NONE,
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
    fn begin_special(birth: &Birth) -> (*const Slot, bool) {
        match birth.status() {
            Status::Attached(attached) => {
                attached.wait_until_open();
                let outer = Running::start(attached.slot()).into_outer();
                (outer, attached.enter())
            }
            // The spawner is told by the callee's own means; see `refusal.rs`.
            Status::Refused(_) => std::panic::resume_unwind(Box::new("a hook refused this task")),
            Status::Plain(_) | Status::Untracked => (ptr::null(), false),
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
        if self.birth.is_untracked() {
            return;
        }
        match self.birth.as_plain() {
            Some(slot) if !self.stay.panicked() => {
                Running::resume(slot, self.stay.outer).complete();
            }
            _ => self.drop_special(),
        }
    }
}

impl EnteredOwned {
    #[cold]
    fn drop_special(&mut self) {
        self.stay.end(&self.birth);
        // SAFETY: dropped here, once, by `drop`; the other way out has ended the task itself.
        unsafe { ManuallyDrop::drop(&mut self.birth) };
    }
}
