//! The last tasks that ended before they were ready.
//!
//! A task that panicked, was cancelled or was refused leaves an entry behind. Each of these outcomes has a ring of
//! its own, so a few panics stay among many cancellations. A task that returns writes nothing here.
//!
//! # Memory
//!
//! The first entry maps memory for all rings, which is never unmapped. The entries and their words are at fixed places, so
//! another process finds them, too (`export.rs`). Writing neither locks nor allocates, because a thread that unwinds
//! writes.
//!
//! ```text
//! header, 1 KiB │ panicked, 1 KiB each │ cancelled │ refused │ panics under way
//! ```
//!
//! # An entry is a sequence lock
//!
//! The first word of an entry is 0 until the entry is first written. The word is odd while a thread writes, and then twice
//! the ticket of the entry. A thread that finds an odd word, or a later ticket, leaves the entry alone. So a thread never
//! waits for another one. A reader loads the word, the content, and the word again. If the word was
//! even and has not changed, the content is consistent.
//!
//! # Panics
//!
//! The message of a panic is known when the panic begins, and the end of the task when it has unwound. So the panic hook
//! writes an entry with the id of the task and the number of its polls into a ring of its own. The end looks for an entry
//! with both. A panic that was caught in an earlier poll is therefore not taken for the one that ended the task.

mod entry;

use std::sync::atomic::{fence, AtomicPtr, AtomicU32, AtomicU64, Ordering};

pub(crate) use entry::Draft;
pub use entry::{GoneImage, GoneText, ENTRY_BYTES, ENTRY_WORDS};

use crate::platform::memory;
use crate::types::site::Site;

/// The number of entries of each outcome, unless the program sets another one.
pub const DEFAULT_CAPACITY: u32 = 64;
/// The most entries of each outcome.
pub const MAX_CAPACITY: u32 = 4096;

/// The rings, in the order in which they are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Tasks that have panicked.
    Panicked = 0,
    /// Tasks that were dropped before they were ready.
    Cancelled = 1,
    /// Tasks that a hook has refused.
    Refused = 2,
    /// Panics that unwind, or have.
    Unwinding = 3,
}

/// Number of rings.
const RINGS: usize = 4;
/// Alignment of the memory: the largest page of any system.
const ALIGN: usize = 64 * 1024;

/// The words of an entry.
pub type Words = [AtomicU64; ENTRY_WORDS];

/// The memory of all rings: a header, whose first word is the capacity, and the entries. Null until the first entry.
pub(super) static MEMORY: AtomicPtr<Words> = AtomicPtr::new(std::ptr::null_mut());
/// The capacity of each ring, for the memory that is not mapped yet.
static CAPACITY: AtomicU32 = AtomicU32::new(DEFAULT_CAPACITY);
/// The number of entries that each ring has ever had.
static TICKETS: [AtomicU64; RINGS] = [const { AtomicU64::new(0) }; RINGS];

/// Sets the number of entries of each ring, before the first one is written. Later calls have no effect.
pub fn set_capacity(entries: u32) {
    CAPACITY.store(entries.min(MAX_CAPACITY), Ordering::Relaxed);
}

/// Returns `true` if tasks leave entries behind.
pub fn is_kept() -> bool {
    CAPACITY.load(Ordering::Relaxed) > 0
}

/// A task that has ended before it was ready, with the sites that its entry refers to.
#[derive(Clone, Debug)]
pub struct GoneRecord {
    pub image: GoneImage,
    pub site: &'static Site,
    /// The site of the task above.
    pub parent_site: Option<&'static Site>,
    /// The site of the task that has dropped this one.
    pub by_site: Option<&'static Site>,
}

impl GoneRecord {
    /// Finds the sites of an entry. The function returns the site at an address.
    pub fn new(image: GoneImage, site_at: impl Fn(u64) -> &'static Site) -> Self {
        GoneRecord {
            site: site_at(image.site()),
            parent_site: image.parent().map(|(_, site)| site_at(site)),
            by_site: image.by_id().map(|_| site_at(image.by_site())),
            image,
        }
    }
}

