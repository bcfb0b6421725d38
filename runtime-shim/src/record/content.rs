//! The content of name nodes: the text of a name, labels, and what is shown of locals.

use std::sync::atomic::{fence, Ordering};

use super::image::NameWords;
use super::read::Record;
use super::slot::{id_of_continuation, Link, CONTINUED_WORDS};
use super::words::flag;

/// The maximum length of a name in bytes. A longer name is cut at a character boundary and shown with an ellipsis.
pub const MAX_NAME_LEN: usize = 255;

/// The maximum number of labels of a task. Further labels are dropped, and dumps mark the omission.
pub const MAX_LABELS: usize = 8;

/// The maximum length of the key and of the value of a label in bytes. A longer text is cut at a character boundary
/// and shown with an ellipsis.
pub const MAX_LABEL_LEN: usize = 127;

/// The most bytes that labels take, encoded.
pub const MAX_LABELS_LEN: usize = MAX_LABELS * 2 * (1 + MAX_LABEL_LEN) + 1;

/// The most bytes that the text of locals takes, encoded like labels.
pub const MAX_LOCALS_LEN: usize = MAX_LABELS_LEN;

/// Text is read in parts of this many bytes, whole ones.
const PART: usize = 8 * CONTINUED_WORDS;
const NAME_ROOM: usize = MAX_NAME_LEN + PART;
const LABELS_ROOM: usize = MAX_NAME_LEN + MAX_LABELS_LEN + PART;
const LOCALS_ROOM: usize = MAX_NAME_LEN + MAX_LABELS_LEN + MAX_LOCALS_LEN + PART;

impl Record {
    /// The text of a name.
    pub fn text(&self) -> Option<NameText> {
        let mut text = NameText::default();
        self.read_text(&mut text).map(|()| text)
    }

    /// Reads the text of a name into a place that may be used again: it is large, and there may be millions of names.
    pub fn read_text(&self, text: &mut NameText) -> Option<()> {
        self.name_words()?.read_text(text, read_part)?;
        self.is_current().then_some(())
    }

    /// The labels of a name node.
    pub fn labels(&self) -> Option<LabelBytes> {
        let labels = self.name_words()?.labels(read_part)?;
        self.is_current().then_some(labels)
    }

    /// The name that a node inherits, and the task that has it: that of the nearest name node above that has any.
    pub fn inherited_text(&self) -> Option<(NameText, Record)> {
        self.inherited_text_within(usize::MAX)
    }

    /// As [`Record::inherited_text`], if the name is among so many nodes above.
    pub(crate) fn inherited_text_within(&self, nodes: usize) -> Option<(NameText, Record)> {
        let mut node = self.parent().node()?;
        for _ in 1..nodes {
            if node.has_name() {
                return Some((node.text()?, node.task()?));
            }
            node = node.parent().node()?;
        }
        None
    }

    /// Returns what is shown of the locals of a task, which has this name node.
    pub fn locals(&self) -> Option<LocalBytes> {
        let locals = self.name_words()?.locals(read_part)?;
        self.is_current().then_some(locals)
    }

    /// The labels that hold from a node on: those of the nearest name node that has any.
    pub fn effective_labels(&self) -> Option<LabelBytes> {
        let mut node = *self;
        while !node.has_labels() {
            node = node.parent().node()?;
        }
        node.labels()
    }
}

/// A slot that continues the text of a name.
#[derive(Clone, Copy, Debug)]
pub struct TextPart {
    text: [u64; CONTINUED_WORDS],
    /// Link to the next one.
    next: u64,
}

impl TextPart {
    /// Takes the words of a slot in their order. Returns `None` unless the slot continues a name with this id.
    pub fn of_words(words: [u64; 8], name: u64) -> Option<Self> {
        let [id, text @ .., next] = words;
        (id == id_of_continuation(name)).then_some(TextPart { text, next })
    }
}

/// The text is read through a function that reads the slot behind a link, if the slot still continues the name with
/// this id.
impl NameWords {
    /// Reads the name.
    pub fn read_text(
        &self,
        text: &mut NameText,
        read: impl FnMut(u64, u64) -> Option<TextPart>,
    ) -> Option<()> {
        let len = self.lengths.name.min(MAX_NAME_LEN);
        (text.len, text.flags) = (len, self.flags);
        self.read_bytes(&mut text.bytes, len, read)
    }

