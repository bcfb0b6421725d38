//! The line at the end of a build.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;
use crate::choice::{NOTHING_CHOSEN, REMEDY};
use crate::session::{Session, replace};
use crate::wrapper::report::{self, Outcome, Reason, Report};

/// Says what is instrumented in the program that this session builds, and what had to be left alone.
/// Nothing, if nothing was compiled yet.
pub fn print(file: &Path, session: &Session) {
    eprint!("{}", remembered(file, session));
}

/// What was said when the reports were read last.
#[derive(Serialize, Deserialize)]
struct Said {
    /// The directory of the reports, which is another one after each report that is kept.
    reports: Stamp,
    text: String,
}

/// Reads the reports only if any crate was compiled since they were read last: there is one for each crate
/// that may spawn, and a build with nothing to do has nothing new to say.
fn remembered(file: &Path, session: &Session) -> String {
    let place = file.with_extension("said");
    let (now, state) = (SystemTime::now(), session.state());
    let reports = Stamp::of(&report::directory(&state));
    let said = fs::read(&place).ok();
    let said = said.and_then(|said| serde_json::from_slice::<Said>(&said).ok());
    if let Some(said) = said.filter(|said| Some(&said.reports) == reports.as_ref()) {
        return said.text;
    }
    let text = text(&Report::all(&state), file, session);
    if let Some(reports) = reports.filter(|reports| reports.is_settled(now)) {
        let said = Said { reports, text };
        // What cannot be remembered is read again.
        let _ = serde_json::to_vec(&said)
            .map_err(anyhow::Error::from)
            .and_then(|said| replace(&place, &said));
        return said.text;
    }
    text
}

fn text(reports: &[Report], file: &Path, session: &Session) -> String {
    let mut crates = BTreeSet::new();
    let mut sites = BTreeSet::new();
    let mut bare = BTreeSet::new();
    let mut left = BTreeSet::new();
    let mut faults = BTreeSet::new();
    for report in reports.iter().filter(|report| report.session == file) {
        match &report.outcome {
            Outcome::Instrumented { sites: found, .. } if found.is_empty() => {}
            Outcome::Instrumented { sites: found, .. } => {
                crates.insert((&report.package, &report.version));
                sites.extend(found);
            }
            Outcome::LeftAlone(Reason::NoStd) => {
                bare.insert((&report.package, &report.version));
            }
            Outcome::LeftAlone(reason) if reason.is_failure() => {
                left.insert((&report.package, &report.version));
                faults.extend(reason.may_pass().then_some(reason));
            }
            Outcome::LeftAlone(_) => {}
        }
    }
    let mut lines: Vec<String> = faults.into_iter().map(ToString::to_string).collect();
    let counts = [crates.len(), sites.len(), bare.len(), left.len()];
    if !crates.is_empty() || !bare.is_empty() || !left.is_empty() {
        lines.push(line(counts));
    } else if !session.is_implicit() {
        lines.push(format!("nothing instrumented: {NOTHING_CHOSEN}; {REMEDY}"));
    }
    let lines = lines.iter().map(|line| format!("   Birthmark {line}\n"));
    lines.collect()
}

fn line([crates, sites, bare, left]: [usize; 4]) -> String {
    let mut line = format!(
        "{} instrumented, {}",
        count(crates, "crate"),
        count(sites, "site")
    );
    if bare > 0 {
        line += &format!("; {} left alone", count(bare, "`no_std` crate"));
    }
    if left > 0 {
        line += &format!(
            "; {} left alone (`cargo birthmark doctor` says why)",
            count(left, "crate")
        );
    }
    line
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_and_points_at_the_doctor() {
        assert_eq!(line([13, 270, 0, 0]), "13 crates instrumented, 270 sites");
        assert_eq!(
            line([1, 1, 1, 2]),
            "1 crate instrumented, 1 site; 1 `no_std` crate left alone; \
             2 crates left alone (`cargo birthmark doctor` says why)"
        );
    }
}
