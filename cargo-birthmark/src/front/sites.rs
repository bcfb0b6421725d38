//! `cargo birthmark sites`: every spawn call of the chosen crates.

use std::collections::BTreeSet;
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
    let text = match format {
        Format::Text => text(&listing),
        Format::Json => json(&listing)?,
    };
    match check {
        Some(file) => compare(&file, &text),
        None => {
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
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

fn text(Listing { crates, left }: &Listing) -> String {
    let mut text: String = rows(crates).iter().map(line).collect();
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

fn line(row: &Row<'_>) -> String {
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
    let function = if function.is_empty() {
        "no function"
    } else {
        function
    };
    format!("{file}:{line}:{column}: {callee} in {function}: {what}\n")
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
