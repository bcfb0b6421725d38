//! A slot: the 64 bytes in which a task, or a name, is recorded.
//!
//! Slots live at stable addresses in memory that is never unmapped, so a reader with a pointer to one may read it at any
//! time. The content is only meaningful while [`Slot::id`] stays the same.
//!
//! | word | task | name | continued name | free |
//! | --- | --- | --- | --- | --- |
//! | 0 | id, never reused | id, top bit set | the name's id, second bit set | 0 |
//! | 1 | tick of the last change, modes, thread, state | text | text | |
//! | 2 | site | text | text | |
//! | 3 | node it was born under | task it belongs to | text | next free slot |
//! | 4 | node its children are born under, and whether calls have names | continued in | text | the slot itself, or next batch |
//! | 5 | references, ancestors cut | the same | text | 1 |
//! | 6 | flags, polls | flags, lengths | text | |
//! | 7 | generation, tick of birth | generation | continued in | |
//!
//! A *node* is a task or a name. `set_name` does not write into the task: it puts a name node
//! between the task and the children that it will have from now on. So a name costs nothing to
//! inherit, what a child inherited stays what it was, and lineage shows every ancestor under the
//! name that it had when it spawned.
//!
//! Labels are in such nodes as well: the text is the name, then the labels as `context/label/set.rs` encodes
//! them. A node with labels has all that hold from there on, a node without them none of its own.

use crate::platform::sync::atomic::{AtomicU64, Ordering};

/// Words of text in a name node itself, and in each slot that continues it.
pub const NAME_WORDS: usize = 2;
pub const CONTINUED_WORDS: usize = 6;

/// Set in the id of a name node, and of each slot that continues its text.
pub const NAME_BIT: u64 = 1 << 63;

/// Set in the id of a slot that continues the text of a name node. All other words of such a slot are text, so
/// [`Record::read`](super::read::Record::read) refuses it: a link in it could be any number.
pub const TEXT_BIT: u64 = 1 << 62;

/// One unit in the upper half of a word.
const UPPER: u64 = 1 << 32;

/// Bits of `refs`: the count, then a bit for a task that several threads have run at once, then a bit for a name.
///
/// One comparison tells that a task has neither descendants nor anything of that.
pub(crate) const REFS: u64 = SHARED - 1;
pub(crate) const SHARED: u64 = 1 << 30;
pub(crate) const NAMED: u64 = 1 << 31;

/// Set in `scope` if a name for a while was given to a single call of the task. So the word is not the address of a node
/// in stock, and births take the long way. The long way finds out whether the present call has a name.
const BY_CALL: u64 = 1;

#[cfg_attr(not(loom), repr(C, align(64)))]
pub struct Slot {
    pub id: AtomicU64,
    pub(crate) status: AtomicU64,
    pub(crate) site: AtomicU64,
    pub(crate) parent: Link,
    pub(crate) scope: Link,
    pub(crate) refs: AtomicU64,
    pub(crate) polls: AtomicU64,
    pub(crate) born: AtomicU64,
    /// loom's atomics do not fit 64 bytes, so an index cannot be computed from the address there.
    #[cfg(loom)]
    pub(crate) index: u32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 64 && align_of::<Slot>() == 64);

/// The lowest byte of `status`.
pub mod state {
    pub const SUSPENDED: u64 = 0;
    /// Never stored: readers see it where a suspended task has not been polled.
    pub const CREATED: u64 = 1;
    pub const RUNNING: u64 = 2;
    pub const COMPLETED: u64 = 3;
    pub const PANICKED: u64 = 4;
    pub const CANCELLED: u64 = 5;
    pub const MASK: u64 = 0xff;
    /// Above the state: one more than the index of the block of the thread that runs the task, 0 if it
    /// has none. Above the thread: the modes at the time, which mean nothing here.
    pub const THREAD_SHIFT: u32 = 8;
    pub const THREAD_MASK: u64 = 0x001f_ffff;

    /// What a poll leaves behind.
    pub(crate) fn after_poll(ready: bool) -> u64 {
        if ready {
            COMPLETED
        } else {
            SUSPENDED
        }
    }
}

