//! Words that are searched in all texts of a task.

use std::collections::HashMap;

use super::automaton::{Automaton, Item};
use super::pattern::anywhere;
use super::{Filter, Pace};
use crate::snapshot::compact::hash::IdHash;
use crate::snapshot::nodes::Snapshot;
use crate::snapshot::row::Row;
use crate::values::role::qualified;
use crate::values::stack::FrameTree;
use birthmark_core::__reader::label::Labels;

/// The words of a filter that is applied to one snapshot. A text that tasks share is searched once.
pub(super) struct Words<'a> {
    words: Vec<Automaton>,
    snapshot: &'a Snapshot,
    /// The words that a site and its role contain, by address.
    sites: HashMap<u64, Found, IdHash>,
    /// The words that a stack contains, by index.
    stacks: Vec<Found>,
    /// The words that a set of labels contains, by index.
    labels: Vec<Found>,
}

/// A bit for each word that was found. More words than bits are ignored.
type Found = u64;

impl<'a> Words<'a> {
    pub(super) fn new(filter: &Filter, snapshot: &'a Snapshot, pace: &mut Pace<'_>) -> Self {
        let words = filter.words.iter().take(Found::BITS as usize);
        let words: Vec<Automaton> = words.map(|word| automaton(word)).collect();
        let mut all = Words {
            words: Vec::new(),
            snapshot,
            sites: HashMap::default(),
            stacks: Vec::new(),
            labels: Vec::new(),
        };
        if !words.is_empty() {
            let stacks = snapshot.stacks.all().iter().take_while(|_| pace.step());
            all.stacks = stacks.map(|stack| in_stack(&words, stack)).collect();
            let labels = snapshot.labels.all().take_while(|_| pace.step());
            all.labels = labels.map(|labels| in_labels(&words, labels)).collect();
        }
        all.words = words;
        all
    }

    /// Returns `true` if the task contains all words.
    pub(super) fn are_in(&mut self, row: &Row) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let all = Found::MAX >> (Found::BITS as usize - self.words.len());
        let shared = self.in_site(row) | self.in_stack(row) | self.in_labels(row);
        shared == all || shared | self.in_own(row) == all
    }

    fn in_site(&mut self, row: &Row) -> Found {
        let (site, words) = (self.snapshot.site(row), &self.words);
        let look = || found(words, &qualified(site, site.role())) | found(words, &site.to_string());
        *self.sites.entry(site.address()).or_insert_with(look)
    }

    fn in_stack(&self, row: &Row) -> Found {
        let stack = self.snapshot.stack(row).index();
        let stack = stack.and_then(|stack| self.stacks.get(stack));
        stack.copied().unwrap_or(0)
    }

    fn in_labels(&self, row: &Row) -> Found {
        let labels = self.snapshot.labels_ref(row).index();
        let labels = labels.and_then(|labels| self.labels.get(labels));
        labels.copied().unwrap_or(0)
    }

    /// Searches the texts that a task does not share.
    fn in_own(&self, row: &Row) -> Found {
        let (words, snapshot) = (&self.words, self.snapshot);
        let role = match snapshot.is_external(row) {
            true => found(words, &snapshot.role(row)),
            false => 0,
        };
        role | found(words, snapshot.name_text(row))
            | found(words, snapshot.kind(row).as_str())
            | found(words, &snapshot.bare_state(row).to_string())
    }
}

/// Returns an automaton that finds a word anywhere in a text, in any case of ASCII letters.
fn automaton(word: &str) -> Automaton {
    let items: Vec<Item> = anywhere(word.chars().map(Item::Is)).collect();
    Automaton::new(&items, true)
}

fn in_stack(words: &[Automaton], stack: &FrameTree) -> Found {
    let lines = stack.frames.iter().map(|frame| frame.site().to_string());
    lines.fold(0, |all, line| all | found(words, &line))
}

fn in_labels(words: &[Automaton], labels: &Labels) -> Found {
    let labels = labels.iter();
    let labels = labels.map(|label| format!("{}={}", label.key(), label.value()));
    labels.fold(0, |all, label| all | found(words, &label))
}

fn found(words: &[Automaton], text: &str) -> Found {
    let bits = words.iter().enumerate();
    let bits = bits.map(|(place, word)| Found::from(word.matches(text)) << place);
    bits.fold(0, |all, bit| all | bit)
}

#[cfg(test)]
mod tests {
    use super::{automaton, found, Automaton};

    fn is_in(word: &str, text: &str) -> bool {
        automaton(word).matches(text)
    }

    #[test]
    fn word_is_found_anywhere_in_any_case() {
        for (word, text) in [
            ("", ""),
            ("a", "A"),
            ("NN 3", "conn 39"),
            ("ä", "bär"),
            ("*", "a*"),
        ] {
            assert!(is_in(word, text), "{word} {text}");
        }
        for (word, text) in [
            ("a", ""),
            ("ab", "a b"),
            ("conn 399", "conn 39"),
            ("a*b", "acb"),
            ("?", "a"),
        ] {
            assert!(!is_in(word, text), "{word} {text}");
        }
    }

    #[test]
    fn each_word_has_its_bit() {
        let words: Vec<Automaton> = ["conn", "39", "x"].map(automaton).into();
        assert_eq!(found(&words, "conn 39"), 0b011);
    }
}
