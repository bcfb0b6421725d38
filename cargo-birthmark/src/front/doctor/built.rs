//! Compares the target directory with the present choices, and finds crates whose instrumentation failed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Package, Target};

use super::diagnosis::{Built, Diagnosis};
use super::environment::chosen;
use super::refused;
use crate::concern;
use crate::front::names;
use crate::front::project::Project;
use crate::front::units::canonical;
use crate::session::Session;
use crate::wrapper::report::{Outcome, Reason, Report};

/// Compares what was built with the choices.
pub fn look(project: &Project, session: &Session, diagnosis: &mut Diagnosis) {
    let state = session.state();
    let mut stale = BTreeSet::new();
    for (report, package, target) in of_program(project, Report::all(&state)) {
        let built = if concern::hold(&report.concerns, session) {
            match &report.outcome {
                Outcome::LeftAlone(reason) if reason.is_failure() => Built::LeftAlone,
                _ => Built::Fresh,
            }
        } else {
            stale.insert(canonical(&report.unit.root));
            Built::Stale(difference(&report.session, session))
        };
        let mut rows = diagnosis.packages.iter_mut();
        let same = |row: &&mut super::diagnosis::Row| {
            row.package == report.package && row.version == report.version
        };
        if let Some(row) = rows.find(same) {
            row.built = row.built.clone().and(built.clone());
        }
        if matches!(built, Built::Fresh | Built::LeftAlone) {
            failure(&report, &name(&report, package, target), diagnosis);
        }
    }
    if !stale.is_empty() {
        diagnosis.advice(
            "stale",
            format!(
                "{} of the program's crates in {} were built with other choices",
                stale.len(),
                session.target_dir.display()
            ),
            "run `cargo birthmark` with these options, which builds them anew",
        );
    }
}

/// The reports of crates that the program still has. Of each way to build a crate the newest one counts.
fn of_program(project: &Project, reports: Vec<Report>) -> Vec<(Report, &Package, &Target)> {
    let packages = project.metadata.packages.iter();
    let targets = packages.flat_map(|package| {
        let targets = package.targets.iter();
        targets.map(move |target| (canonical(target.src_path.as_std_path()), (package, target)))
    });
    let targets: BTreeMap<PathBuf, _> = targets.collect();
    let mut seen = BTreeSet::new();
    let of_program = reports.into_iter().filter_map(|report| {
        let root = canonical(&report.unit.root);
        let (package, target) = *targets.get(&root)?;
        let unit = &report.unit;
        let way = (root, unit.is_test, unit.is_check, report.out_dir.clone());
        let counts = report.out_dir.is_dir() && seen.insert(way);
        counts.then_some((report, package, target))
    });
    of_program.collect()
}

/// The name of a unit.
fn name(report: &Report, package: &Package, target: &Target) -> String {
    let name = names::of(package, target);
    let has_own_tests = report.unit.is_test && !target.is_test() && !target.is_bench();
    if has_own_tests {
        format!("{name}, compiled with its tests,")
    } else {
        name
    }
}

/// Describes the difference between the present choices and those of an earlier build.
fn difference(then: &Path, now: &Session) -> String {
    let Ok(then) = Session::read(then) else {
        return "in a session that is gone".to_owned();
    };
    if then.tool != now.tool {
        "by another version of cargo-birthmark".to_owned()
    } else if then.scope != now.scope {
        format!("when the choice was: {}", chosen(&then.scope))
    } else if then.inner != now.inner {
        "through another compiler wrapper".to_owned()
    } else {
        "before the manifests changed".to_owned()
    }
}

/// Reports a crate that was to be instrumented and could not be.
fn failure(report: &Report, name: &str, diagnosis: &mut Diagnosis) {
    let reason = match &report.outcome {
        Outcome::Instrumented { left, .. } => return left_alone(name, left, diagnosis),
        Outcome::LeftAlone(reason) => reason,
    };
    let left = |what: &str| format!("{name} is left alone: {what}");
    let what = left(&reason.to_string());
    match reason {
        Reason::NotChosen | Reason::NoSpawn | Reason::NoStd => {}
        Reason::OwnStd => diagnosis.advice("build-std", what, "leave out `-Z build-std`"),
        Reason::Runtime(_) => {
            diagnosis.problem("runtime", what, "read the output of cargo, and build again");
        }
        Reason::Mirror(_) => {
            diagnosis.problem("mirror", what, "mend the cause, and build again");
        }
        Reason::DoesNotCompile(said) => {
            let refused = refused::explain(&report.package, said);
            let what = left(&refused.what);
            if refused.is_limit {
                diagnosis.advice("limit", what, &refused.remedy);
            } else {
                diagnosis.problem("fallback", what, &refused.remedy);
            }
        }
    }
}

/// Functions and files of an instrumented crate that are left as they are.
fn left_alone(name: &str, left: &[String], diagnosis: &mut Diagnosis) {
    for place in left {
        let what = format!(
            "a part of {name} is left alone because it does not compile when it is rewritten: {place}"
        );
        let remedy = "add `#[birthmark::instrument(skip)]` to the item, which spares the attempt";
        diagnosis.advice("fallback-part", what, remedy);
    }
}
