//! A slot: the 64 bytes in which a task, or a name, is recorded.
//!
//! Slots are at stable addresses in memory that is never unmapped. A reader with a pointer to a slot may therefore read
//! it at any time. The content has a meaning only while the id stays the same; `read.rs` is the reader.
//!
//! | word | task | name | continued name | free |
//! | --- | --- | --- | --- | --- |
//! | 0 `id` | id, never reused | id, top bit set | the name's id, second bit set | 0 |
//! | 1 `status` | [`Status`] | text, or the values of locals | text | |
//! | 2 `site` | address of the site | text | text | |
//! | 3 `parent` | node that spawned it | task that has the name | text | next free slot |
//! | 4 `spawn_parent` | parent of its future children | first continuation | text | the slot itself, or the next batch |
//! | 5 `refs` | [`RefWord`] | [`RefWord`] | text | 1 |
//! | 6 `polls` | [`PollWord`]: flags, polls | [`PollWord`]: flags, lengths | text | |
//! | 7 `spawned` | tick of the spawn, generation | generation | next continuation | |
//!
//! A *node* is a task or a name. `set_name` does not write into the task: a new name node comes between the task and its
//! future children. So inheritance of a name costs nothing, a child keeps what it has inherited, and lineage shows each
//! ancestor under the name that it had when it spawned.
//!
//! Labels are in name nodes as well. The text of a node is the name, followed by the labels as
//! `context/label/set.rs` encodes them. A node with labels has all labels that are in effect from there on.
//!
//! Locals are in name nodes, too. Each task with locals has a name node of its own, which counts their values. The text
//! of locals follows the labels. Children get the values at their spawn, which is therefore on the slow path.
//!
//! # Types of slots
//!
//! A plain `&'static Slot` may contain anything. Its methods read single words and follow no link, so they are right for
//! any content. [`TaskSlot`], [`NameSlot`], [`NodeSlot`] and [`TextSlot`] know what their slot contains, and follow links.
//! They are made in this folder. Each is valid until its slot is freed.
//!
//! Reading through them is safe, because the functions that may free a slot are unsafe: `ThreadCache::end`,
//! `ThreadCache::release` and their kin. Their callers give up a reference, and use no copy of the value afterwards.
//! The references are these:
//!
//! - A live task has one to itself. The owner of its handle gives it up at the task's end.
//! - Each node has one to the node above, which therefore stays valid as long as the node below.
//! - A thread that reads a node without a reference publishes it in a hazard pointer (`shared.rs`).

use core::{fmt, hint, ptr};

use super::words::{flag, state, PollWord, RefWord, Refs, Status, ONE_POLL};
use crate::platform::sync::atomic::{AtomicU64, Ordering};
use crate::types::site::Site;

/// Set in the id of a name node, and of each slot that continues its text.
const NAME_BIT: u64 = 1 << 63;

/// Set in the id of a slot that continues the text of a name node.
const TEXT_BIT: u64 = 1 << 62;

/// Words of text in a name node, and in each slot that continues it. The first one may be that of locals.
pub(super) const NAME_WORDS: usize = 2;
pub(super) const CONTINUED_WORDS: usize = 6;

/// Set in `spawn_parent` if a name for a while was given to a single call of the task, or if the task has locals. The
/// word is then no address that a thread's cache has references to, so spawns take the slow path. The slow path finds
/// the name of the call, and gives locals to the child.
const SLOW_SPAWNS: u64 = 1;

#[cfg_attr(not(loom), repr(C, align(64)))]
pub struct Slot {
    pub(super) id: AtomicU64,
    pub(super) status: AtomicU64,
    pub(super) site: AtomicU64,
    pub(super) parent: Link,
    pub(super) spawn_parent: Link,
    pub(super) refs: Refs,
    pub(super) polls: AtomicU64,
    pub(super) spawned: AtomicU64,
    /// loom's atomics do not fit into 64 bytes, so an index cannot be computed from the address there.
    #[cfg(loom)]
    pub(super) index: u32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 64 && align_of::<Slot>() == 64);

/// Contents of a slot by its id.
pub(super) enum Content {
    Free,
    Task,
    Name,
    Text,
}

