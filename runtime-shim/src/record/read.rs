//! Reads slots that others write at the same time.
//!
//! A slot is read like under a sequence lock whose sequence is the id: read the id, read the
//! content, read the id again. Ids are never reused and a free slot has none, so the same id twice
//! means that the content is that task's. Links are followed hand over hand: what a node links to
//! cannot have been reused as long as the node is the same and still links to it.

use core::ops::Deref;
use core::ptr;
use std::sync::atomic::{fence, Ordering};

use super::arena::{Arena, BATCH, CHUNK_PAGES};
use super::image::SlotImage;
use super::slot::{decode_spawn_parent, Content, Link, Slot, TaskSlot};
use super::words::{flag, state, PollWord};
use crate::types::kind::Kind;
use crate::types::site::Site;
use crate::types::Outcome;

const _: () = assert!(flag::KIND_MASK == Kind::MASK);

/// The content of a slot at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub slot: &'static Slot,
    image: SlotImage,
}

impl Deref for Record {
    type Target = SlotImage;

    #[inline(always)]
    fn deref(&self) -> &SlotImage {
        &self.image
    }
}

impl Record {
    /// Returns the record of a task or a name. Returns `None` if the slot is free, continues the text of a name, or is
    /// written at this moment.
    #[inline]
    pub fn read(slot: &'static Slot) -> Option<Self> {
        let id = slot.id.load(Ordering::Acquire);
        if matches!(Content::of(id), Content::Free | Content::Text) {
            return None;
        }
        // Before the status, which is at least as recent then.
        let polls = PollWord::from_word(slot.polls.load(Ordering::Acquire));
        let image = SlotImage {
            id,
            status: slot.status(),
            site: slot.site.load(Ordering::Relaxed),
            parent: slot.parent.0.load(Ordering::Relaxed),
            spawn_parent: slot.spawn_parent.0.load(Ordering::Relaxed),
            refs: slot.ref_word(Ordering::Relaxed),
            polls,
            spawned: slot.spawned.load(Ordering::Relaxed),
        };
        let mut record = Record { slot, image };
        fence(Ordering::Acquire);
        record.image.note_created();
        record.is_current().then_some(record)
    }

    /// Reads a task that the caller keeps alive.
    pub fn of_live(task: TaskSlot) -> Self {
        loop {
            if let Some(record) = Self::read(task.slot()) {
                return record;
            }
        }
    }

    /// Returns `true` if the slot still belongs to the same task.
    #[inline]
    pub fn is_current(&self) -> bool {
        self.slot.id() == self.id
    }

    /// Returns `true` if the task has neither run nor ended since the record was read. While it runs, that cannot be
    /// told.
    #[inline]
    pub fn is_unmoved(&self) -> bool {
        !self.may_move()
            && self.slot.status() == self.status
            && self.slot.poll_word() == self.polls
            && self.is_current()
    }

    /// Returns `true` if the task is an OS thread that a pool keeps.
    #[inline]
    pub fn is_pool_thread(&self) -> bool {
        let flags = self.flags();
        flags & flag::POOLED != 0 && Kind::of(self.site(), flags).is_thread()
    }

