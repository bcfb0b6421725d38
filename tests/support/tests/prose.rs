//! Prose that strangers can read: sentences have their subject, and end within one breath.
//!
//! Two faults are counted in doc comments and Markdown: a doc comment that begins with a word which stands for
//! something unsaid (`Whether`, `What`, `Those` …), and a sentence of more than 30 words. `prose/allowed.txt` has the
//! counts of each part of the repository, which no change may exceed. `BLESS=1` writes those of now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use birthmark_test_support as _;

const ALLOWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prose/allowed.txt");

/// First words of a doc comment that stand for something which the comment does not name.
const SUBJECTLESS: [&str; 9] = [
    "What", "Whether", "Who", "Whose", "Whoever", "Those", "That", "It", "The same",
];

const MAX_WORDS: usize = 30;

/// Faults of one part of the repository.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Faults {
    subjectless: usize,
    long: usize,
}

#[test]
fn faults_of_prose_only_fall() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut counted, mut examples) = (BTreeMap::new(), String::new());
    for file in files(&root) {
        let part = part(&root, &file);
        let faults: &mut Faults = counted.entry(part).or_default();
        let text = fs::read_to_string(&file).expect("the file is text");
        let is_markdown = file.extension().is_some_and(|it| it == "md");
        for (line, paragraph) in paragraphs(&text, is_markdown) {
            let mut note = |fault: &str, text: &str| {
                let _ = writeln!(examples, "{}:{line}: {fault}: {text}", file.display());
            };
            if !is_markdown && begins_subjectless(&paragraph) {
                faults.subjectless += 1;
                note("no subject", &paragraph);
            }
            for sentence in sentences(&paragraph).filter(|it| words(it) > MAX_WORDS) {
                faults.long += 1;
                note("long", sentence);
            }
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(ALLOWED, table(&counted)).expect("the table can be written");
        return;
    }
    let allowed = read_table(&fs::read_to_string(ALLOWED).expect("the table can be read"));
    for (part, found) in counted {
        let allowed = allowed.get(&part).copied().unwrap_or_default();
        assert!(
            found.subjectless <= allowed.subjectless && found.long <= allowed.long,
            "{part} has {} doc comments without a subject, {} allowed, and {} long sentences, {} allowed. All there \
             are:\n{examples}",
            found.subjectless,
            allowed.subjectless,
            found.long,
            allowed.long
        );
    }
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

/// The first folder of a path, or the file itself at the root.
fn part(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).expect("the file is below the root");
    let first = path
        .components()
        .next()
        .expect("a path has a first component");
    first.as_os_str().to_string_lossy().into_owned()
}

/// All Rust and Markdown files but those that are generated or that are wrong on purpose.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)
        .expect("a directory can be read")
        .flatten()
    {
        let path = entry.path();
        let name = entry.file_name();
        let is_hidden = name.to_string_lossy().starts_with('.');
        if is_hidden || name == "target" || name == "CHANGELOG.md" {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|it| it == "rs" || it == "md") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Paragraphs of Markdown or of doc comments, each with the number of its first line. Code, tables and headings are
/// left out.
fn paragraphs(text: &str, is_markdown: bool) -> Vec<(usize, String)> {
    let (mut paragraphs, mut current, mut in_code) = (Vec::new(), (0, String::new()), false);
    let mut end = |current: &mut (usize, String)| {
        if !current.1.is_empty() {
            paragraphs.push(std::mem::take(current));
        }
    };
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let doc = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        let prose = if is_markdown { Some(line) } else { doc };
        let Some(prose) = prose.map(str::trim) else {
            end(&mut current);
            in_code = false;
            continue;
        };
        if prose.starts_with("```") {
            in_code = !in_code;
        }
        if in_code
            || prose.is_empty()
            || prose.starts_with(['#', '|', '`', '>']) && !is_inline_code(prose)
        {
            end(&mut current);
            continue;
        }
        let item = prose
            .strip_prefix("- ")
            .or_else(|| prose.strip_prefix("* "));
        if item.is_some() {
            end(&mut current);
        }
        if current.1.is_empty() {
            current.0 = index + 1;
        } else {
            current.1.push(' ');
        }
        current.1.push_str(item.unwrap_or(prose));
    }
    end(&mut current);
    paragraphs
}

fn is_inline_code(line: &str) -> bool {
    line.starts_with('`') && !line.starts_with("```")
}

fn begins_subjectless(paragraph: &str) -> bool {
    let begins = |word: &str| {
        let rest = paragraph.strip_prefix(word);
        rest.is_some_and(|rest| {
            rest.starts_with(|next: char| !next.is_alphanumeric() && next != '`')
        })
    };
    SUBJECTLESS.iter().any(|word| begins(word))
}

/// Parts of a paragraph that end with a full stop, a question mark or an exclamation mark before a blank.
fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut rest = paragraph;
    std::iter::from_fn(move || {
        let end = [". ", "? ", "! "]
            .iter()
            .filter_map(|end| rest.find(end))
            .min();
        let (sentence, others) = rest.split_at(end.map_or(rest.len(), |end| end + 2));
        rest = others;
        (!sentence.is_empty()).then_some(sentence)
    })
}

fn words(sentence: &str) -> usize {
    sentence.split_whitespace().count()
}