impl Content {
    #[inline(always)]
    pub(super) fn of(id: u64) -> Self {
        match id {
            0 => Content::Free,
            _ if id & TEXT_BIT != 0 => Content::Text,
            _ if id & NAME_BIT != 0 => Content::Name,
            _ => Content::Task,
        }
    }
}

/// Returns the id of the name node with this number.
pub(super) fn id_of_name(number: u64) -> u64 {
    NAME_BIT | number
}

/// Returns `true` if a record with this id is a name node.
#[inline(always)]
pub(super) fn is_name(id: u64) -> bool {
    id & NAME_BIT != 0
}

/// Returns `true` if a slot with this id contains a task.
#[inline(always)]
pub(super) fn is_task(id: u64) -> bool {
    (1..TEXT_BIT).contains(&id)
}

/// Returns the id of the slots that continue a name.
pub(super) fn id_of_continuation(name: u64) -> u64 {
    name | TEXT_BIT
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
            spawn_parent: link(),
            refs: Refs::new(),
            polls: word(),
            spawned: word(),
            index,
        }
    }

    /// Returns the id, or 0 if the slot is free.
    #[inline(always)]
    pub fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    /// Returns the status word, which is meaningless if the slot contains no task.
    #[inline(always)]
    pub fn status(&self) -> Status {
        Status::from_word(self.status.load(Ordering::Relaxed))
    }

    /// Returns the words that contain text if the slot continues a name.
    pub(super) fn text_words(&self) -> [&AtomicU64; CONTINUED_WORDS] {
        [
            &self.status,
            &self.site,
            &self.parent.0,
            &self.spawn_parent.0,
            self.refs.as_text(),
            &self.polls,
        ]
    }

    /// Returns `true` if the slot contained a live task when it was read.
    #[inline]
    pub fn has_live_task(&self) -> bool {
        is_task(self.id()) && !self.status().has_ended()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Declares types of slots with known content.
macro_rules! typed_slots {
    ($($(#[$attribute:meta])* $name:ident;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name(&'static Slot);

        impl $name {
            /// # Safety
            ///
            /// The slot contains this, and stays valid as the module's documentation says.
            #[inline(always)]
            pub(super) unsafe fn new(slot: &'static Slot) -> Self {
                $name(slot)
            }

            #[inline(always)]
            pub fn slot(self) -> &'static Slot {
                self.0
            }

            #[inline(always)]
            pub fn id(self) -> u64 {
                self.0.id()
            }
        }

        impl PartialEq for $name {
            #[inline(always)]
            fn eq(&self, other: &Self) -> bool {
                ptr::eq(self.0, other.0)
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.id()).finish()
            }
        }
    )*};
}

typed_slots! {
    /// The slot of a task.
    TaskSlot;
    /// The slot of a name node.
    NameSlot;
    /// The slot of a task or of a name node.
    NodeSlot;
    /// A slot that continues the text of a name node.
    TextSlot;
    /// A slot without content. One thread, or one list of the arena, owns it.
    FreeSlot;
}

impl From<TaskSlot> for NodeSlot {
    #[inline(always)]
    fn from(task: TaskSlot) -> Self {
        NodeSlot(task.0)
    }
}

impl From<NameSlot> for NodeSlot {
    #[inline(always)]
    fn from(name: NameSlot) -> Self {
        NodeSlot(name.0)
    }
}

impl NodeSlot {
    #[inline]
    pub fn is_name(self) -> bool {
        is_name(self.id())
    }

    #[inline]
    pub(crate) fn as_name(self) -> Option<NameSlot> {
        self.is_name().then_some(NameSlot(self.0))
    }

    #[inline]
    pub(crate) fn as_task(self) -> Option<TaskSlot> {
        (!self.is_name()).then_some(TaskSlot(self.0))
    }

    /// Returns the node above.
    #[inline(always)]
    pub(crate) fn parent(self) -> Option<NodeSlot> {
        // SAFETY: the word `parent` of a task and of a name is a link to a node. The reference to it is this node's.
        unsafe { Some(NodeSlot::new(self.0.parent.get()?)) }
    }

    pub(super) fn set_parent(self, parent: Option<NodeSlot>) {
        self.0.parent.set(parent.map(NodeSlot::slot));
    }

    /// Returns the number of references.
    pub(super) fn ref_count(self, order: Ordering) -> u64 {
        self.0.refs.load(order).count()
    }

