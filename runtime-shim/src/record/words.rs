//! Values of the words of a slot that consist of several parts.
//!
//! Shifts and masks are here and nowhere else. `debug/birthmark.py` has the same layout.

use crate::platform::sync::atomic::{AtomicU64, Ordering};

/// Value of a task's word `status`.
///
/// | bits | part |
/// | --- | --- |
/// | 32–63 | tick of the last change |
/// | 28–31 | runtime flags at that time, which mean nothing here |
/// | 8–27 | one more than the index of the thread's state if the task runs, otherwise 0 |
/// | 0–7 | state |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(u64);

/// A [`Status`] without the tick. The thread is left out, unless the task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct CompactStatus(u32);

/// The lowest byte of [`Status`].
pub mod state {
    pub const SUSPENDED: u64 = 0;
    /// Never stored. Readers see it if a suspended task was not polled yet.
    pub const CREATED: u64 = 1;
    pub const RUNNING: u64 = 2;
    pub const COMPLETED: u64 = 3;
    pub const PANICKED: u64 = 4;
    pub const CANCELLED: u64 = 5;
    /// Never stored. Readers see it if a task was woken since its last poll began.
    pub const RUNNABLE: u64 = 6;
    /// Never stored. Readers see it if a task was not.
    pub const WAITING: u64 = 7;

    /// Returns the state that a poll leaves behind.
    pub(crate) fn after_poll(ready: bool) -> u64 {
        if ready {
            COMPLETED
        } else {
            SUSPENDED
        }
    }
}

const STATE_MASK: u64 = 0xff;
const TICKLESS: u64 = u32::MAX as u64;
const THREAD_SHIFT: u32 = 8;
const THREAD_MASK: u64 = 0x000f_ffff;

impl Status {
    /// A state without a tick and without a thread.
    #[inline(always)]
    pub(crate) const fn of(state: u64) -> Self {
        Status(state)
    }

    /// A task runs on the thread that has the state with this index. Without a tick.
    pub(crate) const fn running_on(thread: u32) -> Self {
        Status(state::RUNNING | (thread as u64 + 1) << THREAD_SHIFT)
    }

    /// Returns this status with a tick, in the upper half of a word.
    #[inline(always)]
    pub(crate) const fn at(self, tick: u64) -> Self {
        Status(self.0 | tick)
    }

    #[inline(always)]
    pub(super) const fn from_word(word: u64) -> Self {
        Status(word)
    }

    #[inline(always)]
    pub(super) const fn to_word(self) -> u64 {
        self.0
    }

    #[inline]
    pub const fn state(self) -> u64 {
        self.0 & STATE_MASK
    }

    /// Returns the status that readers see of a suspended task without a poll.
    #[inline]
    pub(super) const fn created(self) -> Self {
        Status(self.0 | state::CREATED)
    }

    #[inline]
    pub const fn has_ended(self) -> bool {
        matches!(
            self.state(),
            state::COMPLETED | state::PANICKED | state::CANCELLED
        )
    }

    /// Returns the status that readers see of a suspended task whose wakes are seen. `tick` is that of the wake.
    #[inline]
    pub const fn woken(self, tick: Option<u32>) -> Self {
        let status = self.0 & !STATE_MASK;
        match tick {
            None => Status(status | state::WAITING),
            Some(tick) => Status(status & TICKLESS | (tick as u64) << 32 | state::RUNNABLE),
        }
    }

    /// Returns the tick of the last change.
    #[inline]
    pub const fn tick(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Returns the index of the state of the thread that runs the task.
    #[inline]
    pub const fn thread_index(self) -> Option<u32> {
        self.compact().thread_index()
    }

    #[inline]
    pub const fn compact(self) -> CompactStatus {
        let kept = match self.state() {
            state::RUNNING | state::RUNNABLE | state::WAITING => {
                STATE_MASK | THREAD_MASK << THREAD_SHIFT
            }
            _ => STATE_MASK,
        };
        CompactStatus((self.0 & kept) as u32)
    }
}

impl CompactStatus {
    #[inline]
    pub const fn state(self) -> u64 {
        self.0 as u64 & STATE_MASK
    }

