//! One task that has ended before it was ready.

use std::sync::atomic::{fence, AtomicU64, Ordering};

use super::Words;
use crate::record::words::PollWord;
use crate::types::bounded::boundary;

/// Words of an entry.
pub const ENTRY_WORDS: usize = 128;
/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 8 * ENTRY_WORDS;

/// Indices of the words before the text.
mod at {
    /// Twice the ticket, or an odd number while a thread writes.
    pub(super) const SEQUENCE: usize = 0;
    pub(super) const ID: usize = 1;
    /// Address of the site.
    pub(super) const SITE: usize = 2;
    /// Tick of the spawn, in the upper half.
    pub(super) const SPAWNED: usize = 3;
    /// Tick of the end, in the upper half.
    pub(super) const ENDED: usize = 4;
    /// The word `polls` of the slot.
    pub(super) const POLLS: usize = 5;
    /// Id of the task above, or 0.
    pub(super) const PARENT: usize = 6;
    /// Address of that task's site.
    pub(super) const PARENT_SITE: usize = 7;
    /// Id of the task that has dropped this one, or 0.
    pub(super) const BY: usize = 8;
    /// Address of that task's site.
    pub(super) const BY_SITE: usize = 9;
    /// System's id of the thread that has dropped this one, or 0.
    pub(super) const BY_THREAD: usize = 10;
    /// Lengths of the texts, 12 bits each.
    pub(super) const LENGTHS: usize = 11;
    /// Line and column of the panic, in the upper and the lower half.
    pub(super) const PLACE: usize = 12;
    pub(super) const FLAGS: usize = 13;
    /// Id of the task from which the name was inherited, or 0.
    pub(super) const NAMED_BY: usize = 14;
    /// One reserved word is before the text.
    pub(super) const TEXT: usize = 16;
}

/// Bits of the word `FLAGS`.
mod bit {
    pub(super) const NAME_CUT: u64 = 1;
    pub(super) const MESSAGE_CUT: u64 = 2;
    /// The thread of the task that has dropped this one was in a `block_on`, outside of the poll of its own future.
    pub(super) const BY_EXECUTOR: u64 = 4;
}

const TEXT_BYTES: usize = 8 * (ENTRY_WORDS - at::TEXT);

/// The texts of an entry, one behind the other.
#[derive(Clone, Copy, Debug)]
pub enum GoneText {
    /// The name of the task.
    Name = 0,
    /// The name of the task that has dropped this one.
    By = 1,
    /// The name of the thread that has dropped this one.
    Thread = 2,
    /// The file of the panic. The end of a long path is kept.
    File = 3,
    /// The message of the panic, or the reason of the refusal.
    Message = 4,
}

/// Number of texts before the message.
const SHORT_TEXTS: usize = 4;
/// The most bytes of each text. The last one has the rest of the room.
const MAX_BYTES: [usize; SHORT_TEXTS + 1] = [255, 64, 32, 127, TEXT_BYTES];
/// Bits of each length.
const LENGTH_BITS: usize = 12;

const _: () = assert!(TEXT_BYTES < 1 << LENGTH_BITS);

/// An entry before it is written.
pub(crate) struct Draft {
    words: [u64; at::TEXT],
    texts: [[u8; 255]; SHORT_TEXTS],
    message: [u8; TEXT_BYTES],
    lengths: [usize; SHORT_TEXTS + 1],
}

impl Draft {
    pub(crate) fn new(id: u64, polls: u32) -> Self {
        let mut draft = Draft {
            words: [0; at::TEXT],
            texts: [[0; 255]; SHORT_TEXTS],
            message: [0; TEXT_BYTES],
            lengths: [0; SHORT_TEXTS + 1],
        };
        draft.words[at::ID] = id;
        draft.words[at::POLLS] = PollWord::of_polls(0, polls).to_word();
        draft
    }

    /// Sets the word `polls` of the slot, with the flags of the task.
    pub(crate) fn set_polls(&mut self, polls: PollWord) {
        self.words[at::POLLS] = polls.to_word();
    }

    pub(crate) fn set_site(&mut self, site: u64, spawned: u64, ended: u64) {
        self.words[at::SITE] = site;
        self.words[at::SPAWNED] = spawned;
        self.words[at::ENDED] = ended;
    }

