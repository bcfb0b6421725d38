//! A dump as text: a paragraph for each task.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::ptr;

use super::age::Age;
use super::{Dump, Row};
use crate::clock;
use crate::kind::Kind;
use crate::site::Site;
use crate::task::{Ancestor, NameOrigin, State, Task};

/// Text is handed on in pieces of about this many bytes.
const PIECE: usize = 64 * 1024;

pub(super) fn write(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    write_heading(f, dump)?;
    let mut texts = Texts::default();
    let mut out = String::with_capacity(PIECE + PIECE / 4);
    for index in dump.order() {
        out.push('\n');
        texts.push_row(&mut out, dump, &dump.rows[index as usize]);
        if out.len() > PIECE {
            f.write_str(&out)?;
            out.clear();
        }
    }
    f.write_str(&out)?;
    writeln!(f, "\n{}", dump.coverage)
}

/// `5 tasks: 2 running, 3 suspended`
pub(super) fn write_heading(f: &mut fmt::Formatter<'_>, dump: &Dump) -> fmt::Result {
    let mut counts = [
        ("running", 0),
        ("suspended", 0),
        ("created", 0),
        ("delayed", 0),
    ];
    for row in &dump.rows {
        let index = match row.state(&dump.nodes.threads) {
            State::Running { .. } => 0,
            State::Suspended => 1,
            State::Delayed => 3,
            _ => 2,
        };
        counts[index].1 += 1;
    }
    write!(
        f,
        "{} task{}",
        dump.len(),
        if dump.len() == 1 { "" } else { "s" }
    )?;
    let mut separator = ": ";
    for (state, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        write!(f, "{separator}{count} {state}")?;
        separator = ", ";
    }
    writeln!(f)
}

/// What is said of a task, each part ready to be copied.
struct Paragraph<'a> {
    id: u64,
    name: &'a str,
    origin: Option<NameOrigin>,
    role: &'a str,
    kind: Kind,
    state: State,
    since: &'a str,
    age: &'a str,
    polls: u32,
    detached: bool,
    site: &'a str,
    lineage: &'a str,
}

impl Paragraph<'_> {
    fn push(&self, out: &mut String) {
        out.push_str("task ");
        push_number(out, self.id);
        out.push(' ');
        self.push_label(out);
        out.push_str(":\n    ");
        self.push_facts(out);
        out.push_str(self.site);
        if !self.lineage.is_empty() {
            out.push_str("    lineage ");
            push_number(out, self.id);
            out.push(' ');
            out.push_str(self.role);
            out.push_str(self.lineage);
            out.push('\n');
        }
    }

    /// `"req-id-123123" audit [suspended, 2 minutes]`
    fn push_label(&self, out: &mut String) {
        if !self.name.is_empty() {
            out.push_str(self.name);
            out.push(' ');
        }
        out.push_str(self.role);
        out.push_str(" [");
        match self.state {
            State::Suspended => out.push_str("suspended"),
            state => push(out, state),
        }
        if !self.since.is_empty() {
            out.push_str(", ");
            out.push_str(self.since);
        }
        out.push(']');
    }

    /// `future, 3 polls, born 2 minutes ago, name inherited from task 6`
    fn push_facts(&self, out: &mut String) {
        out.push_str(self.kind.as_str());
        if !self.kind.is_thread() {
            out.push_str(", ");
            push_number(out, self.polls.into());
            out.push_str(if self.polls == 1 { " poll" } else { " polls" });
        }
        if !self.age.is_empty() {
            out.push_str(", born ");
            out.push_str(self.age);
            out.push_str(" ago");
        }
        match self.origin {
            Some(NameOrigin::Explicit) => out.push_str(", name given to it"),
            Some(NameOrigin::Hook) => out.push_str(", name given by a hook"),
            Some(NameOrigin::Inherited { from }) => {
                out.push_str(", name inherited from task ");
                push_number(out, from.as_u64());
            }
            None => {}
        }
        out.push_str(if self.detached { ", detached\n" } else { "\n" });
    }
}

/// Texts that many tasks of a dump share, each made once.
#[derive(Default)]
struct Texts {
    sites: HashMap<*const Site, SiteTexts>,
    /// By node: the lineage from there on, and the name that is inherited from there.
    above: HashMap<u32, AboveTexts>,
    since: AgeText,
    age: AgeText,
}

struct SiteTexts {
    role: String,
    site: String,
}

struct AboveTexts {
    lineage: String,
    name: String,
    origin: Option<NameOrigin>,
}

/// The last age that was asked for: tasks of one time come one after the other.
#[derive(Default)]
struct AgeText {
    then: Option<u64>,
    text: String,
}

