//! The list of the closures that a thread is dropping.

use core::cell::Cell;
use core::ptr;

use crate::record::frames::Cursor;
use crate::record::words::state;
use crate::thread::raw_handle::RawHandle;

/// Where a thread stood before a closure, and how the closure's task ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    pub(crate) outer: Cursor,
    /// A closure may be called or dropped by a destructor while the thread unwinds for another reason.
    pub(crate) was_panicking: bool,
    /// `true` if hooks have attached something, and it was entered.
    pub(crate) carries: bool,
    /// The thread has borrowed its state for this closure.
    pub(crate) is_transient: bool,
    /// The state to end in, unless the closure or a destructor of what it owns has panicked.
    pub(crate) last: u64,
}

impl Leave {
    /// Of a task that is not recorded.
    pub(crate) const NOTHING: Leave = Leave::ordinary(Cursor::NOWHERE);

    /// Of a closure that was entered on the fast path.
    pub(crate) const fn ordinary(outer: Cursor) -> Self {
        Leave {
            outer,
            was_panicking: false,
            carries: false,
            is_transient: false,
            last: state::COMPLETED,
        }
    }

    #[inline(always)]
    pub(crate) fn panicked(self) -> bool {
        std::thread::panicking() && !self.was_panicking
    }
}

/// The closures that are being dropped on a thread, the innermost one on top. More than one are there only if a
/// destructor of what a closure owns drops another closure.
pub(crate) struct Dropping {
    /// The handle on top, which this owns. It is plain if there is no more to it than `outer`, and nothing below it.
    /// [`Handle::NO_TASK`] if the list is empty.
    pub(crate) top: Cell<RawHandle>,
    /// Where the thread stood before, if the handle is plain.
    pub(crate) outer: Cell<Cursor>,
    /// In use if the handle is another.
    leave: Cell<Leave>,
    /// The handles below, each in a box of its own.
    below: Cell<*mut Below>,
}

/// A handle below the top.
struct Below {
    raw: RawHandle,
    leave: Leave,
    below: *mut Below,
}

impl Dropping {
    pub(crate) const fn new() -> Self {
        Dropping {
            top: Cell::new(RawHandle::NO_TASK),
            outer: Cell::new(Cursor::NOWHERE),
            leave: Cell::new(Leave::NOTHING),
            below: Cell::new(ptr::null_mut()),
        }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.top.get() == RawHandle::NO_TASK
    }

    /// Puts the handle of a closure that was entered on the fast path on an empty list. Returns `true` if the list was
    /// empty; if not, nothing has happened.
    #[inline(always)]
    pub(crate) fn push_ordinary(&self, raw: RawHandle, outer: Cursor) -> bool {
        let is_empty = self.is_empty();
        if is_empty {
            self.top.set(raw);
            self.outer.set(outer);
        }
        is_empty
    }

    /// Puts a handle on top, which the list owns then.
    pub(crate) fn push(&self, new: RawHandle, leave: Leave) {
        let raw = self.top.replace(new.with_slow_path());
        if raw != RawHandle::NO_TASK {
            let below = Below {
                raw: raw.with_slow_path(),
                leave: match raw.as_plain() {
                    Some(_) => Leave::ordinary(self.outer.get()),
                    None => self.leave.get(),
                },
                below: self.below.get(),
            };
            self.below.set(Box::into_raw(Box::new(below)));
        }
        self.leave.set(leave);
    }

    /// Takes the handle on top, which the caller owns then.
    pub(crate) fn pop(&self) -> Option<(RawHandle, Leave)> {
        let top = self.top.replace(RawHandle::NO_TASK);
        if top == RawHandle::NO_TASK {
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
            self.top.set(below.raw);
            self.leave.set(below.leave);
            self.below.set(below.below);
        }
        Some((top.without_slow_path(), leave))
    }
}
