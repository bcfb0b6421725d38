//! `cargo birthmark sites`: every spawn call of the chosen crates.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use birthmark_rewrite::{Kind, Position, Site, Uncovered};
use serde::Serialize;

use super::Request;
use super::listing::{self, Listed, Listing, SkippedPackage};
use super::nothing::Nothing;
use crate::exit;
use crate::output::Format;
use crate::remedy::Advise;
use crate::source::engine;

/// Prints the list, or compares it with one that was printed before.
pub fn run(request: Request, format: Format, check: Option<PathBuf>) -> Result<ExitCode> {
    let listing = listing::list(request)?.unwrap_or_else(|Nothing { cause, help }| {
        eprintln!("nothing listed: {cause}\nhelp: {help}");
        Listing {
            crates: Vec::new(),
            left: BTreeSet::new(),
        }
    });
    // A list in a file does not change as a whole with its longest line.
    let alignment = match check.is_none() && io::stdout().is_terminal() {
        true => Alignment::Columns,
        false => Alignment::None,
    };
    let text = match format {
        Format::Text => text(&listing, alignment),
        Format::Json => json(&listing)?,
    };
    match check {
        Some(file) => compare(&file, &text),
        None => {
            print!("{text}");
            if format == Format::Text && !listing.crates.is_empty() {
                eprintln!("{}", Totals::of(&listing));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The layout of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alignment {
    /// One space between the parts of a line.
    None,
    /// The parts of all lines are below each other.
    Columns,
}

/// The numbers of spawn calls.
struct Totals {
    crates: usize,
    covered: usize,
    probable: usize,
    uncovered: usize,
}

impl Totals {
    fn of(listing: &Listing) -> Totals {
        let rows = rows(&listing.crates);
        let count = |counts: fn(&Row<'_>) -> bool| rows.iter().filter(|row| counts(row)).count();
        let packages = listing.crates.iter().map(|it| (&it.package, &it.version));
        Totals {
            crates: packages.collect::<BTreeSet<_>>().len(),
            covered: count(|row| row.covered && row.certain),
            probable: count(|row| row.covered && !row.certain),
            uncovered: count(|row| !row.covered),
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals {
            crates,
            covered,
            probable,
            uncovered,
        } = self;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let total = covered + probable + uncovered;
        write!(f, "{total} spawn call{} in ", plural(total))?;
        write!(f, "{crates} package{}: ", plural(*crates))?;
        write!(
            f,
            "{covered} recorded, {probable} probable, {uncovered} not covered"
        )
    }
}

/// One spawn call.
#[derive(Serialize)]
struct Row<'a> {
    package: &'a str,
    version: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    function: &'a str,
    callee: &'a str,
    role: Option<&'a str>,
    kind: Option<&'static str>,
    covered: bool,
    /// `true` if the source shows that the call is a spawn.
    certain: bool,
    reason: Option<String>,
}

/// The whole list. `version` changes when the meaning of a field does.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    sites: Vec<Row<'a>>,
    /// Files that are not read, with the place and the reason.
    unread: Vec<&'a str>,
    /// Packages that were chosen and are left alone.
    left_alone: &'a BTreeSet<SkippedPackage>,
}

fn rows(listed: &[Listed]) -> Vec<Row<'_>> {
    let mut rows: Vec<_> = listed.iter().flat_map(Row::of).collect();
    rows.sort_by_key(|row| (row.package, row.version, row.file, row.line, row.column));
    rows
}

impl<'a> Row<'a> {
    /// The spawn calls of a crate.
    fn of(listed: &'a Listed) -> impl Iterator<Item = Row<'a>> {
        let files = listed.krate.files.values();
        files.flat_map(|file| {
            let covered = file.sites.iter().map(|site| Row::covered(listed, site));
            let uncovered = file.uncovered.iter();
            covered.chain(uncovered.map(|one| Row::uncovered(listed, one)))
        })
    }

    fn covered(listed: &'a Listed, site: &'a Site) -> Row<'a> {
        Row {
            role: Some(&site.role),
            kind: Some(site.kind.name()),
            covered: true,
            certain: site.certain,
            ..Row::at(listed, &site.position, &site.function, &site.callee)
        }
    }

    fn uncovered(listed: &'a Listed, one: &'a Uncovered) -> Row<'a> {
        Row {
            reason: Some(engine::why(&one.reason)),
            ..Row::at(listed, &one.position, &one.function, &one.callee)
        }
    }

    fn at(listed: &'a Listed, at: &'a Position, function: &'a str, callee: &'a str) -> Row<'a> {
        Row {
            package: &listed.package,
            version: &listed.version,
            file: &at.file,
            line: at.line,
            column: at.column,
            function,
            callee,
            role: None,
            kind: None,
            covered: false,
            certain: true,
            reason: None,
        }
    }
}

fn text(Listing { crates, left }: &Listing, alignment: Alignment) -> String {
    let rows: Vec<[String; 3]> = rows(crates).iter().map(parts).collect();
    let mut text = match alignment {
        Alignment::None => rows.iter().map(|parts| parts.join(" ") + "\n").collect(),
        Alignment::Columns => columns(&rows),
    };
    text.extend(unread(crates).map(|file| format!("{file}: not read\n")));
    text.extend(left.iter().map(|left| {
        let SkippedPackage {
            package,
            version,
            reason,
        } = left;
        format!("{package} {version}: left alone: {reason}\n")
    }));
    text
}

/// The files that are not read.
fn unread(crates: &[Listed]) -> impl Iterator<Item = &str> {
    let files = crates.iter().flat_map(|listed| &listed.krate.unparsed);
    files.map(String::as_str)
}

/// The parts of a line: the place, the call, and the task.
fn parts(row: &Row<'_>) -> [String; 3] {
    let Row {
        file,
        line,
        column,
        function,
        callee,
        ..
    } = row;
    let what = match (&row.role, &row.reason) {
        (_, Some(reason)) => format!("not covered: {reason}"),
        (role, None) => shown(role.unwrap_or_default(), row),
    };
    let function = match *function {
        "" => "no function",
        function => function,
    };
    [
        format!("{file}:{line}:{column}:"),
        format!("{callee} in {function}:"),
        what,
    ]
}

/// A part that is longer does not move the parts of other lines.
const MAX_WIDTH: usize = 56;

/// Puts the parts of all lines below each other.
fn columns(rows: &[[String; 3]]) -> String {
    let width = |column: usize| {
        let lengths = rows.iter().map(|parts| parts[column].chars().count());
        lengths
            .filter(|&length| length <= MAX_WIDTH)
            .max()
            .unwrap_or(0)
    };
    let (place, call) = (width(0), width(1));
    let line = |[at, by, what]: &[String; 3]| format!("{at:<place$} {by:<call$} {what}\n");
    rows.iter().map(line).collect()
}

/// The role, with the kind if the source shows it, and `probable` if the call may be no spawn.
fn shown(role: &str, row: &Row<'_>) -> String {
    let kind = row.kind.filter(|&kind| kind != Kind::Unknown.name());
    let probable = (!row.certain).then_some("probable");
    let words: Vec<&str> = kind.into_iter().chain(probable).collect();
    if words.is_empty() {
        role.to_owned()
    } else {
        format!("{role} ({})", words.join(", "))
    }
}

fn json(Listing { crates, left }: &Listing) -> Result<String> {
    let document = Document {
        version: 1,
        sites: rows(crates),
        unread: unread(crates).collect(),
        left_alone: left,
    };
    let text = serde_json::to_string_pretty(&document).context("write the list")?;
    Ok(text + "\n")
}

/// Prints what is gone and what is new.
fn compare(file: &Path, new: &str) -> Result<ExitCode> {
    let shown = file.display();
    let old = std::fs::read_to_string(file).advise(
        format!("read {shown}"),
        format!("run `cargo birthmark sites > {shown}` to make it"),
    )?;
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.lines().collect(), new.lines().collect());
    if old == new {
        return Ok(ExitCode::SUCCESS);
    }
    old.difference(&new).for_each(|line| println!("-{line}"));
    new.difference(&old).for_each(|line| println!("+{line}"));
    eprintln!("error: the sites differ from those in {shown}");
    eprintln!("help: run `cargo birthmark sites > {shown}` if the change is intended");
    Ok(ExitCode::from(exit::SITES_DIFFER))
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn parts_of_lines_are_below_each_other() {
        let row = |parts: [&str; 3]| parts.map(str::to_owned);
        let text = columns(&[
            row(["src/a.rs:7:5:", "tokio::spawn in main:", "serve (future)"]),
            row([
                "src/long.rs:112:13:",
                "spawn in go:",
                "not covered: a reason",
            ]),
        ]);
        assert_eq!(
            text,
            "src/a.rs:7:5:       tokio::spawn in main: serve (future)\n\
             src/long.rs:112:13: spawn in go:          not covered: a reason\n"
        );
    }
}
