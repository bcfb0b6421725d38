//! Insertions, gathered in whatever order the walk comes by, and put in order.

use std::cmp::Reverse;
use std::ops::Range;

/// Text that is put into a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in bytes of the original.
    pub offset: usize,
    /// What is inserted. It contains no line break.
    pub text: String,
    /// The site that it belongs to, as an index into [`Rewritten::sites`](super::Rewritten::sites); none for
    /// a table of sites.
    pub site: Option<usize>,
    /// The change that it is a part of; none for what stands between items.
    pub(super) wrapped: Option<usize>,
}

/// A change as a whole: what is put around some tokens.
#[derive(Clone, Debug)]
pub(super) struct WrappedRange {
    /// The tokens, in bytes of the original.
    pub range: Range<usize>,
    /// What is put in front of them.
    pub head: String,
    /// What is put behind them.
    pub tail: String,
}

/// What an insertion holds on to, where several share an offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// The expression that ends here. What was inserted first, the innermost, comes first.
    Before(usize),
    /// The expression that begins here. What was inserted last, the outermost, comes first.
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

    /// Puts something around tokens, and its head farther to the left, in front of them or in between.
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

    /// Inserts behind what ends at the offset.
    fn after(&mut self, offset: usize, text: String, site: Option<usize>, wrapped: Option<usize>) {
        let side = Side::Before(self.insertions.len());
        self.insert(side, offset, text, site, wrapped);
    }

    /// Inserts in front of what begins at the offset.
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

    /// All insertions in the order of the text.
    pub(super) fn in_order(&mut self) -> Vec<Insertion> {
        let mut insertions = std::mem::take(&mut self.insertions);
        insertions.sort_by_key(|(side, insertion)| (insertion.offset, *side));
        insertions
            .into_iter()
            .map(|(_, insertion)| insertion)
            .collect()
    }
}

/// Changes in the order of the text, what is around others first.
pub(super) fn outside_in(wrapped: &[WrappedRange]) -> Vec<&WrappedRange> {
    let mut wrapped: Vec<_> = wrapped.iter().enumerate().collect();
    wrapped
        .sort_by_key(|(index, wrap)| (wrap.range.start, Reverse(wrap.range.end), Reverse(*index)));
    wrapped.into_iter().map(|(_, wrap)| wrap).collect()
}

/// Where a byte of the new text stood in the old one; for what was inserted, where it was put.
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

/// Puts insertions, which are in order, into a text.
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
