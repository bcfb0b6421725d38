//! Texts that the program gives, as far as they are kept.

use std::fmt::{self, Write as _};

/// At most so many bytes of a text.
#[derive(Clone, Debug)]
pub struct BoundedText<const MAX_LEN: usize> {
    bytes: [u8; MAX_LEN],
    len: usize,
    cut: bool,
}

impl<const MAX_LEN: usize> BoundedText<MAX_LEN> {
    pub fn new(text: impl fmt::Display) -> Self {
        let mut kept = BoundedText {
            bytes: [0; MAX_LEN],
            len: 0,
            cut: false,
        };
        // It fails when the text is full, which stops the formatting of a 10 MB name early, or
        // because the program's own `Display` does; then there is what came before.
        let failed = write!(kept, "{text}").is_err();
        kept.cut |= failed;
        kept
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub fn as_str(&self) -> &str {
        // Only whole characters are taken.
        std::str::from_utf8(self.bytes()).unwrap_or("?")
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns `true` if it was longer.
    pub fn is_truncated(&self) -> bool {
        self.cut
    }
}

impl<const MAX_LEN: usize> fmt::Write for BoundedText<MAX_LEN> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = if self.cut { 0 } else { MAX_LEN - self.len };
        let taken = boundary(s, room);
        self.bytes[self.len..self.len + taken].copy_from_slice(&s.as_bytes()[..taken]);
        self.len += taken;
        // A `Display` may go on all the same.
        self.cut |= taken < s.len();
        if self.cut {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// The last character boundary of `s` at or before `most`.
pub fn boundary(s: &str, max: usize) -> usize {
    if s.len() <= max {
        return s.len();
    }
    (0..=max)
        .rev()
        .find(|&index| s.is_char_boundary(index))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::BoundedText;

    /// Goes on after an error, and says nothing of it.
    struct Careless<'a>(&'a [&'a str]);

    impl fmt::Display for Careless<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for part in self.0 {
                let _ = f.write_str(part);
            }
            Ok(())
        }
    }

    #[test]
    fn what_was_cut_says_so_and_goes_no_further() {
        for (parts, kept, cut) in [
            (&["abcd"][..], "abcd", false),
            (&["abcde"], "abcd", true),
            (&["abc", "ä", "x"], "abc", true),
            (&[], "", false),
        ] {
            let text = BoundedText::<4>::new(Careless(parts));
            assert_eq!(
                (text.as_str(), text.is_truncated()),
                (kept, cut),
                "{parts:?}"
            );
        }
    }
}
