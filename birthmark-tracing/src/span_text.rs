//! The name and the fields of a span: as text, and in a slot that others read without a lock.

use std::fmt::{self, Write};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering, fence};

use tracing::Metadata;
use tracing::field::{Field, Visit};

/// A span of one subscriber: the number of its layer, and its id there.
pub(crate) type SpanKey = (u64, u64);

/// Words of a slot for the fields of a span.
const WORDS: usize = 30;
const BYTES: usize = WORDS * 8;

/// Longest text of a key or a value.
const MAX_PART: usize = 100;

/// How often a reader tries again while a slot is written.
const TRIES: usize = 64;

/// The name and the fields of a span. Fields beyond the room are left out.
#[derive(Clone)]
pub(crate) struct SpanText {
    metadata: &'static Metadata<'static>,
    /// For each field, the lengths of the key and of the value, and both.
    bytes: [u8; BYTES],
    len: usize,
}

impl SpanText {
    pub(crate) fn new(metadata: &'static Metadata<'static>) -> Self {
        SpanText {
            metadata,
            bytes: [0; BYTES],
            len: 0,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.metadata.name()
    }

    /// Returns keys and values. A value that was recorded twice is there twice.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = &self.bytes[..self.len];
        std::iter::from_fn(move || {
            let (&[key, value], texts) = rest.split_first_chunk::<2>()?;
            let (key, texts) = texts.split_at_checked(key.into())?;
            let (value, texts) = texts.split_at_checked(value.into())?;
            rest = texts;
            Some((str::from_utf8(key).ok()?, str::from_utf8(value).ok()?))
        })
    }

    fn push(&mut self, key: &str, value: &impl fmt::Display) {
        let mut text = Bounded::default();
        // An error means that there is more text.
        let _ = write!(text, "{value}");
        let (key, value) = (beginning(key, MAX_PART), text.as_str());
        let needed = 2 + key.len() + value.len();
        if needed > BYTES - self.len {
            return;
        }
        let lengths = [key.len() as u8, value.len() as u8];
        for part in [&lengths[..], key.as_bytes(), value.as_bytes()] {
            self.bytes[self.len..][..part.len()].copy_from_slice(part);
            self.len += part.len();
        }
    }
}

impl Visit for SpanText {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field.name(), &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field.name(), &format_args!("{value:?}"));
    }
}

/// The beginning of a text.
struct Bounded {
    bytes: [u8; MAX_PART],
    len: usize,
}

impl Default for Bounded {
    fn default() -> Self {
        Bounded {
            bytes: [0; MAX_PART],
            len: 0,
        }
    }
}

impl Bounded {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let taken = beginning(piece, MAX_PART - self.len);
        self.bytes[self.len..][..taken.len()].copy_from_slice(taken.as_bytes());
        self.len += taken.len();
        match taken.len() == piece.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

/// Returns the beginning of a text, up to a number of bytes, without a part of a character.
fn beginning(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A slot with a [`SpanText`].
#[derive(Debug, Default)]
pub(crate) struct TextSlot {
    /// Odd while the slot is written.
    version: AtomicU64,
    layer: AtomicU64,
    /// The id of the span, or 0.
    id: AtomicU64,
    metadata: AtomicPtr<Metadata<'static>>,
    len: AtomicU64,
    words: [AtomicU64; WORDS],
}

impl TextSlot {
    /// Writes the text of a span. The owner of the slot calls this, one call after the other.
    pub(crate) fn write(&self, (layer, id): SpanKey, text: &SpanText) {
        self.change(|| {
            self.layer.store(layer, Ordering::Relaxed);
            self.id.store(id, Ordering::Relaxed);
            let metadata = ptr::from_ref(text.metadata).cast_mut();
            self.metadata.store(metadata, Ordering::Relaxed);
            self.len.store(text.len as u64, Ordering::Relaxed);
            let (words, _) = text.bytes.as_chunks::<8>();
            let used = text.len.div_ceil(8);
            for (word, bytes) in self.words.iter().zip(words).take(used) {
                word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
            }
        });
    }

    /// Makes the slot that of no span.
    pub(crate) fn clear(&self) {
        self.change(|| self.id.store(0, Ordering::Relaxed));
    }

    fn change(&self, change: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        change();
        self.version.store(version + 2, Ordering::Release);
    }

    /// Reads the slot. Returns `None` if it is that of no span, or changes all the time.
    pub(crate) fn read(&self) -> Option<(SpanKey, SpanText)> {
        (0..TRIES).find_map(|_| self.try_read())?
    }

    fn try_read(&self) -> Option<Option<(SpanKey, SpanText)>> {
        let version = self.version.load(Ordering::Acquire);
        let key = (
            self.layer.load(Ordering::Relaxed),
            self.id.load(Ordering::Relaxed),
        );
        let metadata = self.metadata.load(Ordering::Relaxed);
        let len = self.len.load(Ordering::Relaxed) as usize;
        let words = self.words.each_ref().map(|it| it.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if version % 2 == 1 || self.version.load(Ordering::Relaxed) != version {
            return None;
        }
        // SAFETY: the pointer is null, or comes from a `&'static Metadata` in `write`.
        let metadata = unsafe { metadata.as_ref() };
        let Some(metadata) = metadata.filter(|_| key.1 != 0) else {
            return Some(None);
        };
        let mut text = SpanText::new(metadata);
        let (bytes, _) = text.bytes.as_chunks_mut::<8>();
        for (bytes, word) in bytes.iter_mut().zip(words) {
            *bytes = word.to_ne_bytes();
        }
        text.len = len.min(BYTES);
        Some(Some((key, text)))
    }
}

#[cfg(test)]
mod tests {
    use tracing_core::callsite::Callsite;

    use super::{SpanText, TextSlot};
    use crate::callsite::TaskCallsite;

    fn text() -> SpanText {
        let sites = birthmark::sites();
        let site = sites.first().expect("the test has a spawn").site;
        SpanText::new(TaskCallsite::of(site, tracing::Level::INFO).metadata())
    }

    #[birthmark::instrument]
    fn spawn() {
        std::thread::scope(|scope| drop(scope.spawn(|| ())));
    }

    #[test]
    fn slot_gives_back_what_was_written() {
        spawn();
        let slot = TextSlot::default();
        assert!(slot.read().is_none());
        let mut text = text();
        text.push("id", &7);
        text.push("long", &"ä".repeat(200));
        text.push("much", &"x".repeat(200));
        text.push("beyond the room", &"x".repeat(200));
        slot.write((0, 3), &text);
        let (key, read) = slot.read().expect("it was written");
        let fields: Vec<_> = read
            .fields()
            .map(|(key, value)| (key, value.len()))
            .collect();
        assert_eq!(
            (key, fields),
            ((0, 3), vec![("id", 1), ("long", 100), ("much", 100)])
        );
        slot.clear();
        assert!(slot.read().is_none());
    }
}
