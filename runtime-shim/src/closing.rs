//! The end of a closure: its task goes on until all that the closure owns is dropped.
//!
//! A closure owns two handles of its task. It mentions the [`Opening`] before its body and the [`Closing`] behind
//! it, and compilers drop captures in the order in which they are mentioned first. So the drop of a closure has
//! three stages:
//!
//! 1. The opening, or the guard into which the body has turned it, puts the birth on the thread's list of
//!    closures that are being dropped. The task is, or becomes, the thread's current one.
//! 2. The captures of the user are dropped, in their order. Their destructors run in the task. They may drop
//!    other closures, which come and go on top of the list.
//! 3. The closing takes the birth from the list, ends the task and puts the thread back to where it stood.
//!
//! Each closure puts one birth on the list, also that of a task which is not recorded, and takes one off. So a
//! closing need not know whose it is, and takes no room in the closure.
//!
//! The birth has one owner at each stage, so memory is safe in whatever order a compiler drops captures. If a
//! closing came first, tasks of the thread would end at the wrong time. `tests/tests/closing.rs` would notice.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::ptr;

use crate::birth::{end_completed, Birth, Handle, Status};
use crate::enter::{Entered, EnteredOwned};
use crate::frame::Cursor;
use crate::local;
use crate::registry::slot::state;
use crate::running::{self, Running};

/// The handle that a closure drops first. It holds the task, which starts with the closure's body.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Opening(ManuallyDrop<Birth>);

/// The handle that a closure drops last. Its drop ends the task.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[derive(Debug)]
pub struct Closing(());

impl Birth {
    /// The two handles of a closure.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn closure(self) -> (Opening, Closing) {
        (Opening(ManuallyDrop::new(self)), Closing(()))
    }
}

impl Opening {
    /// Makes this the current task until the guard is dropped: for closures that may be called again.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    /// As [`Opening::enter`], for closures that are called once.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn enter_owned(self) -> EnteredOwned {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once, for `this` is not dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }.enter_owned()
    }
}

impl Drop for Opening {
    // Most openings are taken by the body.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        begin_drop(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

/// Begins the drop of what a task owns that was never called, or not to its end, or that may be called many times.
#[cold]
#[inline(never)]
pub(crate) fn begin_drop(birth: Birth) {
    let begun = match birth.status() {
        Status::Plain(slot) => Some((running::begin_drop(slot), false)),
        Status::Attached(attached) => Some(attached.begin_drop()),
        Status::Untracked | Status::Refused(_) => None,
    };
    let leave = begun.map_or(Leave::NOTHING, |(begun, carries)| Leave {
        outer: begun.outer,
        was_panicking: std::thread::panicking(),
        carries,
        is_guest: false,
        last: begun.before,
    });
    local::with(|local| local.dropping.push(birth, leave));
}

impl Closing {
    /// Mentions this behind the body of a closure that is called once, in code that is never reached.
    pub fn last_owned(self) -> ! {
        unreachable!("a body has one arm")
    }

    /// As [`Closing::last_owned`], in a closure that may be called again.
    pub fn last(&self) -> ! {
        unreachable!("a body has one arm")
    }

    /// Mentions this, so that a closure owns it.
    #[inline(always)]
    pub(crate) fn mention(&self) {}
}

impl Drop for Closing {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        let ended = local::with(|local| {
            let top = local.dropping.top.get();
            if let Some(slot) = top.as_plain() {
                if std::thread::panicking() {
                    return false;
                }
                local.dropping.top.set(Handle::NO_BIRTH);
                local.cursor.set(local.dropping.outer.get());
                end_completed(slot);
                return true;
            }
            if top.is_untracked() {
                local.dropping.top.set(Handle::NO_BIRTH);
            }
            top.is_untracked()
        });
        if !ended {
            end_drop();
        }
    }
}

/// Ends the drop that was begun last, and its task.
#[cold]
#[inline(never)]
pub(crate) fn end_drop() {
    if let Some((birth, leave)) = local::with(|local| local.dropping.pop()) {
        leave.end(birth);
    }
}

/// Where a thread stood before a closure, and how the closure's task ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    pub(crate) outer: Cursor,
    /// A closure may be called or dropped by a destructor while the thread unwinds for another reason.
    pub(crate) was_panicking: bool,
    /// What is attached to the birth was entered.
    pub(crate) carries: bool,
    /// The thread has borrowed its block for this closure.
    pub(crate) is_guest: bool,
    /// The state to end in, unless the closure or a destructor of what it owns has panicked.
    pub(crate) last: u64,
}