    /// Reads the labels.
    pub fn labels(&self, read: impl FnMut(u64, u64) -> Option<TextPart>) -> Option<LabelBytes> {
        let start = self.lengths.name.min(MAX_NAME_LEN);
        let end = start + self.lengths.labels.min(MAX_LABELS_LEN);
        self.read_range(start, end, read)
    }

    /// Reads what is shown of locals.
    pub fn locals(&self, read: impl FnMut(u64, u64) -> Option<TextPart>) -> Option<LocalBytes> {
        let name = self.lengths.name.min(MAX_NAME_LEN);
        let start = name + self.lengths.labels.min(MAX_LABELS_LEN);
        let end = start + self.lengths.locals.min(MAX_LOCALS_LEN);
        self.read_range(start, end, read)
    }

    fn read_range<const N: usize>(
        &self,
        start: usize,
        end: usize,
        read: impl FnMut(u64, u64) -> Option<TextPart>,
    ) -> Option<EncodedBytes<N>> {
        let mut bytes = EncodedBytes {
            bytes: [0; N],
            start,
            end,
        };
        self.read_bytes(&mut bytes.bytes, end, read)?;
        Some(bytes)
    }

    /// Reads the first `len` bytes of the text.
    fn read_bytes(
        &self,
        bytes: &mut [u8],
        len: usize,
        mut read: impl FnMut(u64, u64) -> Option<TextPart>,
    ) -> Option<()> {
        let mut words = bytes.chunks_exact_mut(8);
        // The words come first: `zip` would take a part of the text for which there is no word.
        let first = &self.first[text_start(self.flags)..];
        for (word, into) in first.iter().zip(&mut words) {
            into.copy_from_slice(&word.to_ne_bytes());
        }
        let mut room = len.saturating_sub(8 * first.len());
        let mut next = self.continuation;
        while next != 0 && room > 0 {
            let part = read(next, self.id)?;
            for (word, into) in part.text.into_iter().zip(&mut words) {
                into.copy_from_slice(&word.to_ne_bytes());
            }
            next = part.next;
            room = room.saturating_sub(PART);
        }
        // A part for which there was no memory is empty. The buffer may contain an earlier text.
        bytes[len - room..len].fill(0);
        Some(())
    }
}

/// Returns the index of the first word of text in a name node with these flags.
pub(super) const fn text_start(flags: u64) -> usize {
    (flags & flag::LOCALS != 0) as usize
}

/// Reads a part of the name `id` in this process.
#[inline]
fn read_part(link: u64, id: u64) -> Option<TextPart> {
    // SAFETY: the link is that of a name which was consistent, or of a part that was one before and after its link was
    // read. Slots are never unmapped.
    let part = unsafe { Link::decode(link) }?;
    let id = id_of_continuation(id);
    if part.id.load(Ordering::Acquire) != id {
        return None;
    }
    let text = part.text_words().map(|word| word.load(Ordering::Relaxed));
    let next = part.spawned.load(Ordering::Relaxed);
    fence(Ordering::Acquire);
    (part.id() == id).then_some(TextPart { text, next })
}

/// The text of a name, on the stack.
#[derive(Clone, Copy, Debug)]
pub struct NameText {
    bytes: [u8; NAME_ROOM],
    len: usize,
    flags: u64,
}

impl Default for NameText {
    fn default() -> Self {
        NameText {
            bytes: [0; NAME_ROOM],
            len: 0,
            flags: 0,
        }
    }
}

impl NameText {
    #[inline]
    pub fn as_str(&self) -> &str {
        // It was valid when it was written; a reader that panics must not panic again.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("?")
    }

    /// Returns `true` if it was longer than names are.
    #[inline]
    pub fn is_truncated(&self) -> bool {
        self.flags & flag::CUT != 0
    }

    #[inline]
    pub fn is_by_hook(&self) -> bool {
        self.flags & flag::BY_HOOK != 0
    }
}

/// Labels, encoded, on the stack.
pub type LabelBytes = EncodedBytes<LABELS_ROOM>;

/// The shown text of locals, encoded like labels, on the stack.
pub type LocalBytes = EncodedBytes<LOCALS_ROOM>;

/// Labels or locals, encoded, on the stack.
#[derive(Debug)]
pub struct EncodedBytes<const N: usize> {
    bytes: [u8; N],
    start: usize,
    end: usize,
}

impl<const N: usize> EncodedBytes<N> {
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}
