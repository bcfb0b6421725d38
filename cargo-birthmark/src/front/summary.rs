//! The line at the end of a build.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use super::arguments::Locating;
use super::nothing::Nothing;
use super::units::{Question, Used, canonical};
use crate::cache::metadata::Entry;
use crate::cache::stamp::Stamp;
use crate::cache::summaries::{State, Summaries};
use crate::output::status;
use crate::session::{Session, hash};
use crate::wrapper::report::{self, Outcome, Reason, Report};

/// A command of cargo's that has ended.
pub struct Ended<'a> {
    /// Its arguments.
    pub args: &'a [OsString],
    /// The arguments that locate the program.
    pub locating: &'a Locating,
    /// The cached metadata of the program.
    pub entry: &'a Entry,
    /// The session.
    pub session: &'a Session,
    /// The session file.
    pub file: &'a Path,
    /// When it began.
    pub started: SystemTime,
}

impl Ended<'_> {
    /// Says what is instrumented in what the command used, and what had to be left alone. `cargo` is cargo in the
    /// environment of the build.
    pub fn tell(&self, cargo: Command) {
        match Question::of(self.args) {
            None => eprint!("{}", self.compiled()),
            Some(question) => eprint!("{}", self.used(&question, cargo)),
        }
    }

    /// Returns the counts of the crates that the command compiled, because cargo does not name the others that it used.
    /// Another program may compile into the same directory at the same time, in a session of its own.
    fn compiled(&self) -> String {
        let mut reports = Report::all(&self.session.state());
        reports.retain(|report| report.session == self.file && report.compiled >= self.started);
        Counts::of(&reports).text()
    }

    /// Counts the reports of the units that the command used. The reports are read only if a crate was compiled since
    /// they were read last, because there is one for each crate that may spawn.
    fn used(&self, question: &Question, cargo: Command) -> String {
        let (now, state) = (SystemTime::now(), self.session.state());
        let key = hash(&format!("{question:?} {}", self.entry.name()));
        let metadata = self.entry.stamp();
        let reports = Stamp::of(&report::directory(&state));
        let settled = reports.as_ref().is_some_and(|it| it.is_settled(now));
        let now = metadata.zip(reports).map(|(metadata, reports)| State {
            question: key,
            metadata,
            reports,
        });
        let summaries = Summaries::beside(self.file);
        if let Some(text) = now.as_ref().and_then(|now| summaries.find(now)) {
            return text.to_owned();
        }
        let Some(used) = question.ask(cargo) else {
            return self.compiled();
        };
        let of_units = of_units(Report::all(&state), &used, self.session);
        let counts = Counts::of(&of_units);
        if counts.are_none() {
            return self.nothing(&used);
        }
        let text = counts.text();
        if let Some(now) = now.filter(|_| settled) {
            let is_member = |root: &&Path| {
                let mut members = self.session.members.keys();
                members.any(|member| root.starts_with(canonical(member)))
            };
            let roots = used.iter().map(Used::root).filter(is_member);
            summaries.add(now, roots.map(Path::to_owned).collect(), text.clone());
        }
        text
    }

    /// Returns the reason for which the command has used nothing that is instrumented. The text is empty if cargo has
    /// said it.
    fn nothing(&self, used: &[Used]) -> String {
        match Nothing::after_build(self.args, self.locating, self.session, used) {
            Ok(Some(Nothing { cause, help })) => {
                status(&format!("nothing instrumented: {cause}"))
                    + &status(&format!("help: {help}"))
            }
            Ok(None) => String::new(),
            Err(error) => status(&format!(
                "nothing instrumented; cannot find the reason: {error:#}"
            )),
        }
    }
}

/// The reports of the units that are used, of each unit the newest one.
fn of_units(reports: Vec<Report>, used: &[Used], session: &Session) -> Vec<Report> {
    let mut taken = BTreeSet::new();
    let mut reports = reports;
    reports.retain(|report| {
        let root = canonical(&report.unit.root);
        let units = used.iter().enumerate();
        let mut units = units.filter(|(_, unit)| unit.is_of(report, &root, session));
        units.any(|(index, _)| taken.insert((index, report.unit.is_test)))
    });
    reports
}

