//! The labels of a task: one encoding in the registry, in dumps, and behind what programs see.
//!
//! By key, for each label the length of the key, that of the value, then both. The top bit of a length
//! says that the text was longer. A byte that is left over says that there were more labels.

use std::fmt::{self, Write};
use std::sync::Arc;

use super::MAX_LABEL_LEN;
use crate::types::escape::{escape, Quoted};

pub(super) const CUT: u8 = 0x80;
const _: () = assert!(MAX_LABEL_LEN < CUT as usize);

/// The labels of a task, by key.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(Option<Arc<[u8]>>);

impl Labels {
    /// No labels.
    #[doc(hidden)]
    pub const NONE: Labels = Labels(None);

    #[doc(hidden)]
    pub fn new(encoded: &[u8]) -> Self {
        Labels((!encoded.is_empty()).then(|| encoded.into()))
    }

    #[doc(hidden)]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Returns the label with this key.
    pub fn get(&self, key: &str) -> Option<Label<'_>> {
        self.iter().find(|label| label.key() == key)
    }

    /// Returns an iterator over the labels, in the order of their keys.
    pub fn iter(&self) -> LabelIter<'_> {
        LabelIter(self.as_slice())
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns `true` if there is no label.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns `true` if the task had more than [`MAX_LABELS`](crate::MAX_LABELS) labels.
    pub fn is_truncated(&self) -> bool {
        has_more(self.as_slice())
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = Label<'a>;
    type IntoIter = LabelIter<'a>;

    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

/// Writes the labels as a dump shows them: `shard=7 tenant="acme & sons"`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_labels(self.as_slice(), f)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.iter().map(|label| (label.key(), label.value()));
        f.debug_map().entries(labels).finish()
    }
}

/// An iterator over the labels of a task, which [`Labels::iter`] returns.
#[derive(Clone, Debug)]
pub struct LabelIter<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for LabelIter<'a> {
    type Item = Label<'a>;

    /// Nothing here panics, whatever is read: a thread that panics reads its labels.
    fn next(&mut self) -> Option<Label<'a>> {
        let (lengths, texts) = self.0.split_first_chunk::<2>()?;
        let [key, value] = lengths.map(|length| (usize::from(length & !CUT), length & CUT != 0));
        let (key, texts) = Part::split(texts, key)?;
        let (value, rest) = Part::split(texts, value)?;
        if key.text.is_empty() {
            return None;
        }
        self.0 = rest;
        Some(Label { key, value })
    }
}

/// Returns `true` if labels were left out.
pub(super) fn has_more(encoded: &[u8]) -> bool {
    let mut labels = LabelIter(encoded);
    labels.by_ref().for_each(drop);
    !labels.0.is_empty()
}

/// A label of a task.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label<'a> {
    pub(super) key: Part<'a>,
    pub(super) value: Part<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) cut: bool,
}

impl<'a> Part<'a> {
    /// The value of a local that is not shown.
    pub(super) const ABSENT: Part<'static> = Part {
        text: "",
        cut: true,
    };

    fn is_absent(self) -> bool {
        self == Part::ABSENT
    }

    fn split(texts: &'a [u8], (len, cut): (usize, bool)) -> Option<(Self, &'a [u8])> {
        let (text, rest) = texts.split_at_checked(len)?;
        // It was one when it was written.
        let text = std::str::from_utf8(text).unwrap_or("?");
        Some((Part { text, cut }, rest))
    }
}

impl<'a> Label<'a> {
    /// Returns the key without escapes. A key may contain any character.
    pub fn key(&self) -> &'a str {
        self.key.text
    }

    /// Returns the value without escapes. A value may contain any character.
    pub fn value(&self) -> &'a str {
        self.value.text
    }

    /// Returns `true` if the key or the value was longer than [`MAX_LABEL_LEN`] and was cut.
    pub fn is_truncated(&self) -> bool {
        self.key.cut || self.value.cut && !self.value.is_absent()
    }

    /// Returns the value of a local, or `None` if it is not shown.
    #[doc(hidden)]
    pub fn shown_value(&self) -> Option<&'a str> {
        (!self.value.is_absent()).then_some(self.value.text)
    }
}

/// Writes the label as a dump shows it: `tenant=acme`. An ambiguous key or value is in quotes.
impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_label(self, f)
    }
}

impl fmt::Debug for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Label")
            .field(&self.key())
            .field(&self.value())
            .finish()
    }
}

/// Writes labels on one line, with spaces in between.
pub fn write_labels(encoded: &[u8], out: &mut impl Write) -> fmt::Result {
    let mut separator = "";
    for label in LabelIter(encoded) {
        out.write_str(separator)?;
        write_label(&label, out)?;
        separator = " ";
    }
    match has_more(encoded) {
        true => write!(out, "{separator}…"),
        false => Ok(()),
    }
}

fn write_label(label: &Label<'_>, out: &mut impl Write) -> fmt::Result {
    write_part(label.key, out)?;
    if label.value.is_absent() {
        return Ok(());
    }
    out.write_char('=')?;
    write_part(label.value, out)
}

fn write_part(part: Part<'_>, out: &mut impl Write) -> fmt::Result {
    let Part { text, cut } = part;
    if cut || text.is_empty() || text.contains(is_unclear) {
        return write!(out, "{}", Quoted { text, cut });
    }
    escape(text, out)
}

/// Returns `true` if a character could end a text without quotes, or is shown with an escape.
fn is_unclear(character: char) -> bool {
    matches!(character, ' ' | '=' | '…') || character.escape_debug().len() > 1
}

#[cfg(test)]
mod tests {
    use super::{LabelIter, Labels};

    #[test]
    fn whatever_is_read_is_shown_without_a_panic() {
        let mut state = 7_u32;
        for length in 0..2_000 {
            let bytes = (0..length % 40).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Mostly short lengths, so that texts follow.
                (state >> 24) as u8 >> (state >> 16 & 7)
            });
            let bytes: Vec<u8> = bytes.collect();
            let labels = Labels::new(&bytes);
            assert!(LabelIter(&bytes).count() <= bytes.len() / 2);
            assert!(!labels.to_string().contains('\n'));
        }
    }

    #[test]
    fn what_is_unclear_is_in_quotes() {
        for (encoded, shown) in [
            (&b"\x01\x01kv"[..], "k=v"),
            (b"\x01\x81kv", "k=\"v…\""),
            (b"\x01\x03ka=b", "k=\"a=b\""),
            (b"\x01\x04kit's", "k=\"it's\""),
            (b"\x01\x01kv\0", "k=v …"),
            (b"\0", "…"),
            (b"", ""),
        ] {
            assert_eq!(Labels::new(encoded).to_string(), shown, "{encoded:?}");
        }
    }
}