    /// Returns the index of the state of the thread that runs the task.
    #[inline]
    pub const fn thread_index(self) -> Option<u32> {
        (self.0 >> THREAD_SHIFT).checked_sub(1)
    }

    /// Returns the status as a number below 2³².
    #[inline]
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

/// Value of the word `polls`. In a task, it has flags and the number of polls. In a name, it has flags and the lengths
/// of the name, of its labels and of the text of its locals.
///
/// | bits | part in a task | part in a name |
/// | --- | --- | --- |
/// | 48–63 | number of polls, with the next rows | length of the text of the locals in bytes |
/// | 32–47 | | length of the labels in bytes |
/// | 16–31 | | length of the name in bytes |
/// | 0–15 | flags | flags |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct PollWord(u64);

/// Flags of a [`PollWord`].
pub mod flag {
    /// Kind of the task, as far as it was known at its spawn.
    pub const KIND_MASK: u64 = 0xf;
    /// The task is a root.
    pub const ROOT: u64 = 0x10;
    /// Name: it was longer than `MAX_NAME_LEN`.
    pub const CUT: u64 = 0x20;
    /// Name: a hook set it.
    pub const BY_HOOK: u64 = 0x40;
    /// A hook delays the task.
    pub const DELAYED: u64 = 0x80;
    /// The task has ended, and others descend from it.
    pub const ENDED: u64 = 0x100;
    /// Name: the node has labels, and no name. Children inherit the name of a node above.
    pub const NAMELESS: u64 = 0x200;
    /// Name: the node has labels.
    pub const LABELED: u64 = 0x400;
    /// A pool keeps the task for later work. The task is also a root.
    pub const POOLED: u64 = 0x800;
    /// The task is a closure that was called by reference, so several threads may run it at once. A name for a while
    /// belongs to one call, and is in the state of the thread that runs the call.
    pub const CALLED: u64 = 0x1000;
    /// The thread of the task blocks on a future, and does not poll it now.
    pub const BLOCKED: u64 = 0x2000;
    /// Name: the task has locals. The first word of the text is then the address of their values.
    pub const LOCALS: u64 = 0x4000;
    /// Never stored. Readers see it if a suspended task has no waker left.
    pub const NO_WAKER: u64 = 0x8000;
}

const FLAG_MASK: u64 = 0xffff;
/// One poll. The number of polls begins at this bit, and so does the length of a name.
pub(super) const ONE_POLL: u64 = 1 << 16;
const NAME_LEN_SHIFT: u32 = 16;
const LABELS_LEN_SHIFT: u32 = 32;
const LOCALS_LEN_SHIFT: u32 = 48;

/// Lengths of the parts of a name node's text, in bytes and in the order of the parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextLengths {
    pub name: usize,
    pub labels: usize,
    pub locals: usize,
}

impl PollWord {
    /// A task without a poll.
    #[inline(always)]
    pub(crate) const fn of_task(flags: u64) -> Self {
        PollWord(flags)
    }

    /// A task with this number of polls.
    #[cfg(not(loom))]
    pub(super) const fn of_polls(flags: u64, polls: u32) -> Self {
        PollWord(flags | (polls as u64) << ONE_POLL.trailing_zeros())
    }

    /// A name node with a text of these lengths.
    pub(super) const fn of_name(flags: u64, lengths: TextLengths) -> Self {
        let TextLengths {
            name,
            labels,
            locals,
        } = lengths;
        PollWord(
            flags
                | (name as u64) << NAME_LEN_SHIFT
                | (labels as u64) << LABELS_LEN_SHIFT
                | (locals as u64) << LOCALS_LEN_SHIFT,
        )
    }

    #[inline(always)]
    pub(super) const fn from_word(word: u64) -> Self {
        PollWord(word)
    }

    #[inline(always)]
    pub(super) const fn to_word(self) -> u64 {
        self.0
    }

    #[inline]
    pub const fn flags(self) -> u64 {
        self.0 & FLAG_MASK
    }

    #[inline(always)]
    pub(super) const fn with_flags(self, flags: u64) -> Self {
        PollWord(self.0 | flags)
    }

    pub(super) const fn with_kind(self, kind: u64) -> Self {
        PollWord(self.0 & !flag::KIND_MASK | kind)
    }

