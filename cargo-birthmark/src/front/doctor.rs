//! `cargo birthmark doctor`: what was and was not instrumented, and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use super::build::inner_wrapper;
use super::project::Project;
use crate::scope::{Reach, Scope};
use crate::session::{Session, Source, VARIABLE};
use crate::wrapper::report::{Outcome, Report};

/// Prints what is known of the program's setting and of the crates that were built.
pub fn run(manifest: Option<PathBuf>, scope: Scope) -> Result<ExitCode> {
    let project = Project::load(manifest.as_deref(), &[])?;
    let session = project.session(scope, inner_wrapper()?)?;
    print_setting(&session);
    print_crates(&session.state());
    Ok(ExitCode::SUCCESS)
}

fn print_setting(session: &Session) {
    println!("cargo-birthmark {}", env!("CARGO_PKG_VERSION"));
    println!("chosen: {}", chosen(&session.scope));
    match &session.runtime {
        Source::Embedded => {
            println!("runtime: the one that cargo-birthmark brings, for the program has none")
        }
        Source::Package { directory, .. } => {
            println!("runtime: the program's own, {}", directory.display())
        }
    }
    if let Some(inner) = &session.inner {
        println!(
            "wrapper: the compiler is called through {}, as configured",
            inner.display()
        );
    }
    for name in ["RUSTC_WORKSPACE_WRAPPER", VARIABLE] {
        if let Some(value) = std::env::var_os(name) {
            println!("environment: {name}={}", value.display());
        }
    }
    let config = super::init::config_file(&session.workspace);
    if super::init::is_written(&config) {
        println!("plain cargo: instruments, by {}", config.display());
    }
}

fn chosen(scope: &Scope) -> String {
    let reach = match scope.reach {
        Reach::Annotated => "members that are annotated",
        Reach::Workspace => "all members",
        Reach::Deps => "all members and dependencies",
    };
    let list = |what: &str, patterns: &[String]| match patterns {
        [] => String::new(),
        patterns => format!("; {what} {}", patterns.join(", ")),
    };
    format!(
        "{reach}{}{}",
        list("only", &scope.only),
        list("not", &scope.exclude)
    )
}

/// What the reports say, the last of each crate.
fn print_crates(state: &Path) {
    let mut crates: BTreeMap<(String, String), Report> = BTreeMap::new();
    for report in Report::all(state) {
        let name = format!("{} {}", report.package, report.version);
        crates.insert((name, report.krate.clone()), report);
    }
    if crates.is_empty() {
        println!("crates: none was built yet; run `cargo birthmark build` first");
    }
    for ((package, krate), report) in &crates {
        match &report.outcome {
            Outcome::Instrumented { sites, uncovered } => {
                println!("{package}, {krate}: instrumented, {} sites", sites.len());
                uncovered
                    .iter()
                    .for_each(|one| println!("  not covered: {one}"));
            }
            Outcome::LeftAlone(reason) => println!("{package}, {krate}: left alone: {reason}"),
        }
    }
    println!("Crates that are not listed hold no spawn.");
}
