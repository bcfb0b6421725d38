//! The records of a target as a source of a snapshot.

mod node;

use std::cell::{Cell, RefCell};
use std::time::SystemTime;

use birthmark_core::__reader::clock;
use birthmark_core::__reader::record::frames::{FrameSnapshot, LEVELS, ROOM};
use birthmark_core::__reader::record::gone::{
    ENTRY_BYTES, ENTRY_WORDS, GoneImage, MAX_CAPACITY, ring_offset,
};
use birthmark_core::__reader::record::image::SlotImage;
use birthmark_core::__reader::record::{WakeSnapshot, WakeWords};
use birthmark_core::{Kind, Site};
use birthmark_dump::__private::{
    GoneRecord, Process, Ring, Source, ThreadFacts, ended_of, has_counted,
};

use crate::layout::Layout;
use crate::memory::{Memory, words_of};
use crate::sites::{self, Sites};
use crate::slots::{Chunk, Slots, words8};
use node::Node;

/// Pages of slots that are read at once, together with their frames and wakes.
const WINDOW: usize = 16;
const SLOT: u64 = 64;
/// Maximum number of sites in the list of sites that are not readable.
const MAX_UNREADABLE_SITES: usize = 1000;
/// Maximum number of words of counts that are read of all threads.
const MAX_COUNTS: u64 = 64 << 20;

/// The facts about a process that the system has, and the records do not.
#[derive(Debug)]
pub(crate) struct ProcessFacts {
    pub(crate) process: Process,
    pub(crate) time: Option<SystemTime>,
    /// System ids of the threads, as the process itself has them.
    pub(crate) threads: Option<Vec<u64>>,
}

/// The records of a target.
pub(crate) struct Records<'t> {
    pub(crate) memory: &'t Memory,
    pub(crate) layout: &'t Layout,
    sites: &'t Sites,
    pub(crate) slots: Slots,
    facts: ProcessFacts,
    window: RefCell<Window>,
    /// Records whose content is not known.
    uncertain: Cell<u64>,
    /// Number of links that may still be followed, so that a damaged lineage costs no time without bound.
    links: Cell<u64>,
}

/// Slots that are read at once, with their frames and their wakes.
#[derive(Default)]
struct Window {
    /// Address of the first slot, and the address after the last one.
    start: u64,
    end: u64,
    /// The slots before their frames and wakes were read, and after.
    slots: Vec<u8>,
    later: Vec<u8>,
    frames: Vec<u8>,
    wakes: Vec<u8>,
}

impl<'t> Records<'t> {
    pub(crate) fn new(
        memory: &'t Memory,
        layout: &'t Layout,
        sites: &'t Sites,
        slots: Slots,
        facts: ProcessFacts,
    ) -> Self {
        // Each node is passed a few times on the way up and down.
        let links = 4096 + 16 * slots.len() as u64;
        Records {
            memory,
            layout,
            sites,
            slots,
            facts,
            window: RefCell::default(),
            uncertain: Cell::new(0),
            links: Cell::new(links),
        }
    }

    /// Counts a record whose content is not known.
    pub(crate) fn note_uncertain(&self) {
        self.uncertain.set(self.uncertain.get() + 1);
    }

    /// Returns `false` if no more links may be followed.
    pub(crate) fn may_follow(&self) -> bool {
        let rest = self.links.get();
        self.links.set(rest.saturating_sub(1));
        rest > 0
    }