/// Reads the tasks with an outcome, the oldest first.
pub fn read(ring: Ring) -> Vec<GoneRecord> {
    if ring == Ring::Unwinding {
        return Vec::new();
    }
    let entries = Rings::existing().map_or(&[][..], |rings| rings.of(ring));
    let images = entries.iter().filter_map(GoneImage::read);
    let mut read: Vec<GoneRecord> = images.map(resolved).collect();
    read.sort_by_key(|record| record.image.ticket());
    read
}

fn resolved(image: GoneImage) -> GoneRecord {
    // SAFETY: each address in a consistent entry of these rings is that of a task's site, by `thread/gone.rs`. Sites are
    // static.
    GoneRecord::new(image, |address| unsafe {
        &*std::ptr::with_exposed_provenance::<Site>(address as usize)
    })
}

/// Writes an entry, unless another thread writes the same one.
pub(crate) fn write(ring: Ring, draft: &Draft) {
    let Some(entries) = Rings::get().map(|rings| rings.of(ring)) else {
        return;
    };
    let ticket = TICKETS[ring as usize].fetch_add(1, Ordering::Relaxed);
    let index = (ticket % entries.len() as u64) as usize;
    write_entry(&entries[index], ticket + 1, draft);
}

/// Returns the panic that ends a task in this poll.
pub(crate) fn find_panic(id: u64, polls: u32) -> Option<GoneImage> {
    let entries = Rings::existing()?.of(Ring::Unwinding);
    let of_task = |words: &&Words| entry::is_of(words, id);
    let found = entries.iter().filter(of_task).filter_map(GoneImage::read);
    found
        .filter(|panic| panic.id() == id && panic.polls() == polls)
        .max_by_key(GoneImage::ticket)
}

fn write_entry(words: &Words, ticket: u64, draft: &Draft) {
    let written = 2 * ticket;
    let before = words[0].load(Ordering::Relaxed);
    if before % 2 == 1 || before >= written {
        return;
    }
    let claim =
        words[0].compare_exchange(before, written - 1, Ordering::Relaxed, Ordering::Relaxed);
    if claim.is_err() {
        return;
    }
    // A reader that sees what is written from here on must see the odd word too.
    fence(Ordering::Release);
    draft.store(words);
    words[0].store(written, Ordering::Release);
}

/// The memory of all rings.
#[derive(Clone, Copy)]
struct Rings {
    memory: &'static Words,
    capacity: usize,
}

impl Rings {
    /// Returns the memory if there is any.
    fn existing() -> Option<Self> {
        let memory = MEMORY.load(Ordering::Acquire);
        // SAFETY: null, or published by `map`, which never unmaps it. All bytes are valid for atomics.
        let memory = unsafe { memory.as_ref()? };
        let capacity = memory[0].load(Ordering::Relaxed) as usize;
        Some(Rings { memory, capacity })
    }

    /// Returns the memory, which the first call maps. `None` if there is none, or if no entries are kept.
    fn get() -> Option<Self> {
        Self::existing().or_else(Self::map)
    }

    #[cold]
    fn map() -> Option<Self> {
        let capacity = CAPACITY.load(Ordering::Relaxed) as usize;
        if capacity == 0 {
            return None;
        }
        let bytes = ((1 + RINGS * capacity) * ENTRY_BYTES).next_multiple_of(ALIGN);
        let memory = memory::map(bytes, ALIGN)?.cast::<Words>();
        // SAFETY: the memory is ours alone so far, zeroed, and begins with the header.
        unsafe { (*memory)[0].store(capacity as u64, Ordering::Relaxed) };
        let null = std::ptr::null_mut();
        if MEMORY
            .compare_exchange(null, memory, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            // SAFETY: another thread was faster, so nobody knows of this memory.
            unsafe { memory::unmap(memory.cast(), bytes, ALIGN) };
        }
        Self::existing()
    }