/// The lowest bits of `polls`.
pub mod flag {
    pub const MASK: u64 = 0xffff;
    /// Above the flags: how often the task was polled, or how long the name is, in as many bits.
    pub const COUNT_SHIFT: u32 = 16;
    pub const COUNT_ONE: u64 = 1 << COUNT_SHIFT;
    /// Above the length of the name: that of the labels.
    pub const LABELS_SHIFT: u32 = 32;

    /// The lowest bits: the task's kind, as far as it was found at its birth.
    pub const KIND_MASK: u64 = 0xf;
    pub const ROOT: u64 = 0x10;
    /// On a name: it was longer than `MAX_NAME_LEN`.
    pub const CUT: u64 = 0x20;
    /// On a name: a hook gave it.
    pub const BY_HOOK: u64 = 0x40;
    /// A hook holds the task back.
    pub const DELAYED: u64 = 0x80;
    /// The task has ended, and others descend from it.
    pub const ENDED: u64 = 0x100;
    /// On a name: it is none. The node is there for its labels, and the name is what is inherited.
    pub const NAMELESS: u64 = 0x200;
    /// On a name: with labels.
    pub const LABELED: u64 = 0x400;
    /// A pool keeps the task for whoever comes next. The task is a root, too.
    pub const POOLED: u64 = 0x800;
    /// The task is a closure that was called by reference, so that several threads may run it at once. A name for a
    /// while belongs to a call of it, and is in the block of the thread that runs the call.
    pub const CALLED: u64 = 0x1000;
}

impl Slot {
    #[cfg(loom)]
    pub(crate) fn new(index: u32) -> Self {
        let word = || AtomicU64::new(0);
        let link = || Link(AtomicU64::new(0));
        Slot {
            id: word(),
            status: word(),
            site: word(),
            parent: link(),
            scope: link(),
            refs: word(),
            polls: word(),
            born: word(),
            index,
        }
    }

    #[inline]
    pub(crate) fn is_name(&self) -> bool {
        self.id.load(Ordering::Relaxed) & NAME_BIT != 0
    }

    /// Whether it is a name node with a name, rather than with labels only.
    pub(crate) fn has_name(&self) -> bool {
        self.is_name() && self.flags() & flag::NAMELESS == 0
    }

    /// Whether it is a name node with labels.
    pub(crate) fn has_labels(&self) -> bool {
        self.is_name() && self.flags() & flag::LABELED != 0
    }

    /// References that keep the slot from being reused: one of the live task itself, one of each
    /// child, and those that threads hold in stock.
    #[inline]
    pub(crate) fn refs(&self, order: Ordering) -> u64 {
        self.refs.load(order) & REFS
    }

    pub(crate) fn cut_ancestors(&self) -> u64 {
        self.refs.load(Ordering::Relaxed) >> 32
    }

    /// Counts ancestors that were taken out above this node. Saturates rather than spill over.
    pub(crate) fn add_cut_ancestors(&self, more: u64) {
        let room = (UPPER - 1) - self.cut_ancestors();
        self.refs.fetch_add(more.min(room) << 32, Ordering::Relaxed);
    }

    pub(crate) fn set_flags(&self, flags: u64) {
        self.polls.fetch_or(flags, Ordering::Relaxed);
    }

    pub(crate) fn clear_flags(&self, flags: u64) {
        self.polls.fetch_and(!flags, Ordering::Relaxed);
    }

    pub(crate) fn flags(&self) -> u64 {
        self.polls.load(Ordering::Relaxed) & flag::MASK
    }

    /// The node under which children of a task are born, unless the present call has a name.
    pub(crate) fn own_scope(&self, order: Ordering) -> *const Slot {
        node_of_scope(self.scope.word().load(order))
    }

