//! How a closure enters its birth.

use core::marker::PhantomData;
use core::ptr;
use std::fmt;

use crate::birth::{Birth, Running, Status};
use crate::hook::Attached;
use crate::registry::slot::state;

/// The time in which a closure runs as its task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entered<'a> {
    _stay: Stay,
    _birth: PhantomData<&'a Birth>,
}

/// As [`Entered`], with the birth itself: when the closure is done, so is the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct EnteredOwned {
    // Declared first, dropped first: it may point into the birth.
    _stay: Stay,
    _birth: Birth,
}

/// Ends, in `drop`, what was begun when the closure was entered.
struct Stay {
    running: Option<Running>,
    /// What is attached to the birth, which outlives us; null if nothing is.
    attached: *const Attached,
    /// A closure may be called by a destructor while the thread unwinds for another reason.
    was_panicking: bool,
}

impl Birth {
    /// Makes this the current task until the guard is dropped.
    #[inline]
    pub fn enter(&self) -> Entered<'_> {
        Entered {
            _stay: Stay::begin(self),
            _birth: PhantomData,
        }
    }

    /// As [`Birth::enter`], for closures that call once and own their birth.
    #[inline]
    pub fn enter_owned(self) -> EnteredOwned {
        EnteredOwned {
            _stay: Stay::begin(&self),
            _birth: self,
        }
    }
}

impl Stay {
    #[inline]
    fn begin(birth: &Birth) -> Self {
        match birth.as_plain() {
            Some(slot) => Stay::new(Some(Running::start(slot)), ptr::null()),
            None => Self::begin_special(birth),
        }
    }

    #[cold]
    fn begin_special(birth: &Birth) -> Self {
        match birth.status() {
            Status::Attached(attached) => {
                attached.wait_until_open();
                let running = Running::start(attached.slot());
                let entered = attached.enter();
                Stay::new(Some(running), if entered { attached } else { ptr::null() })
            }
            // The spawner is told by the callee's own means; see `refusal.rs`.
            Status::Refused => std::panic::resume_unwind(Box::new("a hook refused this task")),
            Status::Plain(_) | Status::Untracked => Stay::new(None, ptr::null()),
        }
    }

    #[inline]
    fn new(running: Option<Running>, attached: *const Attached) -> Self {
        Stay {
            running,
            attached,
            was_panicking: std::thread::panicking(),
        }
    }
}

impl Drop for Stay {
    #[inline]
    fn drop(&mut self) {
        if !self.attached.is_null() {
            // SAFETY: it belongs to the birth, which the guard borrows or owns and drops later.
            unsafe { (*self.attached).leave() };
        }
        if let Some(running) = self.running.take() {
            let panicked = std::thread::panicking() && !self.was_panicking;
            running.stop(if panicked {
                state::PANICKED
            } else {
                state::COMPLETED
            });
        }
    }
}

impl fmt::Debug for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stay")
            .field("recorded", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
