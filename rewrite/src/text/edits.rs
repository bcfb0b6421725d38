//! Insertions, gathered in whatever order the walk comes by, and put in order.

/// Text that is put into a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in bytes of the original.
    pub offset: usize,
    /// What is inserted. It contains no line break.
    pub text: String,
    /// The site that it belongs to, as an index into [`Rewritten::sites`](super::Rewritten::sites); none for
    /// a table of sites.
    pub site: Option<usize>,
}

/// What an insertion holds on to, where several share an offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// The expression that ends here. What was inserted first, the innermost, comes first.
    Before(usize),
    /// The expression that begins here. What was inserted last, the outermost, comes first.
    After(std::cmp::Reverse<usize>),
}

/// The insertions of a file.
#[derive(Default)]
pub(super) struct Edits(Vec<(Side, Insertion)>);

impl Edits {
    /// Inserts behind what ends at the offset.
    pub(super) fn after(&mut self, offset: usize, text: String, site: Option<usize>) {
        let side = Side::Before(self.0.len());
        self.0.push((side, Insertion { offset, text, site }));
    }

    /// Inserts in front of what begins at the offset.
    pub(super) fn before(&mut self, offset: usize, text: String, site: Option<usize>) {
        let side = Side::After(std::cmp::Reverse(self.0.len()));
        self.0.push((side, Insertion { offset, text, site }));
    }

    /// All insertions in the order of the text.
    pub(super) fn in_order(mut self) -> Vec<Insertion> {
        self.0
            .sort_by_key(|(side, insertion)| (insertion.offset, *side));
        self.0.into_iter().map(|(_, insertion)| insertion).collect()
    }
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