    pub(crate) fn set_parent(&mut self, id: u64, site: u64) {
        self.words[at::PARENT] = id;
        self.words[at::PARENT_SITE] = site;
    }

    /// `named_by` is the task from which the name was inherited.
    pub(crate) fn set_name(&mut self, name: &str, is_cut: bool, named_by: Option<u64>) {
        let is_cut = self.set_text(GoneText::Name, name) || is_cut;
        self.set_flag(bit::NAME_CUT, is_cut);
        self.words[at::NAMED_BY] = named_by.unwrap_or(0);
    }

    pub(crate) fn set_by_task(&mut self, id: u64, site: u64, name: &str) {
        self.words[at::BY] = id;
        self.words[at::BY_SITE] = site;
        self.set_text(GoneText::By, name);
    }

    pub(crate) fn set_by_executor(&mut self) {
        self.set_flag(bit::BY_EXECUTOR, true);
    }

    pub(crate) fn set_by_thread(&mut self, id: u64, name: &str) {
        self.words[at::BY_THREAD] = id;
        self.set_text(GoneText::Thread, name);
    }

    pub(crate) fn set_message(&mut self, message: &str, is_cut: bool) {
        let is_cut = self.set_text(GoneText::Message, message) || is_cut;
        self.set_flag(bit::MESSAGE_CUT, is_cut);
    }

    pub(crate) fn set_place(&mut self, file: &str, line: u32, column: u32) {
        let mut start = file
            .len()
            .saturating_sub(MAX_BYTES[GoneText::File as usize]);
        while !file.is_char_boundary(start) {
            start += 1;
        }
        self.set_text(GoneText::File, &file[start..]);
        self.words[at::PLACE] = u64::from(line) << 32 | u64::from(column);
    }

    fn set_flag(&mut self, flag: u64, on: bool) {
        if on {
            self.words[at::FLAGS] |= flag;
        }
    }

    /// Returns `true` if the text was cut.
    fn set_text(&mut self, kind: GoneText, text: &str) -> bool {
        let index = kind as usize;
        let len = boundary(text, MAX_BYTES[index]);
        let place = match kind {
            GoneText::Message => &mut self.message[..],
            _ => &mut self.texts[index][..],
        };
        place[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.lengths[index] = len;
        len < text.len()
    }

    /// Stores all words except the first one.
    pub(super) fn store(&self, words: &Words) {
        let mut text = [0; TEXT_BYTES];
        let (mut lengths, mut end) = (0, 0);
        let mut flags = self.words[at::FLAGS];
        for (index, &len) in self.lengths.iter().enumerate() {
            let bytes = match self.texts.get(index) {
                Some(bytes) => &bytes[..len],
                None => &self.message[..len],
            };
            // Each text is whole characters. The message alone may not have room enough.
            let text_of = std::str::from_utf8(bytes).unwrap_or("");
            let len = boundary(text_of, TEXT_BYTES - end);
            if len < bytes.len() {
                flags |= bit::MESSAGE_CUT;
            }
            text[end..end + len].copy_from_slice(&bytes[..len]);
            lengths |= (len as u64) << (LENGTH_BITS * index);
            end += len;
        }
        for (index, word) in self.words.iter().enumerate().skip(1) {
            let word = match index {
                at::LENGTHS => lengths,
                at::FLAGS => flags,
                _ => *word,
            };
            words[index].store(word, Ordering::Relaxed);
        }
        for (word, bytes) in words[at::TEXT..].iter().zip(text[..end].chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_ne_bytes(padded), Ordering::Relaxed);
        }
    }
}

/// Returns `true` if the entry may be of this task.
pub(super) fn is_of(words: &Words, id: u64) -> bool {
    words[at::ID].load(Ordering::Relaxed) == id
}

/// The words of an entry, copied out of any memory.
#[derive(Clone, Debug)]
pub struct GoneImage {
    words: [u64; at::TEXT],
    text: Box<[u8]>,
}

