//! The compiler's standard error. Notices for cargo pass through at once. Messages for people are kept until it is
//! known whether they are about the user's code or ours.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

/// The result of a run of the compiler.
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// The messages for people, not printed yet.
    pub said: Vec<Vec<u8>>,
    /// `true` if cargo has been notified that dependent crates may be compiled.
    pub told: bool,
}

/// The treatment of notices to cargo that an artifact is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notices {
    /// They pass, so that cargo can go on with the crates that wait for it.
    Pass,
    /// They are dropped, because cargo has them from another run.
    Drop,
}

/// Runs the compiler.
pub fn run(command: &mut Command, notices: Notices) -> Result<Run> {
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .context("run the compiler")?;
    let mut run = Run {
        status: ExitStatus::default(),
        said: Vec::new(),
        told: false,
    };
    let mut lines = BufReader::new(child.stderr.take().context("read from the compiler")?);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .context("read from the compiler")?
        > 0
    {
        if !is_notice(&line) {
            run.said.push(std::mem::take(&mut line));
        } else if notices == Notices::Pass {
            run.told |= is_of_metadata(&line);
            print(&line);
        }
        line.clear();
    }
    run.status = child.wait().context("wait for the compiler")?;
    Ok(run)
}

impl Run {
    /// Returns `true` if any message is about a place in the source. JSON messages show their places. `is_json` is
    /// `true` if all messages about the source are JSON.
    pub fn speaks_of_source(&self, is_json: bool) -> bool {
        let has_place = |line: &Vec<u8>| {
            let said = serde_json::from_slice(line);
            said.map_or(!is_json, |said: Diagnostic| said.has_place())
        };
        self.said.iter().any(has_place)
    }

    /// Prints what the compiler said.
    pub fn print(&self) {
        self.said.iter().for_each(|line| print(line));
    }
}

/// A message of the compiler, of which we need little.
#[derive(Deserialize)]
struct Diagnostic {
    #[serde(default)]
    level: String,
    #[serde(default)]
    message: String,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
}

/// A place that a message is about.
#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: usize,
    #[serde(default)]
    is_primary: bool,
    /// The macro call of which it came.
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Box<Span>,
}

impl Span {
    /// The place, and those of the macro calls of which it came.
    fn places(&self) -> impl Iterator<Item = (&str, usize)> {
        let spans = std::iter::successors(Some(self), |span| {
            let outer = span.expansion.as_ref()?;
            Some(&*outer.span)
        });
        spans.map(|span| (&span.file_name[..], span.line_start))
    }
}

impl Diagnostic {
    fn has_place(&self) -> bool {
        !self.spans.is_empty() || self.children.iter().any(Diagnostic::has_place)
    }

    fn spans(&self) -> Box<dyn Iterator<Item = &Span> + '_> {
        Box::new(
            self.spans
                .iter()
                .chain(self.children.iter().flat_map(Diagnostic::spans)),
        )
    }
}

/// An error, and a place in the source that it is about.
pub struct Fault {
    /// The file, as the compiler prints it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// `true` if the error is at this place, and the place does not only explain it.
    pub is_primary: bool,
    /// The message of the error.
    pub message: String,
}

impl Run {
    fn errors(&self) -> impl Iterator<Item = Diagnostic> {
        let said = self.said.iter();
        let said = said.filter_map(|line| serde_json::from_slice::<Diagnostic>(line).ok());
        said.filter(|said| said.level.starts_with("error"))
    }

    /// The places of all errors.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for error in self.errors() {
            for span in error.spans() {
                let is_primary = span.is_primary;
                faults.extend(span.places().map(|(file, line)| Fault {
                    file: file.to_owned(),
                    line,
                    is_primary,
                    message: error.message.clone(),
                }));
            }
        }
        faults
    }

    /// The messages of all errors, one line each.
    pub fn messages(&self) -> Vec<String> {
        self.errors().map(|error| error.message).collect()
    }

    /// The files that it could not read.
    pub fn unread(&self) -> Vec<PathBuf> {
        let file = |message: String| {
            let file = message.strip_prefix("couldn't read `")?.split('`').next()?;
            Some(PathBuf::from(file))
        };
        self.errors()
            .filter_map(|error| file(error.message))
            .collect()
    }

    /// All that the compiler said.
    pub fn text(&self) -> String {
        let said = self.said.iter();
        said.map(|line| String::from_utf8_lossy(line)).collect()
    }
}

fn print(line: &[u8]) {
    // If this fails, nobody reads standard error any more.
    let _ = std::io::stderr().lock().write_all(line);
}

/// Returns `true` if a notice is about metadata, against which other crates are compiled. A notice about the dep-info
/// precedes it.
fn is_of_metadata(notice: &[u8]) -> bool {
    let end = br#""emit":"metadata"}"#;
    notice.trim_ascii_end().ends_with(end)
}

/// Returns `true` if a line is for cargo itself: an artifact is there, or a part of the work was done.
fn is_notice(line: &[u8]) -> bool {
    let starts = |kind: &str| line.starts_with(format!(r#"{{"$message_type":"{kind}""#).as_bytes());
    starts("artifact") || starts("section_timing")
}
