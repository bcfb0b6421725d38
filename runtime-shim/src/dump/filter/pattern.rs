//! Texts with wildcards.

/// A text in which `*` stands for any text and `?` for any character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        Pattern(pattern.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some part of `text` matches.
    pub(super) fn is_in(&self, text: &str) -> bool {
        Pattern(format!("*{}*", self.0)).matches(text)
    }

    /// Whether the whole of `text` matches. Takes at most the product of the lengths: on a mismatch,
    /// only the last `*` has to take one character more.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut text) = (self.0.chars(), text.chars());
        // Where to go on if what follows the last `*` does not match here.
        let mut retry = None;
        loop {
            let here = (pattern.clone(), text.clone());
            match (pattern.next(), text.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    text = here.1;
                    retry = Some((pattern.clone(), text.clone()));
                    continue;
                }
                (Some('?'), Some(_)) => continue,
                (Some(wanted), Some(found)) if wanted == found => continue,
                _ => {}
            }
            let Some((after_star, skipped)) = &mut retry else {
                return false;
            };
            if skipped.next().is_none() {
                return false;
            }
            (pattern, text) = (after_star.clone(), skipped.clone());
        }
    }
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
    fn many_stars_do_not_take_for_ever() {
        let pattern = Pattern::new(&"a*".repeat(100));
        assert!(!pattern.matches(&("a".repeat(99) + "b")));
    }
}