    /// Puts another node in the place of a task's scope.
    pub(crate) fn replace_scope(&self, node: &'static Slot) -> Option<&'static Slot> {
        let word = self.scope.word();
        let new = core::ptr::from_ref(node).expose_provenance() as u64;
        let mut old = word.load(Ordering::Relaxed);
        // Another thread may set `BY_CALL` meanwhile.
        while let Err(now) = word.compare_exchange_weak(
            old,
            new | old & BY_CALL,
            Ordering::AcqRel,
            Ordering::Relaxed,
        ) {
            old = now;
        }
        // SAFETY: null or a slot, as every scope; slots are never unmapped.
        unsafe { node_of_scope(old).as_ref() }
    }

    /// Makes births in a task take the long way, which finds out whether the present call has a name.
    pub(crate) fn look_for_call_names(&self) {
        self.scope.word().fetch_or(BY_CALL, Ordering::Relaxed);
    }

    /// Makes a task its own scope again. Returns the node that was there.
    pub(crate) fn reset_scope(&'static self) -> Option<&'static Slot> {
        let own = core::ptr::from_ref(self).expose_provenance() as u64;
        let old = self.scope.word().swap(own, Ordering::AcqRel);
        // SAFETY: null or a slot, as every scope; slots are never unmapped.
        unsafe { node_of_scope(old).as_ref() }
    }

    #[inline]
    pub fn state(&self) -> u64 {
        self.status.load(Ordering::Relaxed) & state::MASK
    }
}

/// The node that the scope of a task links to.
pub(crate) fn node_of_scope(word: u64) -> *const Slot {
    core::ptr::with_exposed_provenance((word & !BY_CALL) as usize)
}

/// The words of a continued name that hold text.
pub(crate) fn continued_words(slot: &Slot) -> [&AtomicU64; CONTINUED_WORDS] {
    [
        &slot.status,
        &slot.site,
        slot.parent.word(),
        slot.scope.word(),
        &slot.refs,
        &slot.polls,
    ]
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Slot")
            .field("id", &self.id.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}

/// A pointer to a slot, kept as a 64-bit word on every platform so that the layout is one.
#[cfg_attr(not(loom), repr(transparent))]
pub(crate) struct Link(AtomicU64);

impl Link {
    /// The slot that is linked to. For those who hold a reference to the slot that the link stands
    /// in; others read [`Link::word`], prove it, and only then decode it.
    #[inline]
    pub(crate) fn get(&self) -> Option<&'static Slot> {
        // SAFETY: the caller's reference keeps the slot from being reused, so that the word was
        // written by `set` or `swap`.
        unsafe { Self::decode(self.0.load(Ordering::Relaxed)) }
    }

    /// As [`Link::get`], null for none.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *const Slot {
        core::ptr::with_exposed_provenance(self.0.load(Ordering::Relaxed) as usize)
    }

    #[inline]
    pub(crate) fn set(&self, slot: Option<&'static Slot>) {
        self.0.store(Self::encode(slot), Ordering::Relaxed);
    }

    /// Links to a slot by its address, or to none if it is null.
    #[inline(always)]
    pub(crate) fn set_ptr(&self, slot: *const Slot) {
        self.0
            .store(slot.expose_provenance() as u64, Ordering::Relaxed);
    }

    pub(crate) fn swap(&self, slot: Option<&'static Slot>) -> Option<&'static Slot> {
        let old = self.0.swap(Self::encode(slot), Ordering::AcqRel);
        // SAFETY: as in `get`.
        unsafe { Self::decode(old) }
    }

    /// The word itself: for readers that hold no reference, and for slots that keep text here.
    #[inline]
    pub(crate) fn word(&self) -> &AtomicU64 {
        &self.0
    }

    #[inline]
    fn encode(slot: Option<&'static Slot>) -> u64 {
        slot.map_or(0, |slot| {
            core::ptr::from_ref(slot).expose_provenance() as u64
        })
    }

    /// # Safety
    ///
    /// `word` came from [`Link::encode`]: it was read from a slot that was a live node at the time.
    #[inline]
    pub(crate) unsafe fn decode(word: u64) -> Option<&'static Slot> {
        let slot = core::ptr::with_exposed_provenance::<Slot>(word as usize);
        // SAFETY: by the contract the word is that of a slot, and slots are never unmapped.
        unsafe { slot.as_ref() }
    }
}