impl GoneImage {
    /// Reads an entry of this process. `None` if it is empty, or written at this moment.
    pub(super) fn read(words: &Words) -> Option<Self> {
        let before = words[at::SEQUENCE].load(Ordering::Acquire);
        let copy = words
            .each_ref()
            .map(|word: &AtomicU64| word.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        let after = words[at::SEQUENCE].load(Ordering::Relaxed);
        (before == after && before == copy[at::SEQUENCE])
            .then(|| Self::of_words(&copy))
            .flatten()
    }

    /// Takes the words of an entry. `None` if it is empty, or was written at that moment.
    pub fn of_words(copy: &[u64; ENTRY_WORDS]) -> Option<Self> {
        let sequence = copy[at::SEQUENCE];
        if sequence == 0 || sequence % 2 == 1 {
            return None;
        }
        let mut words = [0; at::TEXT];
        words.copy_from_slice(&copy[..at::TEXT]);
        let bytes = copy[at::TEXT..].iter().flat_map(|word| word.to_ne_bytes());
        Some(GoneImage {
            words,
            text: bytes.collect(),
        })
    }

    /// Returns a number that rises from entry to entry of a ring.
    pub fn ticket(&self) -> u64 {
        self.words[at::SEQUENCE] / 2
    }

    pub fn id(&self) -> u64 {
        self.words[at::ID]
    }

    /// Returns the address of the spawn site.
    pub fn site(&self) -> u64 {
        self.words[at::SITE]
    }

    /// Returns the tick of the spawn, in the upper half.
    pub fn spawned(&self) -> u64 {
        self.words[at::SPAWNED]
    }

    /// Returns the tick of the end, in the upper half.
    pub fn ended(&self) -> u64 {
        self.words[at::ENDED]
    }

    pub fn polls(&self) -> u32 {
        PollWord::from_word(self.words[at::POLLS]).polls()
    }

    /// Returns the flags of the task's word `polls`.
    pub fn flags(&self) -> u64 {
        PollWord::from_word(self.words[at::POLLS]).flags()
    }

    /// Returns the id of the task above, and the address of its site.
    pub fn parent(&self) -> Option<(u64, u64)> {
        let id = self.words[at::PARENT];
        (id != 0).then_some((id, self.words[at::PARENT_SITE]))
    }

    /// Returns the id of the task that has dropped this one.
    pub fn by_id(&self) -> Option<u64> {
        Some(self.words[at::BY]).filter(|&id| id != 0)
    }

    /// Returns the address of that task's site.
    pub fn by_site(&self) -> u64 {
        self.words[at::BY_SITE]
    }

    /// Returns `true` if that task's thread was in a `block_on`, outside of the poll of its own future.
    pub fn is_by_executor(&self) -> bool {
        self.words[at::FLAGS] & bit::BY_EXECUTOR != 0
    }

    /// Returns the system's id of the thread that has dropped this one.
    pub fn by_thread(&self) -> Option<u64> {
        Some(self.words[at::BY_THREAD]).filter(|&id| id != 0)
    }

    /// Returns the id of the task from which the name was inherited.
    pub fn named_by(&self) -> Option<u64> {
        Some(self.words[at::NAMED_BY]).filter(|&id| id != 0)
    }

    pub fn is_name_cut(&self) -> bool {
        self.words[at::FLAGS] & bit::NAME_CUT != 0
    }

    pub fn is_message_cut(&self) -> bool {
        self.words[at::FLAGS] & bit::MESSAGE_CUT != 0
    }

    /// Returns the file, the line and the column of the panic.
    pub fn place(&self) -> Option<(&str, u32, u32)> {
        let (file, place) = (self.text(GoneText::File), self.words[at::PLACE]);
        (!file.is_empty()).then_some((file, (place >> 32) as u32, place as u32))
    }

    /// Returns a text, or the empty one.
    pub fn text(&self, kind: GoneText) -> &str {
        let mask = (1 << LENGTH_BITS) - 1;
        let len = |index: usize| (self.words[at::LENGTHS] >> (LENGTH_BITS * index) & mask) as usize;
        let start: usize = (0..kind as usize).map(len).sum();
        let bytes = self.text.get(start..start + len(kind as usize));
        bytes.map_or("", |bytes| std::str::from_utf8(bytes).unwrap_or("?"))
    }
}
