//! The content of name nodes: the text of a name, and labels.

use std::sync::atomic::{fence, Ordering};

use super::read::{NameWords, Record};
use super::slot::{id_of_continuation, Link, Slot, CONTINUED_WORDS, NAME_WORDS};
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

/// Text is read in parts of this many bytes, whole ones.
const PART: usize = 8 * CONTINUED_WORDS;
const NAME_ROOM: usize = MAX_NAME_LEN + PART;
const ROOM: usize = MAX_NAME_LEN + MAX_LABELS_LEN + PART;

impl Record {
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

    /// The text of a name.
    pub fn text(&self) -> Option<NameText> {
        let mut text = NameText::default();
        self.read_text(&mut text).map(|()| text)
    }

    /// Reads the text of a name into a place that may be used again: it is large, and there may be millions of names.
    pub fn read_text(&self, text: &mut NameText) -> Option<()> {
        let words = self.name_words()?;
        let len = words.lengths.0.min(MAX_NAME_LEN);
        (text.len, text.flags) = (len, self.flags());
        self.read_bytes(&words, &mut text.bytes, len)
    }

    /// The labels of a name node.
    pub fn labels(&self) -> Option<LabelBytes> {
        let words = self.name_words()?;
        let (name, labels) = words.lengths;
        let start = name.min(MAX_NAME_LEN);
        let end = start + labels.min(MAX_LABELS_LEN);
        let mut bytes = LabelBytes {
            bytes: [0; ROOM],
            start,
            end,
        };
        self.read_bytes(&words, &mut bytes.bytes, end)
            .map(|()| bytes)
    }

    /// The labels that hold from a node on: those of the nearest name node that has any.
    pub fn effective_labels(&self) -> Option<LabelBytes> {
        let mut node = *self;
        while !node.has_labels() {
            node = node.parent().node()?;
        }
        node.labels()
    }

    /// Reads the first `len` bytes of a name node's text.
    fn read_bytes(&self, name: &NameWords, bytes: &mut [u8], len: usize) -> Option<()> {
        let mut words = bytes.chunks_exact_mut(8);
        // The words come first: `zip` would take a part of the text for which there is no word.
        for (word, into) in name.first.into_iter().zip(&mut words) {
            into.copy_from_slice(&word.to_ne_bytes());
        }
        let mut room = len.saturating_sub(8 * NAME_WORDS);
        let mut next = name.continuation;
        while let Some(part) = next.filter(|_| room > 0) {
            next = read_part(self.id, part, &mut words)?;
            room = room.saturating_sub(PART);
        }
        // A part for which there was no memory is empty. The buffer may contain an earlier text.
        bytes[len - room..len].fill(0);
        self.is_current().then_some(())
    }
}

/// Reads a part of the name `id`. Returns the next part.
fn read_part(
    id: u64,
    part: &'static Slot,
    into: &mut std::slice::ChunksExactMut<'_, u8>,
) -> Option<Option<&'static Slot>> {
    let id = id_of_continuation(id);
    if part.id.load(Ordering::Acquire) != id {
        return None;
    }
    for (word, into) in part.text_words().into_iter().zip(&mut *into) {
        into.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
    }
    let next = part.spawned.load(Ordering::Relaxed);
    fence(Ordering::Acquire);
    if part.id() != id {
        return None;
    }
    // SAFETY: the slot was a continuation before and after the word was read, so the word is a link.
    Some(unsafe { Link::decode(next) })
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
#[derive(Debug)]
pub struct LabelBytes {
    bytes: [u8; ROOM],
    start: usize,
    end: usize,
}

impl LabelBytes {
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}