    /// Returns the site at an address, or the one that stands for sites that are not known.
    pub(crate) fn site(&self, address: u64) -> &'static Site {
        let site = self.sites.spawn(self.memory, self.layout, address);
        site.unwrap_or_else(|| {
            self.note_uncertain();
            unknown_site()
        })
    }

    /// Reads the words of a slot as they are now. The slot had the same id before and after.
    pub(crate) fn words_now(&self, address: u64) -> Option<[u64; 8]> {
        if !self.slots.has_slot(address) {
            return None;
        }
        if self.memory.is_still {
            return self.memory.words(address);
        }
        for _ in 0..4 {
            let [before, words, after] = [(); 3].map(|()| self.memory.words::<8>(address));
            let (before, words, after) = (before?, words?, after?);
            if before[0] == words[0] && words[0] == after[0] {
                return Some(words);
            }
        }
        None
    }

    /// Reads the task or name in a slot as it is now.
    pub(crate) fn image_now(&self, address: u64) -> Option<SlotImage> {
        SlotImage::of_words(self.words_now(address)?)
    }

    /// Reads a number of pages of slots, their frames and their wakes.
    fn read_window(&self, chunk: &Chunk, page: usize, pages: usize) {
        let page_bytes = self.layout.page_bytes;
        let start = chunk.base + (page as u64 + 1) * page_bytes;
        let bytes = pages * page_bytes as usize;
        let stride = u64::from(self.layout.registry.frames.stride);
        let first = (start - chunk.base) / SLOT;
        let mut window = self.window.borrow_mut();
        let Window {
            slots,
            later,
            frames,
            wakes,
            ..
        } = &mut *window;
        slots.resize(bytes, 0);
        self.memory.read_readable(start, slots);
        if chunk.frames != 0 {
            frames.resize(bytes / SLOT as usize * stride as usize, 0);
            self.memory
                .read_readable(chunk.frames + first * stride, frames);
        }
        wakes.resize(bytes, 0);
        let distance = u64::from(self.layout.registry.wakes.state);
        self.memory.read_readable(start + distance, wakes);
        later.resize(bytes, 0);
        self.memory.read_readable(start, later);
        (window.start, window.end) = (start, start + bytes as u64);
    }

    /// Returns the words of a slot in the window, if it had the same id all the time.
    fn words_in_window(&self, address: u64, id: u64) -> Option<[u64; 8]> {
        let window = self.window.borrow();
        let words = words8(window.slots.get((address - window.start) as usize..)?);
        let later = words8(window.later.get((address - window.start) as usize..)?);
        (words[0] == id && later[0] == id).then_some(words)
    }

    /// Returns the wakes of a task that waits for a poll. `None` if they are unknown, or the task has moved on.
    pub(crate) fn wakes(&self, address: u64, image: &SlotImage) -> Option<WakeSnapshot> {
        let layout = &self.layout.registry.wakes;
        let window = self.window.borrow();
        let (words, later) = if (window.start..window.end).contains(&address) {
            let at = (address - window.start) as usize;
            let later = SlotImage::of_words(words8(window.later.get(at..)?))?;
            (words8(window.wakes.get(at..)?), later)
        } else {
            let words = self.memory.words(address + u64::from(layout.state))?;
            (words, self.image_now(address)?)
        };
        let word = |offset: u32| {
            words
                .get((offset.wrapping_sub(layout.state) / 8) as usize)
                .copied()
        };
        let words = WakeWords {
            state: word(layout.state)?,
            owner: word(layout.owner)?,
            woken: word(layout.woken)?,
            woken_by: word(layout.woken_by)?,
        };
        WakeSnapshot::of_words(words, image).filter(|_| image.is_unmoved(&later))
    }

    /// Returns the frames of a task.
    pub(crate) fn frames(&self, address: u64, image: &SlotImage) -> FrameSnapshot {
        let recorded = self.recorded_frames(address, image);
        let mut frames = recorded.unwrap_or(FrameSnapshot::EMPTY);
        if let Some(thread) = image.status.thread_index() {
            let _ = self.add_shadow(&mut frames, thread, address, image.id);
        }
        frames
    }

    fn recorded_frames(&self, address: u64, image: &SlotImage) -> Option<FrameSnapshot> {
        let chunk = self.slots.chunk(address)?;
        if chunk.frames == 0 {
            return None;
        }
        let window = self.window.borrow();
        if (window.start..window.end).contains(&address) {
            let at = (address - window.start) as usize;
            let now = SlotImage::of_words(words8(window.later.get(at..)?));
            let stride = self.layout.registry.frames.stride as usize;
            let words = window.frames.get(at / SLOT as usize * stride..)?;
            return Some(self.frames_of(words, image, now?));
        }
        let stride = u64::from(self.layout.registry.frames.stride);
        let place = chunk.frames + (address - chunk.base) / SLOT * stride;
        let words: [u64; 1 + ROOM] = self.memory.words(place)?;
        let now = self.image_now(address)?;
        Some(self.frames_of(words.map(u64::to_ne_bytes).as_flattened(), image, now))
    }

    /// Decodes frames that were read between an image of a slot and a later one.
    fn frames_of(&self, frames: &[u8], image: &SlotImage, later: SlotImage) -> FrameSnapshot {
        let mut words = [0; 1 + ROOM];
        for (into, word) in words.iter_mut().zip(words_of(frames)) {
            *into = word;
        }
        if later.id != image.id {
            return FrameSnapshot::EMPTY;
        }
        let is_settled = image.is_unmoved(&later);
        FrameSnapshot::of_words(&words, image.id, is_settled, |site| self.frame_site(site))
    }

    fn frame_site(&self, address: u64) -> Option<&'static birthmark_core::FrameSite> {
        self.sites.frame(self.memory, self.layout, address)
    }

    /// Adds the frames that are on the shadow stack of a thread alone.
    fn add_shadow(
        &self,
        frames: &mut FrameSnapshot,
        thread: u32,
        slot: u64,
        id: u64,
    ) -> Option<()> {
        let at = &self.layout.registry.positions;
        let place = self.state(thread)?.checked_add(at.in_state.into())?;
        let shadow = self.memory.word(place).filter(|shadow| *shadow != 0)?;
        let cursor = self.memory.word(shadow.checked_add(at.cursor.into())?)?;
        let levels: [u64; LEVELS] = self.memory.words(shadow.checked_add(at.levels.into())?)?;
        // The thread has not exited meanwhile, which would take its stack with it.
        let is_there = self.memory.word(place)? == shadow;
        if is_there {
            frames.add_shadow_words(id, slot, cursor, &levels, |site| self.frame_site(site));
        }
        Some(())
    }

    /// Returns the address of a thread's state.
    fn state(&self, number: u32) -> Option<u64> {
        let registry = &self.layout.registry;
        if number >= registry.states.max_states {
            return None;
        }
        let states = registry.names.blocks.addr() as u64;
        let state = self
            .memory
            .word(states.checked_add(8 * u64::from(number))?)?;
        (state != 0).then_some(state)
    }

    /// Returns the names that the calls have which a thread runs, the innermost first.
    pub(crate) fn call_names(&self, thread: u32) -> Vec<u64> {
        let at = &self.layout.registry.names;
        let names = self
            .state(thread)
            .and_then(|state| state.checked_add(at.in_block.into()))
            .map(|place| self.memory.array(place, at.room as usize));
        let mut names = names.unwrap_or_default();
        names.retain(|name| *name != 0);
        names.reverse();
        names
    }

    fn facts(&self, number: u32, state: u64) -> Option<ThreadFacts> {
        let at = &self.layout.registry.states;
        let os_id = self.memory.word(state.checked_add(at.os_id.into())?)?;
        let mut name = vec![0; at.name_bytes as usize];
        self.memory
            .read(state.checked_add(at.name.into())?, &mut name)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(ThreadFacts {
            number,
            os_id: Some(os_id).filter(|id| *id != 0),
            name: std::str::from_utf8(name).unwrap_or("").into(),
        })
    }

    /// Returns the addresses of the states of all threads.
    fn states(&self) -> Vec<u64> {
        let registry = &self.layout.registry;
        let count = self.memory.half_word(registry.states.count.addr() as u64);
        let count = count.unwrap_or(0).min(registry.states.max_states);
        let states = registry.names.blocks.addr() as u64;
        self.memory.array(states, count as usize)
    }

    /// Returns the numbers of completed tasks by the index of their site.
    fn completed(&self, sites: usize) -> Vec<u64> {
        let at = self.layout.registry.states.completed;
        let mut sums = vec![0; sites + 1];
        let mut rest = MAX_COUNTS;
        for state in self.states().into_iter().filter(|state| *state != 0) {
            let place = state.checked_add(at.into());
            let Some([start, length]) = place.and_then(|place| self.memory.words(place)) else {
                continue;
            };
            let length = length.min(sums.len() as u64);
            let Some(less) = rest.checked_sub(length) else {
                self.note_uncertain();
                break;
            };
            rest = less;
            let counts = self.memory.array(start, length as usize);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum = sites::believable(*sum + sites::believable(count));
            }
        }
        sums
    }
}

