//! Comparison of a table in the code with the documentation that repeats it.
//!
//! A table of the code has one row for each thing that a user can write. Documentation repeats the rows as Markdown, in
//! a README or in doc comments. A test renders the rows and compares; with `BLESS=1` it writes them into the file.

use std::fs;
use std::sync::Mutex;

/// Tests of one binary run at the same time and may write the same file.
static WRITING: Mutex<()> = Mutex::new(());

/// Asserts that the Markdown table below `header` has these rows. Lines may be doc comments.
///
/// # Panics
///
/// If the file cannot be read, or the table is missing or differs.
#[track_caller]
pub fn assert_table<S: AsRef<str>>(file: &str, header: &str, rows: &[S]) {
    let _lock = WRITING.lock();
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (start, end, prefix) =
        find(&text, header).unwrap_or_else(|| panic!("{file} has no table `{header}`"));
    let written: String = rows
        .iter()
        .map(|row| format!("{prefix}{}\n", row.as_ref()))
        .collect();
    if text[start..end] == written {
        return;
    }
    if std::env::var_os("BLESS").is_some() {
        let text = format!("{}{written}{}", &text[..start], &text[end..]);
        fs::write(file, text).unwrap_or_else(|error| panic!("{file}: {error}"));
        return;
    }
    panic!(
        "the table `{header}` in {file} is not that of the code; with `BLESS=1` this test writes it:\n{written}"
    );
}

/// Returns where the rows below a header start and end, and what stands before each.
fn find<'a>(text: &'a str, header: &str) -> Option<(usize, usize, &'a str)> {
    let mut lines = text.split_inclusive('\n');
    let mut start = 0;
    let prefix = lines.by_ref().find_map(|line| {
        start += line.len();
        line.trim_end().strip_suffix(header)
    })?;
    // The line between the header and the rows.
    start += lines.next()?.len();
    let is_row = |line: &&str| {
        line.strip_prefix(prefix)
            .is_some_and(|row| row.starts_with('|'))
    };
    let rows: usize = lines.take_while(is_row).map(str::len).sum();
    Some((start, start + rows, prefix))
}

/// Asserts that the paragraph with the text `start` mentions each word from there on, as a whole word.
///
/// # Panics
///
/// If the file cannot be read, or the paragraph or a word is missing.
#[track_caller]
pub fn assert_mentioned<S: AsRef<str>>(
    file: &str,
    start: &str,
    words: impl IntoIterator<Item = S>,
) {
    let _lock = WRITING.lock();
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("{file} has no `{start}`"));
    let is_blank = |line: &&str| !line.trim().trim_start_matches(['/', '!']).trim().is_empty();
    let paragraph: Vec<&str> = text[at..].lines().take_while(is_blank).collect();
    let paragraph = paragraph.join("\n");
    for word in words {
        assert!(
            mentions(&paragraph, word.as_ref()),
            "{file} does not mention {} behind `{start}`",
            word.as_ref()
        );
    }
}

fn mentions(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "_-".contains(character);
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let is_path = before.ends_with("::") || after.starts_with("::");
        !is_path && !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_below_their_header() {
        let text = "/// | a |\n/// | - |\n/// | 1 |\n/// | 2 |\n///\n/// | 3 |\n";
        let (start, end, prefix) = find(text, "| a |").expect("the table is there");
        assert_eq!(
            (&text[start..end], prefix),
            ("/// | 1 |\n/// | 2 |\n", "/// ")
        );
        assert_eq!(find(text, "| b |"), None);
    }

    #[test]
    fn words_are_found_as_whole_words() {
        assert!(mentions("std, tokio and `rayon`.", "rayon"));
        assert!(!mentions("tokio-util, rayon::x", "tokio") && !mentions("rayon::x", "rayon"));
    }
}