    /// Counts one poll more.
    #[inline(always)]
    pub(super) const fn next_poll(self) -> Self {
        PollWord(self.0.wrapping_add(ONE_POLL))
    }

    /// Returns the number of polls, which wraps around at 2³².
    #[inline]
    pub const fn polls(self) -> u32 {
        (self.0 >> ONE_POLL.trailing_zeros()) as u32
    }

    /// Returns the lengths of the text of a name node.
    pub(super) fn lengths(self) -> TextLengths {
        let length = |shift: u32| usize::from((self.0 >> shift) as u16);
        TextLengths {
            name: length(NAME_LEN_SHIFT),
            labels: length(LABELS_LEN_SHIFT),
            locals: length(LOCALS_LEN_SHIFT),
        }
    }
}

/// Value of the word `refs`.
///
/// | bits | part |
/// | --- | --- |
/// | 32–63 | number of ancestors that were taken out above the node |
/// | 31 | the task has a name, for which one of the references is |
/// | 30 | several threads have run the task at once |
/// | 29 | wakers of the task may be out at its end |
/// | 0–28 | number of references |
///
/// A live task without a name, nodes below, and anything else out of the ordinary has the value 1. So an end needs one
/// comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct RefWord(u64);

const AWAKABLE: u64 = 1 << 29;
const SHARED: u64 = 1 << 30;
const NAMED: u64 = 1 << 31;
const CUT_SHIFT: u32 = 32;
const MAX_CUT: u64 = u32::MAX as u64;

impl RefWord {
    #[inline(always)]
    pub(super) const fn from_word(word: u64) -> Self {
        RefWord(word)
    }

    /// Returns `true` if there is one reference, and nothing else in the word.
    #[inline(always)]
    pub const fn is_alone(self) -> bool {
        self.0 == 1
    }

    /// Returns the number of references.
    #[inline]
    pub const fn count(self) -> u64 {
        self.0 & (AWAKABLE - 1)
    }

    #[inline]
    pub const fn is_shared(self) -> bool {
        self.0 & SHARED != 0
    }

    #[inline]
    pub const fn is_named(self) -> bool {
        self.0 & NAMED != 0
    }

    #[inline]
    pub const fn cut_ancestors(self) -> u64 {
        self.0 >> CUT_SHIFT
    }
}

/// The word `refs` of a slot, which several threads change at once.
#[cfg_attr(not(loom), repr(transparent))]
pub(super) struct Refs(AtomicU64);

impl Refs {
    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Refs(AtomicU64::new(0))
    }

    #[inline(always)]
    pub(super) fn load(&self, order: Ordering) -> RefWord {
        RefWord::from_word(self.0.load(order))
    }

    /// One reference, and nothing else.
    #[inline(always)]
    pub(super) fn reset(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn add(&self, count: u32) {
        self.0.fetch_add(u64::from(count), Ordering::Relaxed);
    }

    /// Gives references back. Returns the number before.
    #[inline]
    pub(super) fn sub(&self, count: u32) -> u64 {
        let before = self.0.fetch_sub(u64::from(count), Ordering::Release);
        RefWord(before).count()
    }

    pub(super) fn set_shared(&self) {
        self.0.fetch_or(SHARED, Ordering::AcqRel);
    }

    /// Makes the end of the task look for wakers.
    pub(super) fn set_awakable(&self) {
        if self.0.load(Ordering::Relaxed) & AWAKABLE == 0 {
            self.0.fetch_or(AWAKABLE, Ordering::Relaxed);
        }
    }

    /// Adds the reference of a name to its task.
    pub(super) fn add_named(&self) {
        self.add(1);
        self.0.fetch_or(NAMED, Ordering::Relaxed);
    }

    pub(super) fn clear_named(&self) {
        self.0.fetch_and(!NAMED, Ordering::Relaxed);
    }

    /// Counts ancestors that were taken out above the node. The count saturates.
    pub(super) fn add_cut_ancestors(&self, more: u64) {
        let room = MAX_CUT - self.load(Ordering::Relaxed).cut_ancestors();
        self.0
            .fetch_add(more.min(room) << CUT_SHIFT, Ordering::Relaxed);
    }

    /// The word as text, in a slot that continues a name.
    pub(super) fn as_text(&self) -> &AtomicU64 {
        &self.0
    }
}