    /// Returns the spawn site of a task.
    ///
    /// # Panics
    ///
    /// Panics if the record is that of a name, which has text in the place of the site.
    #[inline]
    pub fn site(&self) -> &'static Site {
        assert!(!self.is_name(), "a name has no site");
        // SAFETY: the record is consistent and a task's, and a spawn stores the address of a static site.
        unsafe { &*ptr::with_exposed_provenance::<Site>(self.site as usize) }
    }

    /// Returns the state of the thread that runs the task.
    pub fn thread(&self) -> Option<&'static super::thread_states::ThreadState> {
        super::thread_states::get(self.status.thread_index()?)
    }

    /// Returns `true` if the node above is the one with this link and id.
    #[inline]
    pub fn has_parent(&self, link: u64, id: u64) -> bool {
        if self.parent != link || link == 0 {
            return false;
        }
        // SAFETY: `read` refuses text, and the record is consistent, so `parent` is a link.
        let parent = unsafe { Link::decode(link) };
        let same = parent.is_some_and(|parent| parent.id.load(Ordering::Acquire) == id);
        same && self.is_current()
    }

    /// The node above: the task, or the name of it, under which this was spawned.
    #[inline]
    pub fn parent(&self) -> Above {
        let mut below = *self;
        // A lineage is cut under our eyes at most a few times.
        for _ in 0..8 {
            // SAFETY: `read` refuses text, and the record is consistent, so `parent` is a link.
            let Some(slot) = (unsafe { Link::decode(below.parent) }) else {
                return Above::Nothing;
            };
            let parent = Record::read(slot);
            fence(Ordering::Acquire);
            let unchanged = below.slot.parent.0.load(Ordering::Relaxed) == below.parent;
            match parent {
                _ if !below.is_current() => return Above::Lost,
                Some(parent) if unchanged => return Above::Node(parent),
                _ => {}
            }
            let Some(again) = Record::read(below.slot).filter(|again| again.id == below.id) else {
                return Above::Lost;
            };
            below = again;
        }
        Above::Lost
    }

    /// The task that a node is, or belongs to. `None` if it has ended meanwhile.
    #[inline]
    pub fn task(self) -> Option<Record> {
        if !self.is_name() {
            return Some(self);
        }
        self.parent().node().filter(|task| !task.is_name())
    }

    /// Reads the task's own name node, if it has one: the node that its children are spawned under. While a call of a
    /// closure runs, that may be the name of the call. Of several calls, the one on the thread in the status counts.
    pub fn own_name(&self) -> Option<Record> {
        self.call_name().or_else(|| self.name_in_slot())
    }

    fn call_name(&self) -> Option<Record> {
        let thread = self.thread().filter(|_| self.is_called())?;
        let name = thread.call_names.of(self.slot)?;
        self.is_current().then_some(name)
    }

    fn name_in_slot(&self) -> Option<Record> {
        if self.is_name() {
            return None;
        }
        // SAFETY: the record is consistent and a task's.
        let node = unsafe { decode_spawn_parent(self.spawn_parent) };
        let node = node.filter(|node| !ptr::eq(*node, self.slot))?;
        // The name of this task, even if it has a newer one by now.
        let name = Record::read(node).filter(|name| name.is_name_of(self.slot))?;
        self.is_current().then_some(name)
    }

    /// Returns `true` if it is a name node of this task.
    #[inline]
    pub fn is_name_of(&self, task: &'static Slot) -> bool {
        self.is_name_of_slot(ptr::from_ref(task).addr() as u64)
    }
}

/// The node above another one. `N` is a record of this process, or what a reader of other memory has in its place.
pub enum Above<N = Record> {
    /// Nothing: the other one is a root.
    Nothing,
    Node(N),
    /// The node ended while it was read.
    Lost,
}

impl<N> Above<N> {
    #[inline]
    pub fn node(self) -> Option<N> {
        match self {
            Above::Node(node) => Some(node),
            Above::Nothing | Above::Lost => None,
        }
    }
}

impl Outcome {
    /// The outcome of a task that ends in this state.
    #[doc(hidden)]
    pub fn of_last_state(state: u64) -> Self {
        match state {
            state::COMPLETED => Outcome::Completed,
            state::PANICKED => Outcome::Panicked,
            _ => Outcome::Cancelled,
        }
    }
}

impl Arena {
    /// Calls `f` with every slot that has ever been handed out.
    #[inline]
    pub fn walk(&self, mut f: impl FnMut(&'static Slot)) {
        let pages = self.fresh.load(Ordering::Acquire) as usize;
        for number in 0..pages.div_ceil(CHUNK_PAGES) {
            let end = (pages - number * CHUNK_PAGES).min(CHUNK_PAGES) * BATCH;
            if let Some(chunk) = self.chunk(number) {
                (BATCH..end).for_each(|place| f(chunk.slot(place)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::globals::ARENA;
    use super::{Content, Record};
    use crate::hook::TaskRef;
    use crate::thread::local;

    #[test]
    fn slot_that_continues_a_name_has_no_record() {
        let name = "a name that one slot cannot hold";
        crate::set_name(name);
        let mut parts = 0;
        ARENA.walk(|slot| {
            if matches!(Content::of(slot.id()), Content::Text) {
                assert!(Record::read(slot).is_none());
                parts += 1;
            }
        });
        assert!(parts > 0, "no slot continues a name");
        let task = local::with(|local| local.current());
        let task = TaskRef::new(task.expect("this thread has a record since it has a name"));
        assert_eq!(task.name().unwrap().to_string(), format!("{name:?}"));
    }
}
