//! Matching in linear time.
//!
//! A pattern is a sequence of characters. At both ends and between any two of them, other text may be allowed. The
//! automaton keeps the set of all prefixes of the sequence that the text so far can stand for, one bit each. A
//! character of the text changes the whole set by a shift and two masks. So it costs as many steps as the set has
//! machine words, for any text and any pattern. (Baeza-Yates and Gonnet, A New Approach to Text Searching, CACM 35,
//! 1992.)

/// One character of a pattern.
#[derive(Clone, Copy)]
pub(super) enum Item {
    Is(char),
    /// Any character.
    Any,
    /// Any text, also an empty one. This item counts as no character.
    AnyText,
}

/// A pattern, ready to be compared with texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Automaton {
    /// The number of characters.
    len: usize,
    /// The different characters, sorted. A letter is a place in it, counted from 1; any other character is the letter
    /// 0.
    alphabet: Vec<char>,
    /// The letters of ASCII characters, which come first in the alphabet.
    ascii: [u8; 128],
    /// For each letter, the characters of the pattern that it can stand for.
    accepted: Vec<Set>,
    /// The prefixes after which any text is allowed.
    stays: Set,
}

/// A set of numbers from 0 to the length of a pattern.
type Set = Box<[u64]>;

const BITS: usize = u64::BITS as usize;

impl Automaton {
    /// With `ignores_case`, ASCII letters are equal to their other case.
    pub(super) fn new(items: &[Item], ignores_case: bool) -> Self {
        let alphabet = alphabet(items, ignores_case);
        let len = items
            .iter()
            .filter(|item| !matches!(item, Item::AnyText))
            .count();
        let none = vec![0; len / BITS + 1].into_boxed_slice();
        let mut automaton = Automaton {
            len,
            ascii: ascii(&alphabet, ignores_case),
            accepted: vec![none.clone(); alphabet.len() + 1],
            alphabet,
            stays: none,
        };
        let mut place = 0;
        for item in items {
            match *item {
                Item::AnyText => add(&mut automaton.stays, place),
                Item::Any => automaton
                    .accepted
                    .iter_mut()
                    .for_each(|set| add(set, place)),
                Item::Is(character) => {
                    let letter = automaton.letter(character);
                    add(&mut automaton.accepted[letter], place);
                }
            }
            place += usize::from(!matches!(item, Item::AnyText));
        }
        automaton
    }

    /// Returns `true` if the whole of `text` matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.run(text, || ())
    }

    /// Calls `on_step` for each word of the set that is looked at.
    fn run(&self, text: &str, on_step: impl FnMut()) -> bool {
        match *self.stays {
            [stays] => self.run_word(text, stays, on_step),
            _ => self.run_words(text, on_step),
        }
    }

    /// Runs a pattern whose sets have one word, which nearly all patterns are.
    fn run_word(&self, text: &str, stays: u64, mut on_step: impl FnMut()) -> bool {
        let end = 1_u64 << self.len;
        let mut reached = 1;
        for character in text.chars() {
            on_step();
            let accepted = self.accepted[self.letter(character)][0];
            reached = (reached & accepted) << 1 | reached & stays;
            // Nothing can match any more, or whatever comes does.
            if reached == 0 || reached & stays & end != 0 {
                break;
            }
        }
        reached & end != 0
    }

    fn run_words(&self, text: &str, mut on_step: impl FnMut()) -> bool {
        let mut reached = vec![0; self.stays.len()];
        reached[0] = 1;
        for character in text.chars() {
            let accepted = &self.accepted[self.letter(character)];
            let (mut carry, mut any) = (0, 0);
            for (word, reached) in reached.iter_mut().enumerate() {
                on_step();
                let moves = *reached & accepted[word];
                *reached = moves << 1 | carry | *reached & self.stays[word];
                carry = moves >> (BITS - 1);
                any |= *reached;
            }
            if any == 0 {
                return false;
            }
        }
        reached[self.len / BITS] >> (self.len % BITS) & 1 == 1
    }

    fn letter(&self, character: char) -> usize {
        match self.ascii.get(character as usize) {
            Some(&letter) => letter.into(),
            None => letter_in(&self.alphabet, character),
        }
    }
}

fn alphabet(items: &[Item], ignores_case: bool) -> Vec<char> {
    let characters = items.iter().filter_map(|item| match item {
        Item::Is(character) => Some(fold(*character, ignores_case)),
        Item::Any | Item::AnyText => None,
    });
    let mut alphabet: Vec<char> = characters.collect();
    alphabet.sort_unstable();
    alphabet.dedup();
    alphabet
}

