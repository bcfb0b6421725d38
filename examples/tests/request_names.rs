//! The example prints what it should, and the README shows what it prints.
//!
//! What differs from run to run is normalised: ids are numbered by their first appearance, and
//! times, thread numbers and poll counts are replaced by letters. After a change that is meant,
//! `BLESS=1 cargo test -p birthmark-examples` writes the expected output anew; the README is
//! corrected by hand.

use birthmark_test_support as _;

const EXPECTED: &str = "tests/request_names.txt";
const README: &str = include_str!("../../README.md");

#[test]
fn output_is_as_expected_and_as_in_the_readme() {
    let output = birthmark_examples::run("request_names");
    let normal = normalise(&output, &mut Ids::default());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(EXPECTED, &normal).unwrap();
    }
    let expected = std::fs::read_to_string(EXPECTED).unwrap();
    assert_eq!(normal, expected, "the output is now:\n{output}");

    let shown = shown_in_readme();
    let excerpt = excerpt(&output, &shown);
    assert_eq!(
        normalise(&shown, &mut Ids::default()),
        normalise(&excerpt, &mut Ids::default()),
        "the ids in the README do not fit together; the output is now:\n{output}"
    );
}

/// The block of the README that follows the command. A line `…` stands for lines left out.
fn shown_in_readme() -> String {
    let (_, after) = README
        .split_once("$ cargo run -q --example request_names\n")
        .expect("the README shows the command");
    let (block, _) = after.split_once("```").expect("the block ends");
    block
        .lines()
        .filter(|line| *line != "…")
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Those lines of the output that the README shows, found with all ids masked.
fn excerpt(output: &str, shown: &str) -> String {
    let mut lines = output.lines();
    let mut found = String::new();
    for line in shown.lines() {
        let wanted = normalise(line, &mut Masked);
        let line = lines
            .find(|line| normalise(line, &mut Masked) == wanted)
            .unwrap_or_else(|| panic!("not in the output, or not there: {wanted}\n{output}"));
        found.push_str(line);
        found.push('\n');
    }
    found
}

/// What becomes of the id of a task.
trait Rename {
    fn rename(&mut self, id: &str) -> String;
}

/// Numbers ids by their first appearance.
#[derive(Default)]
struct Ids(Vec<String>);

impl Rename for Ids {
    fn rename(&mut self, id: &str) -> String {
        let known = self.0.iter().position(|known| known == id);
        let index = known.unwrap_or_else(|| {
            self.0.push(id.to_owned());
            self.0.len() - 1
        });
        (index + 1).to_string()
    }
}

/// Makes all ids the same.
struct Masked;

impl Rename for Masked {
    fn rename(&mut self, _id: &str) -> String {
        "#".to_owned()
    }
}

fn normalise(text: &str, ids: &mut impl Rename) -> String {
    text.lines().fold(String::new(), |mut normal, line| {
        normalise_line(line, ids, &mut normal);
        normal.push('\n');
        normal
    })
}

/// Replaces each number according to what stands before and behind it.
fn normalise_line(line: &str, ids: &mut impl Rename, normal: &mut String) {
    let (line, time) = match line.split_once(", at ") {
        Some((process, _)) if line.starts_with("program ") => (process, ", at TIME"),
        _ => (line, ""),
    };
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        normal.push_str(&rest[..start]);
        rest = &rest[start..];
        let number = rest.chars().take_while(char::is_ascii_digit).count();
        let age = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .count();
        let before = &line[..line.len() - rest.len()];
        if rest[age..].starts_with(" s") && age > number {
            normal.push('T');
            rest = &rest[age + " s".len()..];
            continue;
        }
        let (number, behind) = rest.split_at(number);
        rest = behind;
        match behind.strip_prefix(" poll") {
            Some(behind) => {
                normal.push_str("N polls");
                rest = behind.strip_prefix('s').unwrap_or(behind);
            }
            None if is_id(before, behind) => normal.push_str(&ids.rename(number)),
            None if is_of_this_run(before, behind) => normal.push('N'),
            None => normal.push_str(number),
        }
    }
    normal.push_str(rest);
    normal.push_str(time);
}

fn is_id(before: &str, behind: &str) -> bool {
    let in_tree = before.chars().all(|c| " │├└─".contains(c));
    let in_text = ["task", "lineage", " <"]
        .iter()
        .any(|word| before.trim_end().ends_with(word));
    in_text || in_tree && !behind.starts_with(" task")
}

/// Thread numbers, and how many threads there are.
fn is_of_this_run(before: &str, behind: &str) -> bool {
    before.ends_with(" on thread ")
        || before.ends_with("' (")
        || behind.starts_with(" OS threads")
        || behind.starts_with(" have none")
        || before.ends_with(", process ")
}
