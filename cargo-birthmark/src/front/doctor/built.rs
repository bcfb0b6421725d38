//! What lies in the target directory: whether it is what the choices as they are would make, and what
//! could not be instrumented when it was built.

use std::path::Path;

use anyhow::Result;

use super::diagnosis::{Built, Diagnosis};
use super::setting::chosen;
use crate::session::Session;
use crate::wrapper::report::{Outcome, Reason, Report};

/// Compares what was built with the choices.
pub fn look(session: &Session, diagnosis: &mut Diagnosis) -> Result<()> {
    let state = session.state();
    let current = session.file(&state)?;
    let mut stale = 0;
    for report in Report::all(&state) {
        if !report.out_dir.is_dir() {
            continue;
        }
        let built = if report.session == current {
            Built::Fresh
        } else {
            stale += 1;
            Built::Stale(difference(&report.session, session))
        };
        let mut rows = diagnosis.packages.iter_mut();
        let same = |row: &&mut super::diagnosis::Row| {
            row.package == report.package && row.version == report.version
        };
        if let Some(row) = rows.find(same).filter(|row| row.built != Built::Fresh) {
            row.built = built.clone();
        }
        if built == Built::Fresh {
            failure(&report, diagnosis);
        }
    }
    if stale > 0 {
        diagnosis.advice(
            "stale",
            format!(
                "{stale} of the crates that lie in {} were built otherwise",
                session.target_dir.display()
            ),
            "the next `cargo birthmark` with these options builds them anew",
        );
    }
    Ok(())
}

/// What was otherwise when a crate was built.
fn difference(then: &Path, now: &Session) -> String {
    let Ok(then) = Session::read(then) else {
        return "in a session that is gone".to_owned();
    };
    if then.tool != now.tool {
        "by another version of cargo-birthmark".to_owned()
    } else if then.scope != now.scope {
        format!("with {} chosen", chosen(&then.scope))
    } else if then.inner != now.inner {
        "through another compiler wrapper".to_owned()
    } else {
        "before the manifests changed".to_owned()
    }
}

/// What was to be instrumented, and could not be.
fn failure(report: &Report, diagnosis: &mut Diagnosis) {
    let Outcome::LeftAlone(reason) = &report.outcome else {
        return;
    };
    let (code, remedy) = match reason {
        Reason::NotChosen | Reason::NoSpawn | Reason::NoStd => return,
        Reason::OwnStd => ("build-std", "leave out `-Z build-std`"),
        Reason::Runtime(_) => ("runtime", "see what cargo says, and build again"),
        Reason::Mirror(_) => ("mirror", "see what the system says, and build again"),
        Reason::DoesNotCompile(_) => (
            "fallback",
            "`[workspace.metadata.birthmark] exclude` or `--exclude` spares the attempt",
        ),
    };
    let what = format!(
        "{} {} was left alone: {reason}",
        report.package, report.version
    );
    diagnosis.problem(code, what, remedy);
}