    fn of(self, ring: Ring) -> &'static [Words] {
        let start = 1 + ring as usize * self.capacity;
        // SAFETY: behind the header, the memory has room for this many entries of each ring. It is never unmapped, and
        // consists of atomics.
        unsafe {
            std::slice::from_raw_parts(std::ptr::from_ref(self.memory).add(start), self.capacity)
        }
    }
}

/// Returns the number of bytes before the first entry of a ring, in memory with this capacity.
pub fn ring_offset(ring: Ring, capacity: u32) -> u64 {
    (1 + ring as u64 * u64::from(capacity)) * ENTRY_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries outside of the rings, so that tests of one process do not disturb each other.
    fn entry() -> Words {
        [const { AtomicU64::new(0) }; ENTRY_WORDS]
    }

    fn draft(id: u64, name: &str, message: &str) -> Draft {
        let mut draft = Draft::new(id, 3);
        draft.set_name(name, false, None);
        draft.set_message(message, false);
        draft
    }

    #[test]
    fn entry_is_read_as_it_was_written() {
        let words = entry();
        assert!(GoneImage::read(&words).is_none(), "it was never written");
        let mut written = draft(7, "req-1", "no \"column\" 3");
        written.set_place("src/main.rs", 22, 9);
        written.set_by_task(4, 0, "owner");
        write_entry(&words, 1, &written);
        let read = GoneImage::read(&words).expect("it was written");
        assert_eq!((read.ticket(), read.id(), read.polls()), (1, 7, 3));
        assert_eq!(read.text(GoneText::Name), "req-1");
        assert_eq!(read.text(GoneText::Message), "no \"column\" 3");
        assert_eq!(read.text(GoneText::By), "owner");
        assert_eq!(read.place(), Some(("src/main.rs", 22, 9)));
        assert_eq!(read.by_id(), Some(4));
    }

    #[test]
    fn text_beyond_the_room_is_cut_at_a_character() {
        let words = entry();
        let long = "ä".repeat(600);
        let mut written = draft(7, &long, &long);
        written.set_place(&format!("{long}/main.rs"), 1, 2);
        write_entry(&words, 1, &written);
        let read = GoneImage::read(&words).expect("it was written");
        assert!(read.is_name_cut() && read.is_message_cut());
        let (file, ..) = read.place().expect("a place");
        assert!(
            file.ends_with("ä/main.rs"),
            "the end of a path is kept: {file}"
        );
        for text in [GoneText::Name, GoneText::Message] {
            let text = read.text(text);
            assert!(text.len() > 200 && text.chars().all(|c| c == 'ä'));
        }
    }

    #[test]
    fn later_entry_stays_if_an_earlier_one_comes_late() {
        let words = entry();
        write_entry(&words, 9, &draft(9, "", ""));
        write_entry(&words, 1, &draft(1, "", ""));
        assert_eq!(GoneImage::read(&words).map(|read| read.id()), Some(9));
        words[0].store(19, Ordering::Relaxed);
        write_entry(&words, 10, &draft(10, "", ""));
        assert!(
            GoneImage::read(&words).is_none(),
            "another thread writes it"
        );
    }

    #[test]
    fn reader_never_sees_a_mixture() {
        let words = entry();
        std::thread::scope(|scope| {
            for thread in 0..2_u64 {
                let words = &words;
                scope.spawn(move || {
                    for turn in 0..2_000 {
                        let id = 2 * turn + thread + 1;
                        let text = id.to_string();
                        write_entry(words, id, &draft(id, &text, &text.repeat(20)));
                    }
                });
            }
            for _ in 0..2_000 {
                let Some(read) = GoneImage::read(&words) else {
                    continue;
                };
                let text = read.id().to_string();
                assert_eq!(read.text(GoneText::Name), text);
                assert_eq!(read.text(GoneText::Message), text.repeat(20));
            }
        });
    }
}
