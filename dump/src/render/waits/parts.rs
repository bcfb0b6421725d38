//! Equal parts of a text, counted together.

use std::collections::HashMap;
use std::rc::Rc;

use crate::render::output::push;
use crate::render::wrap::push_wrapped;

/// Maximum number of parts that one line names.
pub(super) const NAMED: usize = 3;

/// Parts in the order in which they were added.
#[derive(Default)]
pub(super) struct Parts {
    all: Vec<(Rc<str>, usize)>,
    places: HashMap<Rc<str>, usize>,
}

impl Parts {
    pub(super) fn add(&mut self, part: String) {
        let part: Rc<str> = part.into();
        let place = *self.places.entry(part.clone()).or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => self.all.push((part, 1)),
        }
    }

    /// Appends `task 5 "x" f, 3 × task 6 g and 2 more`.
    pub(super) fn push(&self, out: &mut String) {
        for (index, part) in self.all.iter().take(NAMED).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            push_part(out, part);
        }
        if self.all.len() > NAMED {
            push(out, format_args!(" and {} more", self.all.len() - NAMED));
        }
    }

    /// Appends each part on a line of its own.
    pub(super) fn push_lines(&self, out: &mut String, indent: &str) {
        for part in &self.all {
            out.push_str(indent);
            push_part(out, part);
            out.push('\n');
        }
    }

    /// Appends a line for each of so many parts, and the number of further ones. Long lines are wrapped.
    pub(super) fn push_some_lines(&self, out: &mut String, indent: &str, limit: usize) {
        for part in self.all.iter().take(limit) {
            let mut line = indent.to_owned();
            push_part(&mut line, part);
            push_wrapped(out, &line);
        }
        if self.all.len() > limit {
            let more = self.all.len() - limit;
            push(out, format_args!("{indent}and {more} more such lines\n"));
        }
    }
}

fn push_part(out: &mut String, (part, count): &(Rc<str>, usize)) {
    if *count > 1 {
        push(out, format_args!("{count} × "));
    }
    out.push_str(part);
}