impl Texts {
    fn push_row(&mut self, out: &mut String, dump: &Dump, row: &Row) {
        let shared = !row.has_extra && row.site.kind() != Kind::Foreign;
        if !shared {
            return push(out, dump.nodes.task(row, dump.now));
        }
        let site = self
            .sites
            .entry(ptr::from_ref(row.site))
            .or_insert_with(|| SiteTexts::new(row.site));
        let above = self
            .above
            .entry(row.parent)
            .or_insert_with(|| AboveTexts::new(dump, row));
        let paragraph = Paragraph {
            id: row.id,
            name: &above.name,
            origin: above.origin,
            role: &site.role,
            kind: row.kind(),
            state: row.state(&dump.nodes.threads),
            since: self.since.get(dump, row.status),
            age: self.age.get(dump, u64::from(row.born) << 32),
            polls: row.polls,
            detached: row.is_detached(),
            site: &site.site,
            lineage: &above.lineage,
        };
        paragraph.push(out);
    }
}

impl SiteTexts {
    fn new(site: &'static Site) -> Self {
        SiteTexts {
            role: escaped(site.role()),
            site: site_line(Some(site)),
        }
    }
}

impl AboveTexts {
    fn new(dump: &Dump, row: &Row) -> Self {
        let name = dump.nodes.name_of(row);
        AboveTexts {
            lineage: lineage_text(&dump.nodes.lineage(row), dump.nodes.is_complete(row)),
            origin: name.as_ref().map(|name| name.origin()),
            name: name.map_or_else(String::new, |name| name.to_string()),
        }
    }
}

impl AgeText {
    fn get(&mut self, dump: &Dump, then: u64) -> &str {
        let then = then >> 32;
        if self.then != Some(then) {
            self.then = Some(then);
            self.text = age_text(dump.now.map(|now| clock::between(then << 32, now)));
        }
        &self.text
    }
}

/// A paragraph, each line ended.
pub(crate) fn write_task(f: &mut fmt::Formatter<'_>, task: &Task) -> fmt::Result {
    let mut out = String::new();
    with_paragraph(task, |paragraph| paragraph.push(&mut out));
    f.write_str(&out)
}

/// `"req-id-123123" audit [suspended, 2 minutes]`
pub(super) fn write_label(f: &mut fmt::Formatter<'_>, task: &Task) -> fmt::Result {
    let mut out = String::new();
    with_paragraph(task, |paragraph| paragraph.push_label(&mut out));
    f.write_str(&out)
}

fn with_paragraph(task: &Task, f: impl FnOnce(&Paragraph<'_>)) {
    f(&Paragraph {
        id: task.id.as_u64(),
        name: &task
            .name
            .as_ref()
            .map_or_else(String::new, |name| name.to_string()),
        origin: task.name.as_ref().map(|name| name.origin()),
        role: &escaped(&task.role),
        kind: task.kind,
        state: task.state,
        since: &age_text(task.since),
        age: &age_text(task.age),
        polls: task.polls,
        detached: task.detached,
        site: &site_line(task.site()),
        lineage: &lineage_text(&task.lineage, task.lineage_complete),
    });
}

fn site_line(site: Option<&'static Site>) -> String {
    let Some(site) = site.filter(|site| !matches!(site.kind(), Kind::Main | Kind::Foreign)) else {
        return String::new();
    };
    let (callee, module, function) = (site.callee(), site.module_path(), site.function());
    format!("    spawned at {site} by {callee} in {module}::{function}\n")
}

/// ` < 6 "req-id-123123" serve_connection < 1 main`; empty for roots.
fn lineage_text(lineage: &[Ancestor], complete: bool) -> String {
    let mut out = String::new();
    for ancestor in lineage {
        if ancestor.cut_below > 0 {
            push(&mut out, format_args!(" < … {} cut …", ancestor.cut_below));
        }
        push(&mut out, format_args!(" < {} ", ancestor.id));
        if let Some(name) = &ancestor.name {
            push(&mut out, format_args!("{name} "));
        }
        out.push_str(&escaped(&ancestor.role));
    }
    if !complete {
        out.push_str(" < ? (ended while it was read)");
    }
    out
}

fn age_text(age: Option<std::time::Duration>) -> String {
    age.map_or_else(String::new, |age| Age(age).to_string())
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = crate::escape::escape(text, &mut out);
    out
}

fn push(out: &mut String, what: impl fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(out, "{what}");
}

/// Appends a number in decimal: several times faster than the formatting machinery, which counts
/// with a million tasks.
fn push_number(out: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[start..].iter().map(|&digit| char::from(digit)));
}
