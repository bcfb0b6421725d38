//! The frames that a thread is inside of and that are not in a record.

use core::ops::Range;
use core::ptr;

use super::cursor::{Cursor, Registered, LEVELS};
use super::{entry_of, index, outer_of, site_of};
use crate::platform::sync::atomic::{AtomicU64, Ordering};
use crate::types::frame_site::FrameSite;

/// The shadow stack of a thread, and its cursor. The thread writes, and other threads read.
///
/// Levels from the [level](Cursor::level) of the cursor on have no meaning.
#[derive(Debug)]
pub struct ShadowStack {
    cursor: AtomicU64,
    /// One more than the lowest level whose frame was recorded by a frame inside of it, until the thread has left that
    /// level. 0 if there is none.
    recorded_from: AtomicU64,
    levels: [AtomicU64; LEVELS],
}

/// One level: the address of a frame's site. In the lowest six bits is the frame's index in the record, 0 if it has none.
/// Above the address are the flags of [`Registered::at`].
///
/// With [`Level::TASK`] in the lowest bits, it is no frame: from the next level on, the frames are those of another task.
/// The other bits are those of the cursor that the thread had in the outer task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(u64);

/// Bit at which the flags begin.
const FLAGS_SHIFT: u32 = 48;

impl Level {
    const TASK: usize = index::MASK;

    fn task(outer: Cursor) -> Self {
        Level(outer.to_word() | Self::TASK as u64)
    }

    pub(crate) fn is_task(self) -> bool {
        self.index() == Self::TASK
    }

    /// A frame at an index of the record, inside of `outer`. `base` is the lowest level of the task.
    #[inline]
    pub(crate) fn recorded(
        site: &'static FrameSite,
        index: usize,
        outer: usize,
        base: usize,
    ) -> Self {
        let flags = Registered::flags(base, index == outer + 1);
        Level(entry_of(site, index) | flags << FLAGS_SHIFT)
    }

    /// Returns the index in the record, 0 for none.
    #[inline]
    pub(crate) fn index(self) -> usize {
        outer_of(self.0)
    }

    /// Returns the site of a frame. A reader on another thread may also find a level that was never pushed, or one that
    /// separates two tasks. Both have no site.
    pub(crate) fn site(self) -> Option<&'static FrameSite> {
        let address = self.site_address()? as usize;
        // SAFETY: a level that separates no tasks is zero, or `ShadowStack::push` and `Level::recorded` have made it of
        // a static site. A level is one atomic word, so a reader sees one of these values.
        unsafe { ptr::with_exposed_provenance::<FrameSite>(address).as_ref() }
    }

    /// Returns the address of the site of a frame, which is 0 in a level that was never pushed.
    pub(super) fn site_address(self) -> Option<u64> {
        let address = site_of(self.0 << (64 - FLAGS_SHIFT) >> (64 - FLAGS_SHIFT));
        (!self.is_task()).then_some(address as u64)
    }

    /// Returns the cursor in the outer task, from a level that separates two tasks.
    fn outer_cursor(self) -> Option<Cursor> {
        // SAFETY: `Level::task` has made it of the word of a cursor, and has set bits below the address.
        self.is_task().then(|| unsafe { Cursor::from_word(self.0) })
    }

    /// Returns the lowest level of the task of a recorded frame.
    pub(crate) fn base(self) -> usize {
        Registered::base(self.0 >> FLAGS_SHIFT)
    }

    /// Returns what the future of a recorded frame keeps.
    #[inline]
    pub(crate) fn registered(self, outer: Cursor) -> Registered {
        Registered::at(outer, self.index(), self.0 >> FLAGS_SHIFT)
    }
}

/// The cursor.
impl ShadowStack {
    /// Where the cursor is, in bytes from the start.
    pub(crate) const CURSOR: usize = core::mem::offset_of!(Self, cursor);
    /// Where the levels are, in bytes from the start.
    pub(crate) const LEVELS: usize = core::mem::offset_of!(Self, levels);

    pub(crate) const fn new() -> Self {
        ShadowStack {
            cursor: AtomicU64::new(Cursor::UNKNOWN.to_word()),
            recorded_from: AtomicU64::new(0),
            levels: [const { AtomicU64::new(0) }; LEVELS],
        }
    }

