//! Output of an example without the parts that differ between runs.
//!
//! Ids are numbered by their first appearance. Letters replace times, thread numbers and poll counts. What has woken a
//! waiting task is left out, because a task may not have been woken yet.

/// Replaces the ids of tasks.
pub trait Rename {
    /// Returns the text that replaces an id.
    fn rename(&mut self, id: &str) -> String;
}

/// Numbers ids by their first appearance.
#[derive(Debug, Default)]
pub struct Ids(Vec<String>);

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

/// Replaces all ids by the same text.
#[derive(Debug)]
pub struct Masked;

impl Rename for Masked {
    fn rename(&mut self, _id: &str) -> String {
        "#".to_owned()
    }
}

/// Replaces all that differs between runs.
#[must_use]
pub fn normalise(text: &str, ids: &mut impl Rename) -> String {
    text.lines().fold(String::new(), |mut normal, line| {
        normalise_line(&without_last_wake(line), ids, &mut normal);
        normal.push('\n');
        normal
    })
}

/// Returns a line with `[waiting, 0.3 s]` in place of `[waiting, 0.3 s, last woken by task 7 publish]`.
fn without_last_wake(line: &str) -> String {
    match line.split_once(", last woken by ") {
        Some((before, wake)) => before.to_owned() + &wake[wake.find(']').unwrap_or(wake.len())..],
        None => line.to_owned(),
    }
}

/// Replaces each number according to the text before and after it.
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

/// Returns `true` if the number between the two texts is the id of a task.
fn is_id(before: &str, behind: &str) -> bool {
    let in_tree = before.chars().all(|c| " │├└─".contains(c));
    let in_text = ["task", "task.id=", "lineage", "lineage=\"", " <"]
        .iter()
        .any(|word| before.trim_end().ends_with(word));
    in_text || in_tree && !behind.starts_with(" task")
}

/// Returns `true` for thread numbers, process ids, and counts of threads.
fn is_of_this_run(before: &str, behind: &str) -> bool {
    before.ends_with(" on thread ")
        || before.ends_with("' (")
        || behind.starts_with(" OS threads")
        || behind.starts_with(" have none")
        || before.ends_with(", process ")
}

/// Returns the lines of the output that a page shows. Ids are not compared.
///
/// # Panics
///
/// If a line is missing, or the order is another.
#[must_use]
pub fn excerpt(output: &str, shown: &str) -> String {
    let mut lines = output.lines();
    let mut found = String::new();
    for line in shown.lines() {
        let wanted = normalise(line, &mut Masked);
        let line = lines
            .find(|line| normalise(line, &mut Masked) == wanted)
            .unwrap_or_else(|| {
                panic!("the output has no such line at this place: {wanted}\n{output}")
            });
        found.push_str(line);
        found.push('\n');
    }
    found
}