    #[inline]
    pub(super) fn flags(self) -> u64 {
        self.0.poll_word().flags()
    }
}

impl NameSlot {
    /// Returns `true` if the node has a name, and not only labels.
    pub(super) fn has_name(self) -> bool {
        NodeSlot::from(self).flags() & flag::NAMELESS == 0
    }

    pub(super) fn has_labels(self) -> bool {
        NodeSlot::from(self).flags() & flag::LABELED != 0
    }

    /// Returns `true` if the task has locals.
    #[inline]
    pub(crate) fn has_locals(self) -> bool {
        NodeSlot::from(self).flags() & flag::LOCALS != 0
    }

    /// Returns the address of the values of locals, or 0 if there are none any more.
    #[inline]
    pub(super) fn locals_word(self) -> u64 {
        match self.has_locals() {
            true => self.0.status.load(Ordering::Acquire),
            false => 0,
        }
    }

    /// Takes the address of the values of locals out of the node.
    pub(super) fn take_locals_word(self) -> u64 {
        match self.has_locals() {
            true => self.0.status.swap(0, Ordering::AcqRel),
            false => 0,
        }
    }

    /// Returns the task that has the name.
    pub(crate) fn task(self) -> Option<TaskSlot> {
        NodeSlot::from(self).parent()?.as_task()
    }

    /// Returns the slot that continues the text.
    pub(super) fn continuation(self) -> Option<TextSlot> {
        // SAFETY: this word of a name is a link to a continuation, which is freed with the name.
        unsafe { Some(TextSlot::new(self.0.spawn_parent.get()?)) }
    }
}

impl TextSlot {
    /// Returns the slot that follows.
    pub(super) fn continuation(self) -> Option<TextSlot> {
        // SAFETY: the last word of a continuation is a link to the next one, which is freed with it.
        unsafe {
            Some(TextSlot::new(Link::decode(
                self.0.spawned.load(Ordering::Relaxed),
            )?))
        }
    }

    pub(super) fn set_continuation(self, next: Option<TextSlot>) {
        let next = Link::encode(next.map(TextSlot::slot));
        self.0.spawned.store(next, Ordering::Relaxed);
    }
}

impl TaskSlot {
    #[inline(always)]
    pub(crate) fn as_ptr(self) -> *const () {
        ptr::from_ref(self.0).cast()
    }

    /// Returns the slot that [`TaskSlot::as_ptr`] was called on. The compiler learns that it is not null. Otherwise it
    /// would test for null in a test for `None`.
    ///
    /// # Safety
    ///
    /// The pointer is the result of that function, and the slot is still valid.
    #[inline(always)]
    pub(crate) unsafe fn from_ptr(slot: *const ()) -> Self {
        // SAFETY: by the contract. Slots are never unmapped.
        unsafe {
            hint::assert_unchecked(!slot.is_null());
            TaskSlot(&*slot.cast())
        }
    }

    /// Returns the task of a slot.
    ///
    /// # Safety
    ///
    /// The slot contains a task, to which the caller has a reference.
    #[cfg(not(loom))]
    pub(crate) unsafe fn of_ended(slot: &'static Slot) -> Self {
        TaskSlot(slot)
    }

    /// Makes the end of the task look for wakers.
    #[cfg(not(loom))]
    pub(crate) fn set_awakable(self) {
        self.0.refs.set_awakable();
    }

    /// Adds a reference to the task, which ends, if wakers of it are out. The last waker gives it back.
    #[cfg(not(loom))]
    pub(super) fn leave_to_wakers(self) {
        let wakes = super::wakes::Wakes::of(self.0);
        if wakes.has_wakers() {
            self.0.refs.add(1);
            if !wakes.end_task() {
                self.0.refs.sub(1);
            }
        }
    }

