//! The reason for which nothing is instrumented, and what to do.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use birthmark_rewrite::text;

use super::arguments::Locating;
use super::names;
use super::project::{Project, directory};
use super::survey::{SkipReason, Surveyed, Tests, survey};
use super::units::{Used, canonical};
use crate::scope::Reach;
use crate::selection::{self, Candidate, ExcludedBy};
use crate::session::Session;
use crate::source::search;

/// The reason for which there is nothing to instrument.
#[derive(Debug)]
pub struct Nothing {
    /// The cause.
    pub cause: String,
    /// The remedy.
    pub help: String,
}

const CHOOSE: &str = "annotate one, or add --workspace or --deps; see `cargo birthmark --help`";

fn names_of<'a>(crates: impl Iterator<Item = &'a Surveyed<'a>>) -> Vec<String> {
    crates
        .map(|one| names::of(one.package, one.target))
        .collect()
}

impl Nothing {
    /// Finds out why a command of cargo's has used nothing that is instrumented. `None` if the crate that was to be
    /// instrumented did not compile, because cargo has said so.
    pub fn after_build(
        args: &[OsString],
        locating: &Locating,
        session: &Session,
        used: &[Used],
    ) -> Result<Option<Nothing>> {
        let project = Project::load(locating.manifest.as_deref(), &locating.metadata)?;
        let with_tests = survey(&project, session, Tests::Included);
        if !with_tests.iter().any(Surveyed::holds_sites) {
            return Ok(Some(Nothing::of(&with_tests, session)));
        }
        let without_tests = survey(&project, session, Tests::LeftOut);
        let plain = names_of(without_tests.iter().filter(|one| one.holds_sites()));
        if plain.is_empty() {
            let all = names_of(with_tests.iter().filter(|one| one.holds_sites()));
            return Ok(Some(Nothing {
                cause: format!(
                    "all spawns of {} are in code that only tests compile",
                    names::list(&all)
                ),
                help: "run `cargo birthmark test`".to_owned(),
            }));
        }
        let is_used = |one: &&Surveyed<'_>| {
            let root = canonical(one.target.src_path.as_std_path());
            used.iter().any(|used| used.root() == root)
        };
        let mut with_sites = without_tests.iter().filter(|one| one.holds_sites());
        if with_sites.any(|one| is_used(&one)) {
            return Ok(None);
        }
        let command = args.first().map(|arg| arg.to_string_lossy());
        Ok(Some(Nothing {
            cause: format!(
                "`{}` does not use {}, where the spawns are",
                command.unwrap_or_default(),
                names::list(&plain)
            ),
            help: "name it in the command by --bin, --test, -p or --all-targets".to_owned(),
        }))
    }

    /// Says why none of the crates is instrumented.
    pub fn of(surveyed: &[Surveyed<'_>], session: &Session) -> Nothing {
        let mistakes = surveyed.iter().filter(|one| one.is_member(session));
        let mut mistakes = mistakes.filter(|one| !one.head.mistakes.is_empty());
        if let Some(one) = mistakes.next() {
            return misread(one);
        }
        let uncovered = names_of(surveyed.iter().filter(|one| one.holds_uncovered_only()));
        if !uncovered.is_empty() {
            return Nothing {
                cause: format!("all spawns of {} are not covered", names::list(&uncovered)),
                help: "run `cargo birthmark sites`, which shows the reasons".to_owned(),
            };
        }
        let is_chosen = |one: &&Surveyed<'_>| matches!(one.found, Ok(_) | Err(SkipReason::NoSpawn));
        let without = names_of(surveyed.iter().filter(is_chosen));
        let left_out = |why: ExcludedBy| {
            let is_left = |one: &&Surveyed<'_>| {
                let is_left = matches!(one.found, Err(SkipReason::NotSelected(it)) if it == why);
                is_left && may_spawn(one, session)
            };
            names_of(surveyed.iter().filter(is_left))
        };
        let [by_pattern, unannotated] =
            [ExcludedBy::Pattern, ExcludedBy::MissingAnnotation].map(left_out);
        if !by_pattern.is_empty() {
            return Nothing {
                cause: format!(
                    "`only` and `exclude` leave out {}",
                    names::list(&by_pattern)
                ),
                help: "change the patterns; `cargo birthmark --deps sites` lists all spawns".into(),
            };
        }
        match (&without[..], &unannotated[..]) {
            ([], []) => Nothing {
                cause: "no chosen crate has a spawn".into(),
                help: CHOOSE.into(),
            },
            ([], some) => Nothing {
                cause: format!("no crate is annotated; spawns are in {}", names::list(some)),
                help: CHOOSE.into(),
            },
            (_, []) if session.scope.reach == Reach::Deps => Nothing {
                cause: "no crate of the program has a spawn".into(),
                help: "add functions that spawn to `also(…)` in an annotation".into(),
            },
            (_, []) => Nothing {
                cause: "no chosen crate has a spawn".into(),
                help: "add --deps, which includes dependencies".into(),
            },
            (without, some) => Nothing {
                cause: format!(
                    "spawns are in {}, and annotated: {}",
                    names::list(some),
                    names::list(without)
                ),
                help: CHOOSE.into(),
            },
        }
    }
}

fn misread(one: &Surveyed<'_>) -> Nothing {
    let file = one.target.src_path.as_str();
    let mistakes = one.head.mistakes.iter().map(|mistake| {
        let (line, column, message) = (mistake.line, mistake.column, &mistake.message);
        format!("{file}:{line}:{column}: {message}")
    });
    let mistakes: Vec<String> = mistakes.collect();
    Nothing {
        cause: format!("cannot read an annotation: {}", mistakes.join("; ")),
        help: "see the documentation of `#[birthmark::instrument]` for the arguments".into(),
    }
}

/// Returns `true` if a crate that is not chosen may have spawns.
pub fn may_spawn(one: &Surveyed<'_>, session: &Session) -> bool {
    let candidate = Candidate {
        name: &one.package.name,
        version: &one.package.version.to_string(),
        settings: session.members.get(&directory(one.package)),
        has_debug_info: false,
    };
    let words = selection::unsaid(session, candidate);
    let root: &Path = one.target.src_path.as_std_path();
    search::any_file(root, |file| text::may_spawn(file, &words))
}
