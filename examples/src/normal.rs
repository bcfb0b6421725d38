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
    joined(text)
        .lines()
        .fold(String::new(), |mut normal, line| {
            normalise_line(&squeezed(without_last_wake(line)), ids, &mut normal);
            normal.push('\n');
            normal
        })
}

/// Joins lines that were folded, because the length of a time decides where.
fn joined(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let content = line.trim_start_matches([' ', '│']);
        let is_field = ["awaits", "awaited", "keeps", "spawned"]
            .iter()
            .any(|label| {
                let rest = content.strip_prefix(label);
                rest.is_some_and(|rest| rest.starts_with(' ') && !rest.starts_with("  "))
            });
        let is_below_field = line.starts_with("             ") && out.ends_with([',', '<']);
        if !out.is_empty() {
            out.push_str(match (is_field, is_below_field) {
                (true, _) => "  ",
                (false, true) => " ",
                (false, false) => "\n",
            });
        }
        out.push_str(if is_field || is_below_field {
            content
        } else {
            line
        });
    }
    out
}

/// Returns a line without `, last woken by task 7 publish`.
fn without_last_wake(line: &str) -> &str {
    line.split_once(", last woken by ")
        .map_or(line, |(before, _)| before)
}

/// Returns the first line of a task with two blanks before the state, whose column depends on the length of the id.
fn squeezed(line: &str) -> String {
    match line.split_once("  ") {
        Some((who, state)) if line.starts_with("task ") || who.contains(" × ") => {
            format!("{who}  {}", state.trim_start())
        }
        _ => line.to_owned(),
    }
}

/// Replaces each number according to the text before and after it.
fn normalise_line(line: &str, ids: &mut impl Rename, normal: &mut String) {
    let is_head = line.starts_with("birthmark: ");
    let line = match line.split_once(" UTC: ").filter(|_| is_head) {
        Some((process, counts)) => {
            let (process, _) = process.split_once(" at ").unwrap_or((process, ""));
            &format!("{process} at TIME: {counts}")
        }
        None => line,
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
}

/// Returns `true` if the number between the two texts is the id of a task.
fn is_id(before: &str, behind: &str) -> bool {
    let in_tree = before.chars().all(|c| " │├└─".contains(c));
    let in_text = ["task", "task.id=", " by", "lineage=\"", " <"]
        .iter()
        .any(|word| before.trim_end().ends_with(word));
    in_text || in_tree && !behind.starts_with(" task")
}

/// Returns `true` for thread numbers, process ids, and counts of threads.
fn is_of_this_run(before: &str, behind: &str) -> bool {
    before.ends_with(" on thread ")
        || before.ends_with(" (") && behind.starts_with(')')
        || behind.starts_with(" threads")
        || before.ends_with("' (")
        || behind.starts_with(" OS threads")
        || behind.starts_with(" have none")
        || before.ends_with("(pid ")
}

/// Returns the lines of the output that a page shows. Ids are not compared.
///
/// # Panics
///
/// If a line is missing, or the order is another.
#[must_use]
pub fn excerpt(output: &str, shown: &str) -> String {
    let (output, shown) = (&joined(output), &joined(shown));
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
