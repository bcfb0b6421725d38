//! The words of a slot, copied at one moment.
//!
//! A copy is the same wherever it came from: from a slot of this process ([`read`](super::read)), from the memory of
//! another process, or out of a core file. So its meaning is here once. A copy follows no link.

use super::slot::{decode_spawn_parent_word, is_name, Content, NAME_WORDS};
use super::words::{flag, state, PollWord, RefWord, Status, TextLengths};

/// The words of a task or of a name.
#[derive(Clone, Copy, Debug)]
pub struct SlotImage {
    pub id: u64,
    pub status: Status,
    pub(super) site: u64,
    pub(super) parent: u64,
    pub(super) spawn_parent: u64,
    pub(super) refs: RefWord,
    pub(super) polls: PollWord,
    pub(super) spawned: u64,
}

/// The words of the text of a name node, as far as the node itself has it.
#[derive(Clone, Copy, Debug)]
pub struct NameWords {
    pub(super) id: u64,
    pub(super) flags: u64,
    /// The words of the text. The first one is no text if the node has locals.
    pub(super) first: [u64; NAME_WORDS],
    /// Link to the slot that continues the text. It may contain something else by now.
    pub(super) continuation: u64,
    pub(super) lengths: TextLengths,
}

impl SlotImage {
    /// Takes the words of a slot in their order. Returns `None` if the slot is free or continues the text of a name.
    pub fn of_words(words: [u64; 8]) -> Option<Self> {
        let [id, status, site, parent, spawn_parent, refs, polls, spawned] = words;
        let has_node = matches!(Content::of(id), Content::Task | Content::Name);
        has_node.then(|| {
            let mut image = SlotImage {
                id,
                status: Status::from_word(status),
                site,
                parent,
                spawn_parent,
                refs: RefWord::from_word(refs),
                polls: PollWord::from_word(polls),
                spawned,
            };
            image.note_created();
            image
        })
    }

    /// Shows a suspended task without a poll as one that was only created.
    #[inline]
    pub(super) fn note_created(&mut self) {
        if !self.is_name() && self.state() == state::SUSPENDED && self.polls() == 0 {
            self.status = self.status.created();
        }
    }

    /// Returns `true` if it is a task that has neither run nor ended between this copy and a later one. While it runs,
    /// that is unknown.
    pub fn is_unmoved(&self, later: &SlotImage) -> bool {
        !self.may_move()
            && (self.id, self.status, self.polls) == (later.id, later.status, later.polls)
    }

    /// Returns `true` if the task runs its own code, or may.
    #[inline]
    pub(super) fn may_move(&self) -> bool {
        self.state() == state::RUNNING && self.flags() & flag::BLOCKED == 0
    }

    /// Returns `true` if the task waits for a poll: it is suspended, or its thread blocks on a future.
    #[inline]
    pub fn waits(&self) -> bool {
        match self.state() {
            state::SUSPENDED => true,
            state::RUNNING => self.flags() & flag::BLOCKED != 0,
            _ => false,
        }
    }

    #[inline]
    pub fn is_name(&self) -> bool {
        is_name(self.id)
    }

    /// Returns `true` if several threads may run calls of the closure at once.
    #[inline]
    pub fn is_called(&self) -> bool {
        !self.is_name() && self.flags() & flag::CALLED != 0
    }

    /// Returns `true` if it is a task that has not ended.
    #[inline]
    pub fn is_live_task(&self) -> bool {
        !self.is_name() && !self.status.has_ended()
    }

    /// Returns `true` if it is a task that is still counted as alive by its site.
    #[inline]
    pub fn is_counted(&self) -> bool {
        !self.is_name() && self.flags() & flag::ENDED == 0
    }

    #[inline]
    pub fn state(&self) -> u64 {
        self.status.state()
    }

    /// Returns the address of the spawn site of a task. In a name, the word is text.
    #[inline]
    pub fn site_address(&self) -> u64 {
        self.site
    }

    #[inline]
    pub fn polls(&self) -> u32 {
        self.polls.polls()
    }

    #[inline]
    pub fn flags(&self) -> u64 {
        self.polls.flags()
    }

    /// Returns the tick of the spawn, in the upper half.
    #[inline]
    pub fn spawned(&self) -> u64 {
        self.spawned
    }

    #[inline]
    pub fn cut_ancestors(&self) -> u64 {
        self.refs.cut_ancestors()
    }

    /// Returns `true` if a live task has no name of its own, no ancestors that were cut, and no nodes below.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.refs.is_alone()
    }

    /// Returns an upper bound of the nodes below, without the task's own name. Threads also count references that they
    /// have in their cache.
    #[inline]
    pub fn nodes_below(&self) -> u64 {
        // A live task refers to itself, and to the name that it has now.
        let own = u64::from(self.is_live_task()) + u64::from(self.refs.is_named());
        self.refs.count().saturating_sub(own)
    }

    /// Returns the link to the node above, as a number.
    #[inline]
    pub fn parent_link(&self) -> u64 {
        self.parent
    }

    /// Returns the link to the parent of a task's future children, as a number.
    pub fn spawn_parent_link(&self) -> u64 {
        decode_spawn_parent_word(self.spawn_parent)
    }

    /// Returns `true` if it is a name node of the task in the slot at this address.
    #[inline]
    pub fn is_name_of_slot(&self, task: u64) -> bool {
        self.is_name() && self.parent == task
    }

    /// Returns `true` if it is a name node with a name, maybe the empty one.
    #[inline]
    pub fn has_name(&self) -> bool {
        self.is_name() && self.flags() & flag::NAMELESS == 0
    }

    /// Returns `true` if it is a name node with labels, maybe none, in place of those that are inherited.
    #[inline]
    pub fn has_labels(&self) -> bool {
        self.is_name() && self.flags() & flag::LABELED != 0
    }

    /// Returns `true` if it is a name node of a task with locals.
    #[inline]
    pub fn has_locals(&self) -> bool {
        self.is_name() && self.flags() & flag::LOCALS != 0
    }

    /// Returns the text of a name node.
    pub fn name_words(&self) -> Option<NameWords> {
        self.is_name().then(|| NameWords {
            id: self.id,
            flags: self.flags(),
            first: [self.status.to_word(), self.site],
            continuation: self.spawn_parent,
            lengths: self.polls.lengths(),
        })
    }
}
