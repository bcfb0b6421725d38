//! Equal parts of a text, counted together.

use crate::render::output::push;

/// Maximum number of parts that one line names.
pub(super) const NAMED: usize = 3;

/// Parts in the order in which they were added.
#[derive(Default)]
pub(super) struct Parts(Vec<(String, usize)>);

impl Parts {
    pub(super) fn add(&mut self, part: String) {
        match self.0.iter_mut().find(|(other, _)| *other == part) {
            Some((_, count)) => *count += 1,
            None => self.0.push((part, 1)),
        }
    }

    /// Appends `task 5 "x" f, 3 × task 6 g and 2 more`.
    pub(super) fn push(&self, out: &mut String) {
        for (index, part) in self.0.iter().take(NAMED).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            push_part(out, part);
        }
        if self.0.len() > NAMED {
            push(out, format_args!(" and {} more", self.0.len() - NAMED));
        }
    }

    /// Appends each part on a line of its own.
    pub(super) fn push_lines(&self, out: &mut String, indent: &str) {
        self.push_some_lines(out, indent, usize::MAX);
    }

    /// Appends a line for each of so many parts, and the number of further ones.
    pub(super) fn push_some_lines(&self, out: &mut String, indent: &str, limit: usize) {
        for part in self.0.iter().take(limit) {
            out.push_str(indent);
            push_part(out, part);
            out.push('\n');
        }
        if self.0.len() > limit {
            let more = self.0.len() - limit;
            push(out, format_args!("{indent}and {more} more such lines\n"));
        }
    }
}

fn push_part(out: &mut String, (part, count): &(String, usize)) {
    if *count > 1 {
        push(out, format_args!("{count} × "));
    }
    out.push_str(part);
}
