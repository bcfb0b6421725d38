//! The glossary: the terms that a reader must learn, and no more.

use std::fs;

use birthmark_test_support::files::{self, has_extension, root};

/// Maximum number of terms. Other words have their usual meaning.
const MAX_TERMS: usize = 20;

/// Returns the terms of the glossary.
fn terms() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/glossary.md")).expect("the glossary is text");
    let terms = text.lines().filter_map(|line| {
        let (term, _) = line.strip_prefix("| **")?.split_once("** |")?;
        Some(term.to_owned())
    });
    terms.collect()
}

#[test]
fn glossary_has_at_most_twenty_terms() {
    let terms = terms();
    assert!(
        terms.len() > MAX_TERMS / 2 && terms.len() <= MAX_TERMS,
        "{terms:?}"
    );
}

#[test]
fn term_of_the_glossary_is_used_in_the_guide() {
    let root = root();
    let mut pages = files::below(&root.join("docs/guide"));
    pages.retain(|page| has_extension(page, "md"));
    pages.push(root.join("README.md"));
    let texts = pages
        .iter()
        .map(|page| fs::read_to_string(page).expect("a page is text"));
    let guide = texts.collect::<String>().to_lowercase();
    for term in terms() {
        assert!(guide.contains(&term), "{term} is in no page of the guide");
    }
}
