//! Prose that strangers can read: sentences are short and name their subject.
//!
//! Two faults are counted in doc comments and Markdown. One is a doc comment that begins with a word for something
//! unnamed, such as `Whether`, `What` or `Those`. In public prose, no sentence begins so. The other fault is a sentence
//! of more than 30 words.
//!
//! Public prose has no fault: the pages, and the documentation of public items in the crates that programs depend on.
//! Elsewhere, `prose/allowed.txt` has the counts of each part of the repository. No change may exceed them, and
//! `BLESS=1` stores the present ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use birthmark_test_support::files::{self, has_extension, root};
use birthmark_test_support::packages;

#[path = "prose/public.rs"]
mod public;
#[path = "prose/text.rs"]
mod text;

const ALLOWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prose/allowed.txt");

/// First words of a doc comment that stand for something which the comment does not name.
const SUBJECTLESS: [&str; 9] = [
    "What", "Whether", "Who", "Whose", "Whoever", "Those", "That", "It", "The same",
];

const MAX_WORDS: usize = 30;

/// Published packages whose library is not for programs. Their documentation counts as internal.
const INTERNAL: [&str; 2] = ["birthmark-rewrite", "cargo-birthmark"];

/// Markdown that describes the inside of the repository.
const INTERNAL_PAGES: [&str; 1] = ["ARCHITECTURE.md"];

/// Faults of one part of the repository.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Faults {
    subjectless: usize,
    long: usize,
}

/// One fault.
struct Fault {
    file: PathBuf,
    line: usize,
    text: String,
    is_long: bool,
    is_public: bool,
}

#[test]
fn public_prose_has_no_faults() {
    let faults = all_faults(&root());
    let public: Vec<_> = faults.iter().filter(|fault| fault.is_public).collect();
    assert!(public.is_empty(), "{}", listed(&public));
}

#[test]
fn faults_of_prose_only_fall() {
    let root = root();
    let faults = all_faults(&root);
    let mut counted = BTreeMap::<_, Faults>::new();
    for fault in &faults {
        let counts = counted.entry(part(&root, &fault.file)).or_default();
        match fault.is_long {
            true => counts.long += 1,
            false => counts.subjectless += 1,
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(ALLOWED, table(&counted)).expect("the table can be written");
        return;
    }
    let allowed = read_table(&fs::read_to_string(ALLOWED).expect("the table can be read"));
    for (part, found) in counted {
        let allowed = allowed.get(&part).copied().unwrap_or_default();
        let of_part = faults
            .iter()
            .filter(|fault| self::part(&root, &fault.file) == part);
        assert!(
            found.subjectless <= allowed.subjectless && found.long <= allowed.long,
            "{part} has {} doc comments without a subject, {} allowed, and {} long sentences, {} allowed:\n{}",
            found.subjectless,
            allowed.subjectless,
            found.long,
            allowed.long,
            listed(&of_part.collect::<Vec<_>>())
        );
    }
}

#[test]
fn doc_comment_is_public_if_its_item_is() {
    let source = [
        "//! What a file is.",
        "/// What a type is.",
        "#[derive(",
        "    Debug,",
        ")]",
        "pub enum Public {",
        "    /// What a variant is.",
        "    A,",
        "}",
        "enum Private {",
        "    /// What a private variant is.",
        "    A,",
        "}",
        "/// What a crate has.",
        "pub(crate) trait Inner {",
        "    /// What an inner method does.",
        "    fn it(&self) {}",
        "}",
    ];
    let source = source.join("\n");
    let paragraphs = text::of_rust(&source, true);
    let public = paragraphs.iter().filter(|it| it.is_public);
    let public: Vec<_> = public.map(|it| it.text.as_str()).collect();
    assert_eq!(
        public,
        ["What a file is.", "What a type is.", "What a variant is."]
    );
    assert_eq!(paragraphs.len(), 6);
}

fn listed(faults: &[&Fault]) -> String {
    let mut list = String::new();
    for Fault {
        file,
        line,
        text,
        is_long,
        ..
    } in faults
    {
        let fault = if *is_long { "long" } else { "no subject" };
        let _ = writeln!(list, "{}:{line}: {fault}: {text}", file.display());
    }
    list
}

fn all_faults(root: &Path) -> Vec<Fault> {
    let (public, files) = (public_roots(), self::files(root));
    let modules: BTreeSet<_> = files
        .iter()
        .flat_map(|file| public::modules(file))
        .collect();
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("the file is text");
        let is_markdown = has_extension(&file, "md");
        let is_public_file = match is_markdown {
            true => !INTERNAL_PAGES.iter().any(|page| file.ends_with(page)),
            false => public
                .iter()
                .any(|root| file.starts_with(root.parent().expect("a folder"))),
        };
        let paragraphs = match is_markdown {
            true => text::of_markdown(&text),
            false => text::of_rust(&text, public.contains(&file) || modules.contains(&file)),
        };
        for paragraph in paragraphs {
            let is_public = is_public_file && paragraph.is_public;
            let mut note = |is_long, text: &str| {
                faults.push(Fault {
                    file: file.clone(),
                    line: paragraph.line,
                    text: text.to_owned(),
                    is_long,
                    is_public,
                });
            };
            for (index, sentence) in text::sentences(&paragraph.text).enumerate() {
                let is_looked_at = is_public || index == 0 && !is_markdown;
                if is_looked_at && begins_subjectless(sentence) {
                    note(false, sentence);
                }
                if text::words(sentence) > MAX_WORDS {
                    note(true, sentence);
                }
            }
        }
    }
    faults
}

