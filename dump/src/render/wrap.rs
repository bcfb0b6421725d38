//! Sentences that are wrapped at the width of other lines.
//!
//! A line is broken after a blank. Names in quotes and variables in backticks stay in one piece.

use super::field::{pad, WIDTH};

/// Columns that a continuation begins after the line.
const CONTINUED: usize = 4;

/// Appends a line, and its continuations if it is longer than other lines.
pub(super) fn push_wrapped(out: &mut String, line: &str) {
    if line.len() <= WIDTH {
        out.push_str(line);
        out.push('\n');
        return;
    }
    let indent = line.len() - line.trim_start_matches(' ').len() + CONTINUED;
    let mut start = 0;
    while let Some(end) = break_of(&line[start..], if start == 0 { 0 } else { indent }) {
        out.push_str(line[start..start + end].trim_end_matches(' '));
        out.push('\n');
        pad(out, 0, indent);
        start += end;
    }
    out.push_str(&line[start..]);
    out.push('\n');
}

/// Appends lines as [`push_wrapped`] does.
pub(super) fn push_wrapped_lines(out: &mut String, lines: &str) {
    for line in lines.lines() {
        push_wrapped(out, line);
    }
}

/// Returns where a text that begins at a column has to continue on the next line, or `None` if it has room. The break
/// is after a comma if there is one in the second half of the line.
fn break_of(text: &str, column: usize) -> Option<usize> {
    let (mut column, mut quote, mut is_escape, mut is_escaped) = (column, None, false, false);
    let (mut after_blank, mut after_comma) = (None, None);
    let mut before = ' ';
    let indented = text.len() - text.trim_start_matches(' ').len();
    for (place, character) in text.char_indices() {
        if is_escape {
            // A sequence of the palette ends with `m` and has no columns.
            is_escape = character != 'm';
            continue;
        }
        if character == '\x1b' {
            is_escape = true;
            continue;
        }
        column += 1;
        if column > WIDTH && after_blank.is_some() {
            return after_comma.or(after_blank);
        }
        if character == ' ' && quote.is_none() && place >= indented {
            after_blank = Some(place + 1);
            if before == ',' && column > WIDTH / 2 {
                after_comma = Some(place + 1);
            }
        }
        match character {
            '\\' if quote == Some('"') && !is_escaped => {
                is_escaped = true;
                before = character;
                continue;
            }
            '"' | '`' if quote == Some(character) && !is_escaped => quote = None,
            '"' | '`' if quote.is_none() => quote = Some(character),
            _ => {}
        }
        is_escaped = false;
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::field::columns;
    use super::*;

    fn wrapped(line: &str) -> String {
        let mut out = String::new();
        push_wrapped(&mut out, line);
        out
    }

    #[test]
    fn short_lines_stay_as_they_are() {
        for line in ["", "  a task", &"x".repeat(WIDTH)] {
            assert_eq!(wrapped(line), format!("{line}\n"));
        }
    }

    #[test]
    fn long_lines_continue_after_a_comma_below_their_indent() {
        let (task, place) = ("x".repeat(80), "y".repeat(60));
        assert_eq!(
            wrapped(&format!("  task 1 {task}, held by {place}, which waits")),
            format!("  task 1 {task},\n      held by {place}, which waits\n")
        );
        let all = wrapped(&format!("  {}", "word ".repeat(100)));
        assert!(all.lines().all(|line| columns(line) <= WIDTH), "{all}");
        assert_eq!(all.split_ascii_whitespace().count(), 100);
    }

    #[test]
    fn names_are_not_broken() {
        let name = format!("\"{}\\\" {}\"", "a ".repeat(30), "b ".repeat(30));
        let line = wrapped(&format!("  task 1 {name} and {}", "c ".repeat(40)));
        assert!(line.contains(&name), "{line}");
        let variable = format!("`{}`", "d ".repeat(100));
        let line = wrapped(&format!("  task 1 {variable} and"));
        assert!(line.contains(&variable), "{line}");
    }

    #[test]
    fn colours_have_no_columns() {
        let line = format!("\x1b[36m{}\x1b[0m {}", "x".repeat(60), "y".repeat(58));
        assert_eq!(wrapped(&line), format!("{line}\n"));
    }
}