/// Counts of crates, sites and faults in the reports of a build.
#[derive(Default)]
struct Counts<'a> {
    crates: BTreeSet<(&'a str, &'a str)>,
    sites: BTreeSet<&'a str>,
    /// Calls that may be no spawns.
    probable: BTreeSet<&'a str>,
    without_std: BTreeSet<(&'a str, &'a str)>,
    left_alone: BTreeSet<(&'a str, &'a str)>,
    faults: BTreeSet<&'a Reason>,
    /// Functions and files that are left alone in crates that are instrumented.
    parts: BTreeSet<&'a str>,
}

impl<'a> Counts<'a> {
    fn of(reports: &'a [Report]) -> Counts<'a> {
        let mut counts = Counts::default();
        reports.iter().for_each(|report| counts.take_in(report));
        counts
    }

    fn take_in(&mut self, report: &'a Report) {
        let package = (&report.package[..], &report.version[..]);
        if let Outcome::Instrumented { left, .. } = &report.outcome {
            self.parts.extend(left.iter().map(String::as_str));
        }
        match &report.outcome {
            Outcome::Instrumented {
                sites, probable, ..
            } => {
                if !(sites.is_empty() && probable.is_empty()) {
                    self.crates.insert(package);
                }
                self.sites.extend(sites.iter().map(String::as_str));
                self.probable.extend(probable.iter().map(String::as_str));
            }
            Outcome::LeftAlone(Reason::NoStd) => {
                self.without_std.insert(package);
            }
            Outcome::LeftAlone(reason) if reason.is_failure() => {
                self.left_alone.insert(package);
                self.faults.extend(reason.may_pass().then_some(reason));
            }
            Outcome::LeftAlone(_) => {}
        }
    }

    fn are_none(&self) -> bool {
        self.crates.is_empty()
            && self.without_std.is_empty()
            && self.left_alone.is_empty()
            && self.parts.is_empty()
    }

    /// Nothing if there is nothing to say.
    fn text(&self) -> String {
        if self.are_none() {
            return String::new();
        }
        let counts = [
            self.crates.len(),
            self.sites.len(),
            self.probable.len(),
            self.without_std.len(),
            self.left_alone.len(),
        ];
        let lines = self.faults.iter().map(ToString::to_string);
        let parts = (!self.parts.is_empty()).then(|| parts_line(self.parts.len()));
        let lines = lines.chain(parts).chain([line(counts)]);
        lines.map(|line| status(&line)).collect()
    }
}

fn line([crates, sites, probable, bare, left]: [usize; 5]) -> String {
    let mut line = format!(
        "{} instrumented, {}",
        count(crates, "crate"),
        count(sites, "site")
    );
    if probable > 0 {
        let calls = if probable == 1 {
            "may be a spawn"
        } else {
            "may be spawns"
        };
        line += &format!("; {} {calls}", count(probable, "other call"));
    }
    if bare > 0 {
        line += &format!("; {} left alone", count(bare, "`no_std` crate"));
    }
    if left > 0 {
        line += &format!(
            "; {} left alone (see `cargo birthmark doctor`)",
            count(left, "crate")
        );
    }
    line
}

/// The line on functions and files that are left as they are within crates that are instrumented.
fn parts_line(parts: usize) -> String {
    let parts = count(parts, "place");
    format!("{parts} left alone in what is instrumented (see `cargo birthmark doctor`)")
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_counts_and_points_at_the_doctor() {
        assert_eq!(
            line([13, 270, 0, 0, 0]),
            "13 crates instrumented, 270 sites"
        );
        assert_eq!(
            line([2, 10, 4, 0, 0]),
            "2 crates instrumented, 10 sites; 4 other calls may be spawns"
        );
        assert_eq!(
            line([1, 1, 0, 1, 2]),
            "1 crate instrumented, 1 site; 1 `no_std` crate left alone; \
             2 crates left alone (see `cargo birthmark doctor`)"
        );
    }
}