    /// Returns the spawn site.
    #[inline(always)]
    pub(crate) fn site(self) -> &'static Site {
        let site = self.0.site.load(Ordering::Relaxed) as usize;
        // SAFETY: a spawn stores the address of a static site in this word of a task.
        unsafe { &*ptr::with_exposed_provenance::<Site>(site) }
    }

    /// Sets another spawn site. Returns the one before. Only the task itself calls this, or its spawner before it starts.
    pub(crate) fn replace_site(self, site: &'static Site) -> &'static Site {
        let before = self.site();
        self.0.site.store(site.address(), Ordering::Relaxed);
        before
    }

    #[inline(always)]
    pub(crate) fn state(self) -> u64 {
        self.0.status().state()
    }

    #[inline(always)]
    pub(crate) fn set_status(self, status: Status) {
        self.0.status.store(status.to_word(), Ordering::Relaxed);
    }

    /// Notes a call of a closure that other threads may be calling. `status` contains the state `RUNNING`.
    #[inline]
    pub(crate) fn note_call(self, status: Status) {
        let before = self.0.status.swap(status.to_word(), Ordering::AcqRel);
        if Status::from_word(before).state() == state::RUNNING {
            self.0.refs.set_shared();
        }
    }

    pub(super) fn is_shared(self) -> bool {
        self.0.refs.load(Ordering::Acquire).is_shared()
    }

    /// Counts a poll or a call. A thread that reads the new count also reads that the task runs, or has run.
    #[inline(always)]
    pub(crate) fn count_poll(self, flags: u64) {
        let polls = self.0.poll_word().next_poll().with_flags(flags);
        self.0.polls.store(polls.to_word(), Ordering::Release);
    }

    /// Counts a poll of what the task blocks on. Other threads may count calls of the same closure meanwhile.
    pub(crate) fn add_poll(self) {
        self.0.polls.fetch_add(ONE_POLL, Ordering::Release);
    }

    #[inline]
    pub(crate) fn flags(self) -> u64 {
        self.0.poll_word().flags()
    }

    pub(crate) fn set_flags(self, flags: u64) {
        self.0.polls.fetch_or(flags, Ordering::Relaxed);
    }

    pub(crate) fn clear_flags(self, flags: u64) {
        self.0.polls.fetch_and(!flags, Ordering::Relaxed);
    }

    /// Stores the kind of a task that has not started yet.
    pub(crate) fn set_kind(self, kind: u64) {
        let word = self.0.poll_word().with_kind(kind);
        self.0.polls.store(word.to_word(), Ordering::Relaxed);
    }

    /// Returns the parent of the task's future children, unless the present call has a name.
    #[inline]
    pub(crate) fn spawn_parent(self, order: Ordering) -> Option<NodeSlot> {
        // SAFETY: the word was read from a task, which has a reference to the node.
        unsafe { node_of(self.0.spawn_parent.0.load(order)) }
    }

    pub(super) fn spawn_parent_ptr(self, order: Ordering) -> *const Slot {
        let word = self.0.spawn_parent.0.load(order) & !SLOW_SPAWNS;
        ptr::with_exposed_provenance(word as usize)
    }

    /// Returns the same as an address, for the fast path. It is the address of no slot if the present call may have a
    /// name.
    #[inline(always)]
    pub(crate) fn spawn_parent_or_tag(self) -> *const Slot {
        self.0.spawn_parent.as_ptr()
    }

    /// Stores another parent of future children. Another thread may call
    /// [`look_for_call_names`](TaskSlot::look_for_call_names) meanwhile. Returns the node before.
    pub(crate) fn replace_spawn_parent(self, node: NodeSlot) -> Option<NodeSlot> {
        let word = &self.0.spawn_parent.0;
        let new = spawn_parent_word(Some(node));
        let mut old = word.load(Ordering::Relaxed);
        while let Err(now) = word.compare_exchange_weak(
            old,
            new | old & SLOW_SPAWNS,
            Ordering::AcqRel,
            Ordering::Relaxed,
        ) {
            old = now;
        }
        // SAFETY: the word was read from a task, whose reference to the node is the caller's now.
        unsafe { node_of(old) }
    }

    /// Stores another parent of future children, while only the calling thread runs the task. Returns the node before.
    pub(crate) fn swap_spawn_parent(self, node: Option<NodeSlot>) -> Option<NodeSlot> {
        let new = spawn_parent_word(node);
        let old = self.0.spawn_parent.0.swap(new, Ordering::AcqRel);
        // SAFETY: the word was read from a task, whose reference to the node is the caller's now.
        unsafe { node_of(old) }
    }

    /// Makes the task the parent of its future children again. Returns the node before.
    pub(super) fn reset_spawn_parent(self) -> Option<NodeSlot> {
        self.swap_spawn_parent(Some(self.into()))
    }

    /// Makes spawns of the task take the slow path, which finds the name of the present call.
    pub(crate) fn look_for_call_names(self) {
        self.0
            .spawn_parent
            .0
            .fetch_or(SLOW_SPAWNS, Ordering::Relaxed);
    }
}

