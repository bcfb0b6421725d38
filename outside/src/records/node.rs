//! A task or a name of the target, at one moment.

use birthmark_core::__reader::record::WakeSnapshot;
use birthmark_core::__reader::record::content::{LabelBytes, LocalBytes, NameText, TextPart};
use birthmark_core::__reader::record::frames::FrameSnapshot;
use birthmark_core::__reader::record::image::SlotImage;
use birthmark_core::__reader::record::words::{Status, flag};
use birthmark_core::{Kind, Site};
use birthmark_dump::__private::{Above, Node as SourceNode};

use super::Records;

/// A task or a name of the target.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    from: &'a Records<'a>,
    address: u64,
    image: SlotImage,
    /// `true` if it was read after the copy of all slots was made. The nodes above are then read now as well.
    is_fresh: bool,
    trail: Trail,
}

/// The way up to a node. It finds a circle of links, which damaged memory may contain, after about as many steps as the
/// circle has. This is Brent's algorithm.
#[derive(Clone, Copy)]
struct Trail {
    /// A slot on the way. Coming there again is a circle.
    mark: u64,
    steps: u32,
    /// Number of steps after which the mark moves on.
    limit: u32,
}

impl Trail {
    fn at(slot: u64) -> Self {
        Trail {
            mark: slot,
            steps: 0,
            limit: 2,
        }
    }

    /// Goes on to a slot. Returns `None` if that closes a circle.
    fn to(mut self, slot: u64) -> Option<Self> {
        if slot == self.mark {
            return None;
        }
        self.steps += 1;
        if self.steps == self.limit {
            self = Trail {
                mark: slot,
                steps: 0,
                limit: self.limit.saturating_mul(2),
            };
        }
        Some(self)
    }
}

impl<'a> Node<'a> {
    /// A node out of the copy of all slots.
    pub(crate) fn copied(from: &'a Records<'a>, address: u64, image: SlotImage) -> Self {
        Node {
            from,
            address,
            image,
            is_fresh: false,
            trail: Trail::at(address),
        }
    }

    /// A node that was read later.
    pub(crate) fn fresh(from: &'a Records<'a>, address: u64, image: SlotImage) -> Self {
        Node {
            is_fresh: true,
            ..Self::copied(from, address, image)
        }
    }

    /// Reads a slot: out of the copy, or else as it is now.
    pub(crate) fn read(from: &'a Records<'a>, address: u64) -> Option<Self> {
        if let Some(image) = from.slots.image(address) {
            return Some(Self::copied(from, address, image));
        }
        let image = from.image_now(address)?;
        Some(Self::fresh(from, address, image))
    }

    /// Returns `true` if the slot still has the same id.
    fn is_current(&self) -> bool {
        let id = self.from.memory.word(self.address);
        !self.is_fresh || id == Some(self.image.id)
    }

    fn try_parent(&self) -> Above<Self> {
        let mut below = *self;
        // A lineage is cut meanwhile at most a few times.
        for _ in 0..8 {
            let link = below.image.parent_link();
            if link == 0 {
                return Above::Nothing;
            }
            let Some(trail) = below.trail.to(link).filter(|_| self.from.may_follow()) else {
                return Above::Lost;
            };
            let copied = || self.from.slots.image(link);
            if let Some(image) = (!below.is_fresh).then(copied).flatten() {
                let node = Self::copied(self.from, link, image);
                return Above::Node(Node { trail, ..node });
            }
            let parent = self.from.image_now(link);
            let again = self.from.image_now(self.address);
            let Some(again) = again.filter(|again| again.id == below.image.id) else {
                return Above::Lost;
            };
            let is_unchanged = again.parent_link() == link;
            if let Some(image) = parent.filter(|_| is_unchanged) {
                let node = Self::fresh(self.from, link, image);
                return Above::Node(Node { trail, ..node });
            }
            below.image = again;
            below.is_fresh = true;
            if self.from.memory.is_still {
                return Above::Lost;
            }
        }
        Above::Lost
    }