/// Returns the root file of each library that programs depend on.
fn public_roots() -> Vec<PathBuf> {
    let mut packages = packages::published();
    packages.retain(|package| INTERNAL.iter().all(|name| package["name"] != *name));
    let targets = packages
        .iter()
        .flat_map(|package| package["targets"].as_array())
        .flatten();
    let libraries = targets.filter(|target| {
        let kinds = target["kind"].as_array().expect("kinds");
        kinds
            .iter()
            .any(|kind| kind == "lib" || kind == "proc-macro")
    });
    let paths = libraries.map(|target| target["src_path"].as_str().expect("a path"));
    paths
        .map(|path| Path::new(path).canonicalize().expect("the file exists"))
        .collect()
}

/// Reads what [`table`] has written.
fn read_table(text: &str) -> BTreeMap<String, Faults> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let parsed = lines.filter_map(|line| {
        let (part, counts) = line.split_once(": ")?;
        let (subjectless, long) = counts.split_once(", ")?;
        let faults = Faults {
            subjectless: subjectless.parse().ok()?,
            long: long.parse().ok()?,
        };
        Some((part.to_owned(), faults))
    });
    parsed.collect()
}

fn table(counted: &BTreeMap<String, Faults>) -> String {
    let mut table =
        "# part: doc comments without a subject, sentences of more than 30 words\n".to_owned();
    for (part, faults) in counted
        .iter()
        .filter(|(_, faults)| **faults != Faults::default())
    {
        let _ = writeln!(table, "{part}: {}, {}", faults.subjectless, faults.long);
    }
    table
}

/// Returns the first folder of a path, or the file itself at the root.
fn part(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).expect("the file is below the root");
    let first = path
        .components()
        .next()
        .expect("a path has a first component");
    first.as_os_str().to_string_lossy().into_owned()
}

/// Returns all Rust and Markdown files, except changelogs.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = files::below(root);
    files.retain(|file| {
        let is_read = has_extension(file, "rs") || has_extension(file, "md");
        is_read && !file.ends_with("CHANGELOG.md")
    });
    files
}

/// Returns `true` if the first word of a paragraph stands for something unnamed.
fn begins_subjectless(paragraph: &str) -> bool {
    let begins = |word: &str| {
        let rest = paragraph.strip_prefix(word);
        rest.is_some_and(|rest| {
            rest.starts_with(|next: char| !next.is_alphanumeric() && next != '`')
        })
    };
    SUBJECTLESS.iter().any(|word| begins(word))
}
