//! Texts with wildcards.

use super::automaton::{Automaton, Item};

/// A text in which `*` stands for any text and `?` for any character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    automaton: Automaton,
}

impl Pattern {
    /// Returns a pattern that matches a whole text.
    pub(super) fn new(pattern: &str) -> Self {
        let items: Vec<Item> = pattern.chars().map(item).collect();
        Pattern::of(pattern, &items)
    }

    /// Returns a pattern that matches if a part of the text does.
    pub(super) fn part(pattern: &str) -> Self {
        let items: Vec<Item> = anywhere(pattern.chars().map(item)).collect();
        Pattern::of(pattern, &items)
    }

    fn of(pattern: &str, items: &[Item]) -> Self {
        Pattern {
            text: pattern.to_owned(),
            automaton: Automaton::new(items, false),
        }
    }

    /// Returns the pattern as it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.automaton.matches(text)
    }
}

fn item(character: char) -> Item {
    match character {
        '*' => Item::AnyText,
        '?' => Item::Any,
        other => Item::Is(other),
    }
}

/// Returns the items with any text before and after them.
pub(super) fn anywhere(items: impl Iterator<Item = Item>) -> impl Iterator<Item = Item> {
    let any = || std::iter::once(Item::AnyText);
    any().chain(items).chain(any())
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn wildcards_match_what_they_should() {
        for (pattern, matching, other) in [
            ("", &[""][..], &["a"][..]),
            ("*", &["", "a", "*"], &[]),
            ("?*", &["a", "ä", "ab"], &[""]),
            ("req-*", &["req-", "req-7"], &["re", "a req-7"]),
            ("*::{async}", &["a::{async}", "::{async}"], &["a::{async}b"]),
            ("a*b*c", &["abc", "aXbYc", "abcbc"], &["acb", "ab"]),
            ("a?c", &["abc", "aüc"], &["ac", "abbc"]),
        ] {
            let pattern = Pattern::new(pattern);
            for text in matching {
                assert!(pattern.matches(text), "{pattern:?} {text:?}");
            }
            for text in other {
                assert!(!pattern.matches(text), "{pattern:?} {text:?}");
            }
        }
    }

    #[test]
    fn part_matches_anywhere_in_a_text() {
        let pattern = Pattern::part("b?d");
        assert!(pattern.matches("abcde") && pattern.matches("bxd"));
        assert!(!pattern.matches("bd") && !pattern.matches("abc"));
    }
}
