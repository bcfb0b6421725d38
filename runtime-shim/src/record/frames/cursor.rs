//! Where a thread stands: in which task, in which recorded frame of it, and below how many that are not recorded.

use crate::record::slot::{Slot, TaskSlot};

/// One word.
///
/// | bits | part |
/// | --- | --- |
/// | 55–63 | lowest bits of the task's id |
/// | 13–54 | address of the task's slot, without its six lowest bits; 0 without a task |
/// | 12 | a name of the present call of the task is in force |
/// | 8–11 | index of the innermost recorded frame, 0 for the task itself |
/// | 7 | muted: no frame is recorded here |
/// | 6 | full: the shadow stack has no room |
/// | 0–5 | level: number of frames on the [shadow stack](super::ShadowStack) of the thread |
///
/// Pushing a frame on the shadow stack adds one. The highest level carries into the bit above it.
///
/// The bits of the id distinguish a later task in the same slot, unless a multiple of 512 tasks were spawned in between.
/// Then a future that moved from one of the two tasks to the other may keep the frame's old place in a dump. Memory stays
/// safe, because slots are never unmapped, and records of frames consist of addresses of static sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Cursor(u64);

/// The bits of a cursor.
mod bits {
    pub(super) const LEVEL: u64 = 63;
    pub(super) const FULL: u64 = 64;
    pub(super) const MUTED: u64 = 128;
    pub(super) const ONE_INDEX: u64 = 1 << 8;
    pub(super) const INDEX_SHIFT: u32 = 8;
    pub(super) const INDEX: u64 = 15 << INDEX_SHIFT;
    pub(super) const NAMED: u64 = 1 << 12;
    /// The address is a multiple of 64.
    pub(super) const ADDRESS_SHIFT: u32 = 13 - 6;
    pub(super) const ID_SHIFT: u32 = 55;
    /// All but the task.
    pub(super) const PLACE: u64 = (1 << 13) - 1;
}

/// Levels for which there is room.
pub const LEVELS: usize = bits::LEVEL as usize + 1;

/// Meaning of the index. 0 is the task itself, in no frame of it.
pub mod index {
    /// Frames that have room have the indices from 1 to this.
    pub const LAST: usize = 14;
    /// Frames for which there is no room in the record.
    pub const BEYOND: usize = 15;
    pub const MASK: usize = 63;

    pub fn is_beyond(index: usize) -> bool {
        index >= BEYOND
    }
}

impl Cursor {
    /// In no task.
    pub const NOWHERE: Cursor = Cursor(bits::MUTED);
    /// In no task, on a thread that may turn out to be the main one.
    pub const UNKNOWN: Cursor = Cursor(bits::MUTED | bits::ONE_INDEX);
    /// In no task of this thread: it works on behalf of a task that waits on another thread.
    pub const BORROWED: Cursor = Cursor(bits::MUTED | bits::INDEX);

    #[inline(always)]
    pub(crate) fn task(task: TaskSlot) -> Self {
        Self::of_slot(task.slot())
    }

    /// As [`Cursor::task`], of whatever task is in a slot.
    #[inline(always)]
    pub(super) fn of_slot(slot: &'static Slot) -> Self {
        let address = core::ptr::from_ref(slot).expose_provenance() as u64;
        Self::of_task(slot.id(), address)
    }

    /// As [`Cursor::task`], of the task with this id in the slot at an address, perhaps in another memory.
    #[inline(always)]
    pub(super) fn of_task(id: u64, slot: u64) -> Self {
        Cursor(id << bits::ID_SHIFT | slot << bits::ADDRESS_SHIFT)
    }