impl<'a> Source for &'a Records<'_> {
    type Node = Node<'a>;
    const IS_OWN: bool = false;

    fn walk(self, mut f: impl FnMut(&Node<'a>)) {
        let page_bytes = self.layout.page_bytes as usize;
        let page_slots = page_bytes as u64 / SLOT;
        for chunk in &self.slots.chunks {
            for first in (0..chunk.page_count()).step_by(WINDOW) {
                let pages = first..(first + WINDOW).min(chunk.page_count());
                if !pages.clone().any(|page| chunk.has_page(page)) {
                    continue;
                }
                self.read_window(chunk, first, pages.len());
                for page in pages.filter(|page| chunk.has_page(*page)) {
                    for slot in 0..page_slots {
                        let offset = (page as u64 + 1) * page_bytes as u64 + slot * SLOT;
                        let Some(node) = self.walked(chunk, offset) else {
                            continue;
                        };
                        f(&node);
                    }
                }
            }
        }
    }

    fn count(self) -> usize {
        self.slots.count_live()
    }

    fn read(self, slot: u64) -> Option<Node<'a>> {
        Node::read(self, slot)
    }

    fn threads(self) -> impl Iterator<Item = ThreadFacts> {
        let states = self.states().into_iter().enumerate();
        states.filter_map(|(number, state)| match state {
            0 => None,
            state => self.facts(number as u32, state),
        })
    }

    fn thread(self, number: u32) -> Option<ThreadFacts> {
        self.facts(number, self.state(number)?)
    }

    fn os_threads(self) -> Option<Vec<u64>> {
        let process = &self.layout.registry.process;
        let list = process.internal_threads.addr() as u64;
        let internal = self.memory.array(list, process.internal_thread_count);
        let own = u64::from(self.facts.process.id) << 32;
        let mut threads = self.facts.threads.clone()?;
        threads.retain(|id| !internal.contains(&(own | id)));
        Some(threads)
    }

    fn now(self) -> Option<u64> {
        let registry = &self.layout.registry;
        let flag = |address: usize| self.memory.byte(address as u64).is_some_and(|it| it != 0);
        let (started, failed) = (
            flag(registry.process.clock_started.addr()),
            flag(registry.process.clock_failed.addr()),
        );
        let tick = self.memory.word(registry.now.addr() as u64)?;
        let unsure = self
            .memory
            .word(registry.process.unsure_tick.addr() as u64)?;
        (started && !failed).then(|| clock::moment(tick, unsure))
    }

    fn time(self) -> Option<SystemTime> {
        self.facts.time
    }

    fn process(self) -> Process {
        self.facts.process.clone()
    }

    fn sites(self) -> Vec<&'static Site> {
        let process = &self.layout.registry.process;
        let start = self.memory.word(process.sites.addr() as u64);
        let count = self.memory.word(process.site_count.addr() as u64);
        let (start, count) = start.zip(count).unwrap_or_else(|| {
            self.note_uncertain();
            (0, 0)
        });
        let addresses = self.memory.array(start, count.min(1 << 20) as usize);
        if (addresses.len() as u64) < count {
            self.note_uncertain();
        }
        let completed = self.completed(addresses.len());
        let (mut sites, mut unreadable) = (Vec::new(), 0);
        for address in addresses {
            let Some(site) = self.sites.spawn(self.memory, self.layout, address) else {
                self.note_uncertain();
                unreadable += 1;
                // Nothing that is so damaged is a list of sites.
                if unreadable > MAX_UNREADABLE_SITES {
                    break;
                }
                continue;
            };
            let index = sites::copy_counts(self.memory, self.layout, address, &site.counts);
            let index = index.filter(|index| *index != 0).unwrap_or(u32::MAX);
            let on_threads = completed.get(index as usize).copied().unwrap_or(0);
            sites::add(&site.counts.completed, on_threads);
            sites.push(site);
        }
        sites
    }

    fn has_spawned(self, site: &'static Site) -> bool {
        has_counted(&site.counts)
    }

    fn ended(self, site: &'static Site) -> u64 {
        ended_of(&site.counts)
    }

    fn gone(self, ring: Ring) -> Vec<GoneRecord> {
        let mut images = self.gone_images(ring).unwrap_or_default();
        images.sort_by_key(GoneImage::ticket);
        let site = |address| self.site(address);
        let records = images.into_iter();
        records.map(|image| GoneRecord::new(image, site)).collect()
    }

    fn unrecorded(self) -> u64 {
        let place = self.layout.registry.process.unrecorded.addr();
        self.memory.word(place as u64).unwrap_or(0)
    }

    fn unproved(self) -> u64 {
        self.uncertain.get()
    }
}

