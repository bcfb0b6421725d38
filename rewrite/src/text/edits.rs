//! Insertions: collected in the order of the walk, and then sorted.
//!
//! Several insertions may have the same offset. Their order follows from the expressions that they belong to. Insertions
//! behind an expression come before those in front of the next one. Of nested expressions, the outermost begins first
//! and ends last.

use std::cmp::Reverse;
use std::ops::Range;

/// Text that is put into a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Insertion {
    /// The offset, in bytes of the original.
    pub offset: usize,
    /// The inserted text, without a line break.
    pub text: String,
    /// The site to which the text belongs, as an index into [`Rewritten::sites`](super::Rewritten::sites). A table of
    /// sites has none.
    pub site: Option<usize>,
    /// The change of which the insertion is a part. Text between items has none.
    pub(super) wrapped: Option<usize>,
}

/// A change as a whole: a text around some tokens.
#[derive(Clone, Debug)]
pub(super) struct WrappedRange {
    /// The tokens, in bytes of the original.
    pub range: Range<usize>,
    /// The text in front of them.
    pub head: String,
    /// The text behind them.
    pub tail: String,
}

/// The order of insertions with the same offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// Behind an expression that ends here. The first insertion, which is the innermost, comes first.
    Before(usize),
    /// In front of an expression that begins here. The last insertion, which is the outermost, comes first.
    After(Reverse<usize>),
}

/// The insertions of a file, and the changes that they make up.
#[derive(Default)]
pub(super) struct Edits {
    insertions: Vec<(Side, Insertion)>,
    pub wrapped: Vec<WrappedRange>,
}

impl Edits {
    /// Puts something around tokens.
    pub(super) fn around(
        &mut self,
        range: Range<usize>,
        around: (String, String),
        site: Option<usize>,
    ) {
        let (head, tail) = around;
        let offsets = (range.start, range.end);
        let wrapped = Some(self.wrapped.len());
        self.before(offsets.0, head.clone(), site, wrapped);
        self.after(offsets.1, tail.clone(), site, wrapped);
        self.wrapped.push(WrappedRange { range, head, tail });
    }

    /// Puts something around tokens. Its head is at an offset to the left of them.
    pub(super) fn ahead(&mut self, range: Range<usize>, head: String, offset: usize) {
        let wrapped = Some(self.wrapped.len());
        if offset == range.start {
            self.before(offset, head.clone(), None, wrapped);
        } else {
            self.after(offset, format!(" {}", head.trim_end()), None, wrapped);
        }
        let tail = String::new();
        self.wrapped.push(WrappedRange { range, head, tail });
    }

    /// Inserts behind an item.
    pub(super) fn behind(&mut self, offset: usize, text: String) {
        self.after(offset, text, None, None);
    }

    /// Inserts behind the code that ends at the offset.
    fn after(&mut self, offset: usize, text: String, site: Option<usize>, wrapped: Option<usize>) {
        let side = Side::Before(self.insertions.len());
        self.insert(side, offset, text, site, wrapped);
    }

    /// Inserts in front of the code that begins at the offset.
    fn before(&mut self, offset: usize, text: String, site: Option<usize>, wrapped: Option<usize>) {
        let side = Side::After(Reverse(self.insertions.len()));
        self.insert(side, offset, text, site, wrapped);
    }

    fn insert(
        &mut self,
        side: Side,
        offset: usize,
        text: String,
        site: Option<usize>,
        wrapped: Option<usize>,
    ) {
        if !text.is_empty() {
            let insertion = Insertion {
                offset,
                text,
                site,
                wrapped,
            };
            self.insertions.push((side, insertion));
        }
    }

    /// Returns all insertions in the order of the text.
    pub(super) fn in_order(&mut self) -> Vec<Insertion> {
        let mut insertions = std::mem::take(&mut self.insertions);
        insertions.sort_by_key(|(side, insertion)| (insertion.offset, *side));
        insertions
            .into_iter()
            .map(|(_, insertion)| insertion)
            .collect()
    }
}

/// Returns the changes in the order of the text. A change around others comes before them.
pub(super) fn outside_in(wrapped: &[WrappedRange]) -> Vec<&WrappedRange> {
    let mut wrapped: Vec<_> = wrapped.iter().enumerate().collect();
    wrapped
        .sort_by_key(|(index, wrap)| (wrap.range.start, Reverse(wrap.range.end), Reverse(*index)));
    wrapped.into_iter().map(|(_, wrap)| wrap).collect()
}

/// Returns the offset in the old text of a byte of the new one. For inserted text, it is the offset of the insertion.
pub(super) fn original(offset: usize, insertions: &[Insertion]) -> usize {
    let mut added = 0;
    for insertion in insertions {
        let start = insertion.offset + added;
        if offset < start {
            break;
        }
        if offset < start + insertion.text.len() {
            return insertion.offset;
        }
        added += insertion.text.len();
    }
    offset - added
}

/// Puts sorted insertions into a text.
pub(super) fn apply(source: &str, insertions: &[Insertion]) -> String {
    let added: usize = insertions.iter().map(|one| one.text.len()).sum();
    let mut text = String::with_capacity(source.len() + added);
    let mut done = 0;
    for insertion in insertions {
        text.push_str(&source[done..insertion.offset]);
        text.push_str(&insertion.text);
        done = insertion.offset;
    }
    text.push_str(&source[done..]);
    text
}
