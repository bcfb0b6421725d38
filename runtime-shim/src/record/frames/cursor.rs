//! Where a thread stands: in which task, and in which frame of it.

use crate::record::slot::{Slot, TaskSlot};

/// The address of the current task's slot, and in the low bits the index of the innermost frame.
///
/// Without a slot it is one of the constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Cursor(usize);

/// Meaning of the low bits, of which a slot leaves six free. 0 is the task itself, in no frame of it.
pub mod index {
    /// Frames that have room have the indices from 1 to this.
    pub const LAST: usize = 14;
    /// Index where code runs that is not the task's. The code may spawn under the task, but has no frames. So no frame has the index
    /// that follows.
    pub const MUTED: usize = 32;
    pub const MASK: usize = 63;
    /// A bit that is in no index. It is set while a name of the present call of the task is in force.
    pub(super) const NAMED: usize = 16;
    /// The bits of the index alone.
    pub(super) const OWN: usize = MASK & !NAMED;
    /// In a frame for which there is no room. There are two such, so that another one inside is not the same.
    const BEYOND: usize = 44;
    /// The index that follows any frame's is one of the same slot. The next slot may be in memory that is not mapped.
    const _: () = assert!(BEYOND | 1 | NAMED < MASK && BEYOND & (1 | NAMED) == 0 && LAST < NAMED);
    pub(super) const UNKNOWN: usize = 60;
    pub(super) const BORROWED: usize = 62;

    pub fn is_beyond(index: usize) -> bool {
        index >= BEYOND
    }

    /// The index of a frame without room inside of `outer`.
    pub fn beyond(outer: usize) -> usize {
        BEYOND | !outer & 1
    }
}

impl Cursor {
    /// In no task.
    pub const NOWHERE: Cursor = Cursor(0);
    /// In no task, on a thread that may turn out to be the main one.
    pub const UNKNOWN: Cursor = Cursor(index::UNKNOWN);
    /// In no task of this thread: it works on behalf of a task that waits on another thread.
    pub const BORROWED: Cursor = Cursor(index::BORROWED);

    #[inline(always)]
    pub(crate) fn task(task: TaskSlot) -> Self {
        Cursor(core::ptr::from_ref(task.slot()).expose_provenance())
    }

    #[inline(always)]
    pub fn to_word(self) -> usize {
        self.0
    }

    /// Returns the cursor that [`Cursor::to_word`] was called on.
    ///
    /// # Safety
    ///
    /// The word is the result of that function.
    #[inline(always)]
    pub(crate) unsafe fn from_word(word: usize) -> Self {
        Cursor(word)
    }

    /// Returns `true` if the cursor has no slot, and a word is as small as if it were one. One test.
    #[inline(always)]
    pub(crate) fn has_no_slot_nor(self, word: usize) -> bool {
        self.0 | word <= index::MASK
    }

    /// Returns the same task, in the frame of the index that follows.
    #[inline(always)]
    pub fn next(self) -> Self {
        Cursor(self.0 + 1)
    }

    /// Returns the same task, in another frame.
    pub fn with_index(self, index: usize) -> Self {
        Cursor(self.0 & !index::OWN | index)
    }

    /// Returns the same task, where no frame is recorded.
    #[inline(always)]
    pub fn muted(self) -> Self {
        match self.has_slot() {
            true => Cursor(self.0 & !index::OWN | index::MUTED),
            false => self,
        }
    }

    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 & index::OWN
    }

    /// Returns this place, under a name of the present call of the task.
    pub(crate) fn named(self) -> Self {
        debug_assert!(self.has_slot());
        Cursor(self.0 | index::NAMED)
    }

    /// Returns `true` if a name of the present call of the task is in force.
    pub(crate) fn is_named(self) -> bool {
        self.has_slot() && self.0 & index::NAMED != 0
    }

    #[inline(always)]
    pub fn has_slot(self) -> bool {
        self.0 > index::MASK
    }

    /// Returns the slot, which contains the task as long as the thread runs it.
    #[inline(always)]
    pub fn slot(self) -> Option<&'static Slot> {
        if !self.has_slot() {
            return None;
        }
        let slot = core::ptr::with_exposed_provenance::<Slot>(self.0 & !index::MASK);
        // SAFETY: the address in a cursor comes from `task`, whatever became of the bits below it, and slots
        // are never unmapped.
        Some(unsafe { &*slot })
    }

    /// Returns `true` if what is entered there is recorded.
    pub fn records(self) -> bool {
        self.has_slot() && self.index() != index::MUTED
    }
}

/// A cursor, and above it the lowest bits of the task's id.
///
/// The bits tell it from a cursor in a later task of the same slot, unless a multiple of 65,536 tasks were spawned in
/// between. Then a frame of the earlier task may be missing from the later one, or stand where it stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaggedCursor(u64);

/// Where the id begins.
const ID_SHIFT: u32 = 48;

impl TaggedCursor {
    /// In no task.
    pub(crate) const NOWHERE: TaggedCursor = TaggedCursor(0);

    /// Returns `true` if places in a slot at this address are what they say.
    pub(crate) fn can_hold(address: usize) -> bool {
        address as u64 >> ID_SHIFT == 0
    }

    #[inline(always)]
    pub(crate) fn of(cursor: Cursor) -> Self {
        match cursor.slot() {
            Some(slot) => Self::within(slot.id(), cursor),
            None => TaggedCursor(cursor.0 as u64),
        }
    }

    /// As [`TaggedCursor::of`], of a cursor in the task with this id.
    #[inline(always)]
    pub(crate) fn within(id: u64, cursor: Cursor) -> Self {
        TaggedCursor(id << ID_SHIFT | cursor.0 as u64)
    }

    /// Where frames are recorded, the cursor that [`TaggedCursor::of`] was called on.
    #[inline(always)]
    pub(crate) fn cursor(self) -> Cursor {
        Cursor((self.0 << (64 - ID_SHIFT) >> (64 - ID_SHIFT)) as usize)
    }

    #[inline(always)]
    pub(crate) fn is_same_task(self, other: TaggedCursor) -> bool {
        self.0 ^ other.0 <= index::MASK as u64
    }
}
