//! The line at the end of a build.

use std::collections::BTreeSet;
use std::path::Path;

use crate::session::Session;
use crate::wrapper::report::{Outcome, Report};

/// Says what is instrumented in the program that this session builds, and what had to be left alone.
/// Nothing, if nothing was compiled yet.
pub fn print(file: &Path, session: &Session) {
    let mut crates = BTreeSet::new();
    let mut sites = BTreeSet::new();
    let mut left = BTreeSet::new();
    let mut faults = BTreeSet::new();
    let reports = Report::all(&session.state());
    for report in reports.iter().filter(|report| report.session == file) {
        match &report.outcome {
            Outcome::Instrumented { sites: found, .. } if found.is_empty() => {}
            Outcome::Instrumented { sites: found, .. } => {
                crates.insert((&report.package, &report.version));
                sites.extend(found);
            }
            Outcome::LeftAlone(reason) if reason.is_failure() => {
                left.insert((&report.package, &report.version));
                faults.extend(reason.may_pass().then_some(reason));
            }
            Outcome::LeftAlone(_) => {}
        }
    }
    for fault in faults {
        eprintln!("   Birthmark {fault}");
    }
    if !crates.is_empty() || !left.is_empty() {
        eprintln!(
            "   Birthmark {}",
            line(crates.len(), sites.len(), left.len())
        );
    } else if !session.is_implicit() {
        eprintln!(
            "   Birthmark nothing instrumented: no crate is annotated; see `cargo birthmark --help`, or try --workspace or --deps"
        );
    }
}

fn line(crates: usize, sites: usize, left: usize) -> String {
    let mut line = format!(
        "{} instrumented, {}",
        count(crates, "crate"),
        count(sites, "site")
    );
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
        assert_eq!(line(13, 270, 0), "13 crates instrumented, 270 sites");
        assert_eq!(
            line(1, 1, 2),
            "1 crate instrumented, 1 site; 2 crates left alone (`cargo birthmark doctor` says why)"
        );
    }
}