    /// Returns the node in a slot if it is a name of this task.
    fn name_at(&self, link: u64) -> Option<Self> {
        let is_own = |node: &Node<'a>| node.image.is_name_of_slot(self.address);
        let copied = || {
            let image = self.from.slots.image(link)?;
            Some(Self::copied(self.from, link, image)).filter(is_own)
        };
        let now = || {
            let image = self.from.image_now(link)?;
            let name = Some(Self::fresh(self.from, link, image)).filter(is_own)?;
            let task = self.from.image_now(self.address)?;
            (task.id == self.image.id).then_some(name)
        };
        copied().or_else(now)
    }

    /// Reads the slot behind a link, if it continues the name with this id.
    fn part(&self, link: u64, name: u64) -> Option<TextPart> {
        let copied = self.from.slots.words(link);
        let copied = copied.and_then(|words| TextPart::of_words(words, name));
        copied.or_else(|| TextPart::of_words(self.from.words_now(link)?, name))
    }
}

impl SourceNode for Node<'_> {
    type Slot = u64;

    fn slot(&self) -> u64 {
        self.address
    }

    fn id(&self) -> u64 {
        self.image.id
    }

    fn site(&self) -> &'static Site {
        self.from.site(self.image.site_address())
    }

    fn status(&self) -> Status {
        self.image.status
    }

    fn flags(&self) -> u64 {
        self.image.flags()
    }

    fn polls(&self) -> u32 {
        self.image.polls()
    }

    fn spawned(&self) -> u64 {
        self.image.spawned()
    }

    fn is_live_task(&self) -> bool {
        self.image.is_live_task()
    }

    fn is_pool_thread(&self) -> bool {
        let flags = self.flags();
        flags & flag::POOLED != 0 && Kind::of(self.site(), flags).is_thread()
    }

    fn thread(&self) -> Option<u32> {
        self.image.status.thread_index()
    }

    fn frames(&self) -> FrameSnapshot {
        self.from.frames(self.address, &self.image)
    }

    fn wakes(&self) -> Option<WakeSnapshot> {
        let waits = self.image.waits();
        waits.then(|| self.from.wakes(self.address, &self.image))?
    }

    fn is_alone(&self) -> bool {
        self.image.is_alone()
    }

    fn nodes_below(&self) -> u64 {
        self.image.nodes_below()
    }

    fn cut_ancestors(&self) -> u64 {
        self.image.cut_ancestors()
    }

    fn parent_link(&self) -> u64 {
        self.image.parent_link()
    }

    fn has_parent(&self, link: u64, id: u64) -> bool {
        !self.is_fresh
            && link != 0
            && self.image.parent_link() == link
            && self
                .from
                .slots
                .words(link)
                .is_some_and(|words| words[0] == id)
    }

    fn parent(&self) -> Above<Self> {
        let above = self.try_parent();
        if matches!(above, Above::Lost) {
            self.from.note_uncertain();
        }
        above
    }

    fn task(self) -> Option<Self> {
        if !self.image.is_name() {
            return Some(self);
        }
        self.parent().node().filter(|task| !task.image.is_name())
    }

    fn own_name(&self) -> Option<Self> {
        if self.image.is_name() {
            return None;
        }
        let thread = self.thread().filter(|_| self.image.is_called());
        let names = thread.map(|thread| self.from.call_names(thread));
        let of_call = names.unwrap_or_default().into_iter();
        let of_call = of_call.filter_map(|link| self.name_at(link)).next();
        of_call.or_else(|| {
            let link = self.image.spawn_parent_link();
            (link != 0 && link != self.address).then(|| self.name_at(link))?
        })
    }

    fn has_name(&self) -> bool {
        self.image.has_name()
    }

    fn has_labels(&self) -> bool {
        self.image.has_labels()
    }

    fn has_locals(&self) -> bool {
        self.image.has_locals()
    }

    fn read_name(&self, text: &mut NameText) -> Option<()> {
        let words = self.image.name_words()?;
        let read = words.read_text(text, |link, name| self.part(link, name));
        let read = read.filter(|()| self.is_current());
        if read.is_none() {
            self.from.note_uncertain();
        }
        read
    }

    fn labels(&self) -> Option<LabelBytes> {
        let words = self.image.name_words()?;
        let labels = words.labels(|link, name| self.part(link, name));
        labels.filter(|_| self.is_current())
    }

    fn locals(&self) -> Option<LocalBytes> {
        let words = self.image.name_words()?;
        let locals = words.locals(|link, name| self.part(link, name));
        locals.filter(|_| self.is_current())
    }
}