fn ascii(alphabet: &[char], ignores_case: bool) -> [u8; 128] {
    let mut letters = [0; 128];
    for (byte, letter) in (0..).zip(&mut letters) {
        // There are no more than 128 such letters, since they are the first.
        *letter = letter_in(alphabet, fold(char::from(byte), ignores_case)) as u8;
    }
    letters
}

fn letter_in(alphabet: &[char], character: char) -> usize {
    alphabet
        .binary_search(&character)
        .map_or(0, |place| place + 1)
}

fn fold(character: char, ignores_case: bool) -> char {
    match ignores_case {
        true => character.to_ascii_lowercase(),
        false => character,
    }
}

fn add(set: &mut [u64], place: usize) {
    set[place / BITS] |= 1 << (place % BITS);
}

#[cfg(test)]
mod tests {
    use super::{Automaton, Item};

    fn items(pattern: &str) -> Vec<Item> {
        let item = |character| match character {
            '*' => Item::AnyText,
            '?' => Item::Any,
            other => Item::Is(other),
        };
        pattern.chars().map(item).collect()
    }

    /// The definition, which may take for ever.
    fn is_match(pattern: &[Item], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, first) => first.is_none(),
            (Some((Item::AnyText, rest)), first) => {
                is_match(rest, text) || first.is_some_and(|(_, text)| is_match(pattern, text))
            }
            (Some((Item::Any, rest)), Some((_, text))) => is_match(rest, text),
            (Some((Item::Is(wanted), rest)), Some((found, text))) => {
                wanted == found && is_match(rest, text)
            }
            (Some(_), None) => false,
        }
    }

    /// All texts of these characters, up to a length.
    fn texts(of: &[char], most: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..most {
            let longer = last
                .iter()
                .flat_map(|text| of.iter().map(move |c| format!("{text}{c}")));
            last = longer.collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn short_pattern_matches_as_the_definition_says() {
        let texts = texts(&['a', 'b'], 6);
        for pattern in self::texts(&['a', 'b', '*', '?'], 5) {
            let items = items(&pattern);
            let automaton = Automaton::new(&items, false);
            for text in &texts {
                let expected = is_match(&items, &text.chars().collect::<Vec<_>>());
                assert_eq!(automaton.matches(text), expected, "{pattern} {text}");
            }
        }
    }

    #[test]
    fn long_pattern_matches_across_words() {
        for len in [62, 63, 64, 65, 127, 128, 200] {
            let text: String = ('a'..='z').chain('α'..='ω').cycle().take(len).collect();
            for pattern in [
                text.clone(),
                format!("*{text}"),
                format!("{text}*"),
                "?".repeat(len),
            ] {
                let automaton = Automaton::new(&items(&pattern), false);
                assert!(automaton.matches(&text), "{pattern}");
                let shorter = &text[1..];
                assert!(!automaton.matches(shorter), "{pattern}");
            }
        }
    }

    /// Patterns for which a search that goes back takes a square of this, or more.
    #[test]
    fn text_costs_a_step_for_each_character_and_word_of_the_pattern() {
        let long = "a".repeat(5000);
        let hostile = [
            "*".to_owned() + &"a".repeat(500) + "b",
            "a*".repeat(250) + "b",
            "*a".repeat(250) + "b",
            "*?a".repeat(200) + "b*",
            "?".repeat(500) + "*b",
            "*a?a*a?b".to_owned(),
        ];
        for pattern in hostile {
            let automaton = Automaton::new(&items(&pattern), false);
            for text in [&long[..100], &long[..1000], &long] {
                let mut steps = 0;
                assert!(!automaton.run(text, || steps += 1), "{pattern}");
                let words = pattern.len() / 64 + 1;
                assert!(steps <= text.len() * words, "{steps} for {pattern}");
            }
        }
    }

    #[test]
    fn case_is_ignored_only_if_that_is_wanted() {
        for (ignores_case, expected) in [(true, true), (false, false)] {
            let automaton = Automaton::new(&items("*Conn 7*"), ignores_case);
            assert_eq!(automaton.matches("a cONN 71"), expected);
            assert!(automaton.matches("Conn 7"));
            assert_eq!(automaton.matches("Ä conn 7"), expected);
        }
    }
}
