//! README, `docs/` and the READMEs of the crates are true: examples print what is shown, links lead somewhere, and code
//! is compiled.

use birthmark_examples::normal::{self, Ids, normalise};
use birthmark_examples::pages::{self, Page};
use birthmark_test_support as _;

#[test]
fn output_shown_on_a_page_is_printed_by_its_example() {
    let pages = pages::all();
    let shown: Vec<_> = pages.iter().flat_map(Page::shown_outputs).collect();
    assert!(shown.len() >= 2, "{shown:?}");
    for (example, shown) in shown {
        let output = birthmark_examples::run(example);
        let excerpt = normal::excerpt(&output, &shown);
        assert_eq!(
            normalise(&shown, &mut Ids::default()),
            normalise(&excerpt, &mut Ids::default()),
            "the ids in the excerpt do not fit together; {example} now prints:\n{output}"
        );
    }
}

#[test]
fn readme_is_short_and_has_the_two_commands() {
    let readme = pages::read("README.md").text;
    assert!(readme.lines().count() <= 120);
    assert!(readme.contains("```sh\ncargo run --example request_names\n./test\n```"));
}

#[test]
fn readme_of_a_crate_is_short() {
    let pages = pages::all();
    let of_crates = pages
        .iter()
        .filter(|page| page.path.ends_with("/README.md"));
    for page in of_crates {
        let lines = page.text.lines().count();
        assert!((15..=40).contains(&lines), "{}: {lines}", page.path);
    }
}

/// Doctests compile the pages that `src/lib.rs` lists.
#[test]
fn page_without_doctests_is_not_found() {
    let listed = include_str!("../src/lib.rs");
    for page in pages::all() {
        assert!(
            listed.contains(&format!("\"{}\"", page.path)),
            "{}",
            page.path
        );
    }
}

#[test]
fn block_without_a_language_is_not_found() {
    for page in pages::all() {
        for (language, block) in page.blocks() {
            assert!(!language.is_empty(), "{}: {block}", page.path);
        }
    }
}

#[test]
fn link_leads_to_a_file_and_a_heading() {
    for page in pages::all() {
        for link in page.links().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = match file {
                "" => page.path.clone(),
                _ => format!("{folder}/{file}")
                    .trim_start_matches('/')
                    .to_owned(),
            };
            let at = format!("{} in {}", link, page.path);
            assert!(pages::root().join(&target).exists(), "{at}");
            let found = anchor.is_empty() || pages::read(&target).anchors().any(|it| it == anchor);
            assert!(found, "{at}");
        }
    }
}

/// The README of a crate is also shown on crates.io, where links within the repository lead nowhere.
#[test]
fn readme_of_a_crate_has_absolute_links_only() {
    let pages = pages::all();
    let of_crates = pages
        .iter()
        .filter(|page| page.path.ends_with("/README.md"));
    for page in of_crates {
        for link in page.links() {
            assert!(link.starts_with("https://"), "{link} in {}", page.path);
        }
    }
}