    /// Returns a copy of a shadow stack in another memory. Missing levels were never pushed.
    ///
    /// # Safety
    ///
    /// The caller compares cursors and reads addresses of sites, and follows neither.
    pub(super) unsafe fn of_words(cursor: u64, levels: &[u64]) -> Self {
        let copy = Self::new();
        copy.cursor.store(cursor, Ordering::Relaxed);
        for (to, level) in copy.levels.iter().zip(levels) {
            to.store(*level, Ordering::Relaxed);
        }
        copy
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Cursor {
        // SAFETY: `set` and `new` store the words of cursors.
        unsafe { Cursor::from_word(self.cursor.load(Ordering::Relaxed)) }
    }

    #[inline(always)]
    pub(crate) fn set(&self, cursor: Cursor) {
        self.cursor.store(cursor.to_word(), Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn replace(&self, cursor: Cursor) -> Cursor {
        let before = self.get();
        self.set(cursor);
        before
    }
}

/// The levels.
impl ShadowStack {
    /// Moves the thread into a frame if frames are recorded at the cursor, which is the thread's.
    #[inline(always)]
    pub(crate) fn enter(&self, outer: Cursor, site: &'static FrameSite) {
        if self.push(outer, site) {
            self.set(outer.deeper());
        }
    }

    /// Pushes a frame if frames are recorded at the cursor. Returns `true` if they are. One comparison covers both that
    /// and the room.
    #[inline(always)]
    pub(crate) fn push(&self, outer: Cursor, site: &'static FrameSite) -> bool {
        let level = self.levels.get(usize::from(outer.level_and_flags()));
        if let Some(level) = level {
            level.store(site.address() as u64, Ordering::Relaxed);
        }
        level.is_some()
    }

    /// Pushes a level above which the frames are those of a task that runs within `outer`.
    pub(crate) fn push_task(&self, outer: Cursor) {
        self.set_level(outer.level(), Level::task(outer));
    }

    pub(crate) fn set_level(&self, at: usize, level: Level) {
        self.levels[at].store(level.0, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn level(&self, at: usize) -> Level {
        Level(self.levels[at].load(Ordering::Relaxed))
    }

    /// Returns the index of the frame around a level, and the lowest level of its task. Returns `None` if the frame around
    /// is not recorded.
    pub(crate) fn around(&self, outer: Cursor, level: usize) -> Option<(usize, usize)> {
        let Some(below) = level.checked_sub(1).map(|below| self.level(below)) else {
            return Some((outer.index(), 0));
        };
        match below.index() {
            Level::TASK => Some((outer.index(), level)),
            0 => None,
            index => Some((index, below.base())),
        }
    }

    /// Returns the cursor at which the thread is, or was, in the task of a cursor, and the levels of the task's frames.
    pub(super) fn of_task(&self, task: Cursor) -> Option<(Cursor, Range<usize>)> {
        let mut cursor = self.get();
        let mut end = cursor.level_or_full();
        loop {
            // Each level is read once, because its thread may be writing it.
            let outer = |at| Some((at, self.level(at).outer_cursor()?));
            let outer = (0..end).rev().find_map(outer);
            if cursor.is_same_task(task) {
                let start = outer.map_or(0, |(at, _)| at + 1);
                return Some((cursor, start..end));
            }
            (end, cursor) = outer?;
        }
    }
}

/// Frames on the stack that were recorded by a frame inside of them, which their futures do not know yet.
impl ShadowStack {
    /// Returns `true` if there may be such frames.
    #[inline(always)]
    pub(crate) fn has_recorded(&self) -> bool {
        self.recorded_from.load(Ordering::Relaxed) != 0
    }

    /// Notes that the frames from a level on were recorded.
    pub(crate) fn note_recorded(&self, from: usize) {
        if !self.has_recorded() {
            self.recorded_from.store(from as u64 + 1, Ordering::Relaxed);
        }
    }

    /// Notes that the thread has left a level.
    pub(crate) fn leave_level(&self, level: usize) {
        if self.recorded_from.load(Ordering::Relaxed) > level as u64 {
            self.recorded_from.store(0, Ordering::Relaxed);
        }
    }
}