impl Leave {
    /// Of a task that is not recorded.
    pub(crate) const NOTHING: Leave = Leave::ordinary(Cursor::NOWHERE);

    /// Of a closure that was entered the short way.
    pub(crate) const fn ordinary(outer: Cursor) -> Self {
        Leave {
            outer,
            was_panicking: false,
            carries: false,
            is_guest: false,
            last: state::COMPLETED,
        }
    }

    fn panicked(self) -> bool {
        std::thread::panicking() && !self.was_panicking
    }

    /// Ends the task.
    fn end(self, birth: Birth) {
        match birth.as_plain() {
            Some(slot) if self.is_guest && !self.panicked() => {
                core::mem::forget(birth);
                local::with(|local| {
                    local.note_last(slot);
                    local.cursor.set(self.outer);
                    local.end_guest(slot);
                });
            }
            _ => {
                if let Some(slot) = birth.slot().filter(|_| !self.outer.has_slot()) {
                    local::with(|local| local.note_last(slot));
                }
                self.stop(&birth);
                drop(birth);
            }
        }
        if self.is_guest {
            local::with(|local| local.leave());
        }
    }

    fn stop(self, birth: &Birth) {
        if let Status::Attached(attached) = birth.status() {
            if self.carries {
                attached.leave();
            }
        }
        if let Some(slot) = birth.slot() {
            let last = if self.panicked() {
                state::PANICKED
            } else {
                self.last
            };
            Running::resume(slot, self.outer).stop(last);
        }
    }
}

/// The closures that are being dropped on a thread, the innermost one on top. More than one are there only if a
/// destructor of what a closure owns drops another closure.
pub(crate) struct Dropping {
    /// The handle of the birth on top, which this owns. It is plain or untracked if there is no more to it than
    /// `outer`, and nothing below it.
    top: Cell<Handle>,
    /// Where the thread stood before, if the handle is plain.
    outer: Cell<Cursor>,
    /// In use if the handle is another.
    leave: Cell<Leave>,
    /// Those below, each in a box of its own.
    below: Cell<*mut Below>,
}

/// What lies below the top.
struct Below {
    handle: Handle,
    leave: Leave,
    below: *mut Below,
}

impl Dropping {
    pub(crate) const fn new() -> Self {
        Dropping {
            top: Cell::new(Handle::NO_BIRTH),
            outer: Cell::new(Cursor::NOWHERE),
            leave: Cell::new(Leave::NOTHING),
            below: Cell::new(ptr::null_mut()),
        }
    }

    /// Puts the birth of a closure that was entered the short way, or is not recorded, on an empty list. Returns
    /// whether the list was empty; if not, nothing has happened.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn push_ordinary(&self, handle: Handle, outer: Cursor) -> bool {
        let is_empty = self.top.get() == Handle::NO_BIRTH;
        if is_empty {
            self.top.set(handle);
            self.outer.set(outer);
        }
        is_empty
    }

    pub(crate) fn push(&self, birth: Birth, leave: Leave) {
        let handle = self.top.replace(birth.marked().into_handle());
        if handle != Handle::NO_BIRTH {
            let below = Below {
                handle: handle.marked(),
                leave: match handle.as_plain() {
                    Some(_) => Leave::ordinary(self.outer.get()),
                    None => self.leave.get(),
                },
                below: self.below.get(),
            };
            self.below.set(Box::into_raw(Box::new(below)));
        }
        self.leave.set(leave);
    }

    /// Takes the birth on top.
    fn pop(&self) -> Option<(Birth, Leave)> {
        let top = self.top.replace(Handle::NO_BIRTH);
        if top == Handle::NO_BIRTH {
            return None;
        }
        let leave = match top.as_plain() {
            Some(_) => Leave::ordinary(self.outer.get()),
            None => self.leave.get(),
        };
        let below = self.below.replace(ptr::null_mut());
        if !below.is_null() {
            // SAFETY: `push` has made the box, and it is taken off the list once, here.
            let below = unsafe { Box::from_raw(below) };
            self.top.set(below.handle);
            self.leave.set(below.leave);
            self.below.set(below.below);
        }
        // SAFETY: the list has owned the birth, and does not any more.
        let birth = unsafe { Birth::from_handle(top.unmarked()) };
        Some((birth, leave))
    }
}
