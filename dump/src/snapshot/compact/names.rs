//! The texts of names, one after the other.

use birthmark_core::__reader::bounded::boundary;
use birthmark_core::__reader::name::MAX_NAME_LEN;
use birthmark_core::__reader::name::{Name, NameOrigin};

/// Size of a piece. A text lies in one piece.
const PIECE: usize = 1 << 18;
/// Maximum number of pieces that a [`NameRef`] can refer to.
const MAX_PIECES: usize = 1 << 14;

/// Bytes before each text: its length and its flags.
const HEAD: usize = 2;
const LONGEST: usize = HEAD + MAX_NAME_LEN;
const TRUNCATED: u8 = 1;
const BY_HOOK: u8 = 2;
const _: () = assert!(MAX_NAME_LEN <= u8::MAX as usize);

/// The start of a name in all pieces. No name begins at the very end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRef(u32);

impl NameRef {
    /// No name.
    pub(crate) const NONE: NameRef = NameRef(u32::MAX);
    /// A name that was replaced while it was read.
    pub(crate) const LOST: NameRef = NameRef(u32::MAX - 1);
    /// A name that has no room after four gigabytes of names.
    const BEYOND: NameRef = NameRef(u32::MAX - 2);
}

#[derive(Debug, Default)]
pub(crate) struct Names {
    kept: NameTexts,
}

/// All names, each behind its length and its flags.
#[derive(Debug, Default)]
struct NameTexts(Vec<Vec<u8>>);

/// A name that was set. An empty name means none, and hides the name that would be inherited.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) struct Named<'a> {
    pub(crate) text: &'a str,
    is_truncated: bool,
    by_hook: bool,
}

impl Names {
    /// Adds a name.
    pub(crate) fn add(&mut self, text: &str, is_truncated: bool, is_by_hook: bool) -> NameRef {
        let flags = (u8::from(is_truncated) * TRUNCATED) | (u8::from(is_by_hook) * BY_HOOK);
        self.kept.push(text, flags)
    }

    /// Removes the name that was added last.
    pub(crate) fn forget(&mut self, name: NameRef) {
        if !matches!(name, NameRef::NONE | NameRef::LOST | NameRef::BEYOND) {
            self.kept.truncate(name.0 as usize);
        }
    }

    pub(crate) fn get(&self, name: NameRef) -> Option<Named<'_>> {
        match name {
            NameRef::NONE => None,
            NameRef::LOST => Some(Named::new("")),
            NameRef::BEYOND => Some(Named::new("(more names than a dump has room for)")),
            NameRef(start) => self.kept.get(start as usize),
        }
    }
}

impl NameTexts {
    fn push(&mut self, text: &str, flags: u8) -> NameRef {
        // What a program makes of its names may be longer than they are.
        let kept = &text[..boundary(text, MAX_NAME_LEN)];
        let truncated = u8::from(kept.len() < text.len()) * TRUNCATED;
        let Some((before, piece)) = self.room() else {
            return NameRef::BEYOND;
        };
        let start = (before + piece.len()) as u32;
        piece.extend([kept.len() as u8, flags | truncated]);
        piece.extend_from_slice(kept.as_bytes());
        NameRef(start)
    }

    /// Returns a piece with room for any name, and the size of all pieces before it.
    fn room(&mut self) -> Option<(usize, &mut Vec<u8>)> {
        let is_full = |piece: &Vec<u8>| piece.len() + LONGEST > PIECE;
        if self.0.last().is_none_or(is_full) {
            if self.0.len() == MAX_PIECES {
                return None;
            }
            self.0.push(Vec::with_capacity(PIECE));
        }
        let before = (self.0.len() - 1) * PIECE;
        Some((before, self.0.last_mut()?))
    }

    /// Removes the text that begins at this position in the last piece.
    fn truncate(&mut self, start: usize) {
        if let Some(piece) = self.0.get_mut(start / PIECE) {
            piece.truncate(start % PIECE);
        }
    }

    fn get(&self, start: usize) -> Option<Named<'_>> {
        let name = self.0.get(start / PIECE)?.get(start % PIECE..)?;
        let (head, texts) = name.split_first_chunk::<HEAD>()?;
        let [len, flags] = *head;
        Some(Named {
            // It was one when it was kept.
            text: std::str::from_utf8(&texts[..len.into()]).unwrap_or("?"),
            is_truncated: flags & TRUNCATED != 0,
            by_hook: flags & BY_HOOK != 0,
        })
    }
}

impl<'a> Named<'a> {
    fn new(text: &'a str) -> Self {
        Named {
            text,
            is_truncated: false,
            by_hook: false,
        }
    }

    /// Returns the name for programs, with `origin` or its own one. Returns `None` for the empty name.
    pub(crate) fn to_name(self, origin: Option<NameOrigin>) -> Option<Name> {
        let own = if self.by_hook {
            NameOrigin::Hook
        } else {
            NameOrigin::Explicit
        };
        (!self.text.is_empty())
            .then(|| Name::new(self.text.into(), self.is_truncated, origin.unwrap_or(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::{NameRef, NameTexts, Names, BY_HOOK, MAX_NAME_LEN, PIECE, TRUNCATED};

    #[test]
    fn names_of_all_lengths_are_found_again() {
        let mut kept = NameTexts::default();
        let long = "ä".repeat(MAX_NAME_LEN);
        let texts = (0..2 * PIECE / MAX_NAME_LEN).map(|number| &long[..2 * (number % 128)]);
        let all: Vec<_> = texts.map(|text| (kept.push(text, BY_HOOK), text)).collect();
        assert!(kept.0.len() > 1);
        for (name, text) in all {
            let found = kept.get(name.0 as usize).unwrap();
            assert_eq!(
                (found.text, found.is_truncated, found.by_hook),
                (text, false, true)
            );
        }
    }

    #[test]
    fn name_that_is_too_long_is_truncated_and_marked() {
        let mut kept = NameTexts::default();
        let long = kept.push(&"ä".repeat(MAX_NAME_LEN), 0);
        let found = kept.get(long.0 as usize).unwrap();
        assert_eq!(
            (found.text.len(), found.is_truncated),
            (MAX_NAME_LEN - 1, true)
        );
        let truncated_before = kept.push("a", TRUNCATED);
        assert!(kept.get(truncated_before.0 as usize).unwrap().is_truncated);
    }

    #[test]
    fn name_without_text_has_a_reason() {
        let names = Names::default();
        assert_eq!(names.get(NameRef::NONE), None);
        let text = |name| names.get(name).unwrap().text;
        assert_eq!(text(NameRef::LOST), "");
        assert!(text(NameRef::BEYOND).contains("more names"));
    }
}