impl<'t> Records<'t> {
    /// Reads the tasks that ended before they were ready. `None` if there are none.
    fn gone_images(&self, ring: Ring) -> Option<Vec<GoneImage>> {
        let layout = &self.layout.registry.gone;
        if layout.stride as usize != ENTRY_BYTES {
            return None;
        }
        let memory = self.memory.word(layout.memory.addr() as u64)?;
        let capacity = self
            .memory
            .word(Some(memory).filter(|memory| *memory != 0)?)?;
        let capacity = u32::try_from(capacity).ok()?.min(MAX_CAPACITY);
        let start = memory.checked_add(ring_offset(ring, capacity))?;
        let read = |index: u32| {
            let entry = start.checked_add(u64::from(index) * ENTRY_BYTES as u64)?;
            let words = || self.memory.words::<ENTRY_WORDS>(entry);
            let (before, copy, after) =
                (self.memory.word(entry)?, words()?, self.memory.word(entry)?);
            (before == copy[0] && after == before).then_some(copy)
        };
        let copies = (0..capacity).filter_map(read);
        Some(
            copies
                .filter_map(|copy| GoneImage::of_words(&copy))
                .collect(),
        )
    }

    /// Returns the live task at an offset in a chunk, as the window has it.
    fn walked(&self, chunk: &Chunk, offset: u64) -> Option<Node<'_>> {
        let copied = chunk.words(self.layout.page_bytes as usize, offset as usize)?;
        let image = SlotImage::of_words(copied).filter(SlotImage::is_live_task)?;
        let address = chunk.base + offset;
        let words = self.words_in_window(address, image.id)?;
        let now = SlotImage::of_words(words).filter(SlotImage::is_live_task)?;
        // Ancestors were taken out since the copy was made, so the copy may not have the link's node.
        Some(match now.parent_link() == image.parent_link() {
            true => Node::copied(self, address, now),
            false => Node::fresh(self, address, now),
        })
    }
}

/// The site of a task whose site cannot be read.
fn unknown_site() -> &'static Site {
    static UNKNOWN: std::sync::OnceLock<Site> = std::sync::OnceLock::new();
    UNKNOWN.get_or_init(|| {
        let (unknown, nothing) = ("(site not readable)", "");
        let texts = [unknown, nothing, nothing, nothing, unknown];
        Site::copied(texts, [0, 0], Kind::Unknown, true)
    })
}