    /// Returns `true` if a slot at this address has cursors.
    pub(crate) fn can_hold(address: usize) -> bool {
        address as u64 >> 48 == 0
    }

    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        self.0
    }

    /// Returns the cursor that [`Cursor::to_word`] was called on.
    ///
    /// # Safety
    ///
    /// The word is the result of that function, perhaps with other bits below the address.
    #[inline(always)]
    pub(crate) unsafe fn from_word(word: u64) -> Self {
        Cursor(word)
    }

    /// Returns `true` if the cursor has no slot, and a word is as small as if it were one. One test.
    #[inline(always)]
    pub(crate) fn has_no_slot_nor(self, word: u64) -> bool {
        self.0 | word <= bits::PLACE
    }

    /// Returns the same task, in the recorded frame of the index that follows.
    #[inline(always)]
    pub fn next(self) -> Self {
        Cursor(self.0 + bits::ONE_INDEX)
    }

    /// Returns the cursor below one frame more on the shadow stack.
    #[inline(always)]
    pub fn deeper(self) -> Self {
        Cursor(self.0 + 1)
    }

    /// Returns the level of a cursor where frames are recorded.
    #[inline(always)]
    pub fn level(self) -> usize {
        (self.0 & bits::LEVEL) as usize
    }

    #[inline(always)]
    pub(super) fn level_and_flags(self) -> u8 {
        self.0 as u8
    }

    /// Returns the level, which is the number of levels if there is no room for more.
    pub(crate) fn level_or_full(self) -> usize {
        ((self.0 & (bits::LEVEL | bits::FULL)) as usize).min(LEVELS)
    }

    /// Returns `true` if no frames are on the shadow stack.
    #[inline(always)]
    pub fn is_at_bottom(self) -> bool {
        self.0 & (bits::LEVEL | bits::FULL) == 0
    }

    /// Returns this cursor at another's level.
    #[inline]
    pub fn at_level_of(self, other: Cursor) -> Self {
        const ALL: u64 = bits::LEVEL | bits::FULL;
        Cursor(self.0 & !ALL | other.0 & ALL)
    }

    /// Returns the same task, where no frame is recorded.
    #[inline(always)]
    pub fn muted(self) -> Self {
        Cursor(self.0 | bits::MUTED)
    }

    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 >> bits::INDEX_SHIFT & 15) as usize
    }

    /// Returns this place, under a name of the present call of the task.
    pub(crate) fn named(self) -> Self {
        debug_assert!(self.has_slot());
        Cursor(self.0 | bits::NAMED)
    }

    /// Returns `true` if a name of the present call of the task is in force.
    pub(crate) fn is_named(self) -> bool {
        self.0 & bits::NAMED != 0
    }

    /// Returns `true` if the thread works on behalf of a task that waits on another thread.
    pub(crate) fn is_borrowed(self) -> bool {
        self.at_level_of(Self::BORROWED) == Self::BORROWED
    }

    /// Returns `true` if the thread may turn out to be the main one.
    pub(crate) fn is_unknown(self) -> bool {
        self == Self::UNKNOWN
    }

    #[inline(always)]
    pub fn has_slot(self) -> bool {
        self.0 > bits::PLACE
    }

    #[inline(always)]
    pub fn slot(self) -> Option<&'static Slot> {
        if !self.has_slot() {
            return None;
        }
        let address =
            (self.0 << (64 - bits::ID_SHIFT)) >> (64 - bits::ID_SHIFT + bits::ADDRESS_SHIFT);
        let slot = core::ptr::with_exposed_provenance::<Slot>(address as usize & !index::MASK);
        // SAFETY: the address in a cursor comes from `task`, whatever became of the bits below it, and slots
        // are never unmapped.
        Some(unsafe { &*slot })
    }

    /// Returns the slot, if frames are recorded at the cursor and none is on the shadow stack. One test.
    #[inline(always)]
    pub(crate) fn slot_at_bottom(self) -> Option<&'static Slot> {
        if self.level_and_flags() != 0 {
            return None;
        }
        debug_assert!(self.has_slot());
        // SAFETY: the cursors without a slot are `NOWHERE`, `UNKNOWN` and `BORROWED`, which are muted. Muting is never
        // undone but by another cursor.
        Some(unsafe { self.slot().unwrap_unchecked() })
    }

    /// Returns `true` if what is entered there is recorded.
    #[inline(always)]
    pub fn records(self) -> bool {
        self.0 & (bits::FULL | bits::MUTED) == 0
    }

    /// Returns `true` if the code that runs is not the task's, or belongs to none.
    pub(crate) fn is_muted(self) -> bool {
        self.0 & bits::MUTED != 0
    }

    /// Returns `true` if the task is the one in a slot now.
    pub(crate) fn is_in(self, slot: &'static Slot) -> bool {
        self.is_same_task(Self::of_slot(slot))
    }

    /// Returns `true` if both are in the same task.
    #[inline(always)]
    pub(crate) fn is_same_task(self, other: Cursor) -> bool {
        self.0 ^ other.0 <= bits::PLACE
    }
}

/// The word in the future of a recorded frame: the cursor that the next poll is expected to have inside of the frame.
///
/// The poll has that cursor if the outer frame is the same as before, and all frames around are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registered(u64);

impl Registered {
    /// The frame is not recorded.
    pub(crate) const NOWHERE: Registered = Registered(0);

    /// The frame has the index that follows its outer frame's, and all frames around are recorded.
    #[inline(always)]
    pub(crate) fn next_to(outer: Cursor) -> Self {
        Registered(outer.next().0)
    }

    /// The frame has an index in the task of `outer`, and these [flags](Registered::flags).
    #[inline]
    pub(super) fn at(outer: Cursor, index: usize, flags: u64) -> Self {
        let task = outer.0 & !(bits::PLACE & !bits::NAMED);
        Registered(task | (index as u64) << bits::INDEX_SHIFT | flags)
    }

    /// Returns the flags of a frame of a task whose lowest level is `base`. Without `is_next`, the index does not follow
    /// the outer frame's, and the frame is equal to no cursor: frames are recorded only at cursors that are not muted.
    pub(super) fn flags(base: usize, is_next: bool) -> u64 {
        base as u64 | if is_next { 0 } else { bits::MUTED }
    }

    /// Returns the lowest level of the task from flags.
    pub(super) fn base(flags: u64) -> usize {
        (flags & bits::LEVEL) as usize
    }

    #[inline(always)]
    pub(crate) fn is_at(self, cursor: Cursor) -> bool {
        self.0 == cursor.0
    }

    /// Returns the cursor inside of the frame.
    pub(crate) fn cursor(self) -> Cursor {
        Cursor(self.0 & !bits::MUTED)
    }
}