/// Returns the word `spawn_parent` of a task whose future children have this parent.
fn spawn_parent_word(node: Option<NodeSlot>) -> u64 {
    let has_locals = node
        .and_then(NodeSlot::as_name)
        .is_some_and(NameSlot::has_locals);
    let tag = if has_locals { SLOW_SPAWNS } else { 0 };
    Link::encode(node.map(NodeSlot::slot)) | tag
}

/// Returns the node that the word `spawn_parent` of a task refers to.
///
/// # Safety
///
/// The word was read from a task, and there is still the reference that the task had to the node.
#[inline(always)]
unsafe fn node_of(word: u64) -> Option<NodeSlot> {
    // SAFETY: by the contract. All links from there are to nodes.
    unsafe { Some(NodeSlot::new(decode_spawn_parent(word)?)) }
}

/// Returns the slot that the word `spawn_parent` of a task refers to. It may be another node's by now.
///
/// # Safety
///
/// The word was read from a task.
#[inline(always)]
pub(super) unsafe fn decode_spawn_parent(word: u64) -> Option<&'static Slot> {
    // SAFETY: by the contract.
    unsafe { Link::decode(decode_spawn_parent_word(word)) }
}

/// Returns the link in the word `spawn_parent` of a task.
#[inline(always)]
pub(super) fn decode_spawn_parent_word(word: u64) -> u64 {
    word & !SLOW_SPAWNS
}

impl Slot {
    #[inline(always)]
    pub(crate) fn poll_word(&self) -> PollWord {
        PollWord::from_word(self.polls.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub(super) fn ref_word(&self, order: Ordering) -> RefWord {
        self.refs.load(order)
    }
}

/// A pointer to a slot. It is a 64-bit word on all platforms, so that the layout is the same.
#[cfg_attr(not(loom), repr(transparent))]
pub(super) struct Link(pub(super) AtomicU64);

impl Link {
    /// Returns the slot that is linked to.
    ///
    /// # Safety
    ///
    /// The slot with this word contains a link there.
    #[inline(always)]
    pub(super) unsafe fn get(&self) -> Option<&'static Slot> {
        // SAFETY: by the contract.
        unsafe { Self::decode(self.0.load(Ordering::Relaxed)) }
    }

    /// Returns the address in the word, whatever it is.
    #[inline(always)]
    pub(super) fn as_ptr(&self) -> *const Slot {
        ptr::with_exposed_provenance(self.0.load(Ordering::Relaxed) as usize)
    }

    #[inline(always)]
    pub(super) fn set(&self, slot: Option<&'static Slot>) {
        self.0.store(Self::encode(slot), Ordering::Relaxed);
    }

    #[inline(always)]
    pub(super) fn encode(slot: Option<&'static Slot>) -> u64 {
        slot.map_or(0, |slot| ptr::from_ref(slot).expose_provenance() as u64)
    }

    /// # Safety
    ///
    /// `word` came from [`Link::encode`]: it was read from a slot that contained a link there at the time.
    #[inline(always)]
    pub(super) unsafe fn decode(word: u64) -> Option<&'static Slot> {
        let slot = ptr::with_exposed_provenance::<Slot>(word as usize);
        // SAFETY: by the contract the word is the address of a slot, and slots are never unmapped.
        unsafe { slot.as_ref() }
    }
}

impl FreeSlot {
    /// Returns the next free slot of the same list.
    #[inline(always)]
    pub(super) fn next(self) -> Option<FreeSlot> {
        // SAFETY: the word `parent` of a free slot is a link to another free slot of the same owner.
        unsafe { Some(FreeSlot(self.0.parent.get()?)) }
    }

    #[inline(always)]
    pub(super) fn set_next(self, next: Option<FreeSlot>) {
        self.0.parent.set(next.map(FreeSlot::slot));
    }

    /// Writes the words that are the same in each free slot, except the id.
    #[inline(always)]
    pub(super) fn reset(self) {
        self.0.refs.reset();
        self.0.spawn_parent.set(Some(self.0));
    }
}
