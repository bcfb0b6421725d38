//! What is done with a unit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use birthmark_rewrite::text::{self, Annotation, Head};

use super::Build;
use super::columns;
use super::command_line::Unit;
use super::compile::PROGRAM;
use super::report::{Outcome, Reason};
use crate::choice::{self, Candidate};
use crate::source::engine::{self, COLUMNS, Krate, RUNTIME, Recipe};
use crate::source::{condition, policy, search};

/// What is done with a unit.
#[derive(Debug)]
pub enum Plan {
    /// It is handed on. It holds no spawn, so that no other session would do anything else.
    Leave,
    /// It is handed on, and another session might not do so.
    Watch(Reason),
    /// It is rewritten.
    Instrument(Box<Rewritten>),
}

/// A crate that was rewritten.
#[derive(Debug)]
pub struct Rewritten {
    /// The directory that its files have in common with all that they include.
    pub base: PathBuf,
    /// Their new text.
    pub files: BTreeMap<PathBuf, String>,
    /// The macro that keeps columns, if it is used.
    pub columns: Option<PathBuf>,
    /// What is to be reported.
    pub outcome: Outcome,
}

impl Plan {
    /// Decides. A crate in which nothing looks like a spawn is not parsed.
    pub fn of(unit: &Unit, build: &Build<'_>) -> Result<Plan> {
        let session = build.session;
        let root = search::read(&unit.root()).unwrap_or_default();
        let settings = session.members.get(&unit.package.directory);
        let head = choice::head(&root);
        let candidate = Candidate {
            name: &unit.package.name,
            version: &unit.package.version,
            settings,
        };
        let annotation = choice::annotation(session, candidate, &head).ok();
        let program = unit.is_program()
            && settings.is_some()
            && (session.is_implicit() || annotation.is_some());
        let unsaid = choice::unsaid(settings);
        let words = annotation.as_ref().unwrap_or(&unsaid);
        let spawns = search::any_file(&unit.root(), |text| text::may_spawn(text, words));
        if !spawns && !program {
            return Ok(if choice::mentions_us(&root) {
                Plan::Watch(Reason::NotChosen)
            } else {
                Plan::Leave
            });
        }
        if annotation.is_none() && !program {
            return Ok(Plan::Watch(Reason::NotChosen));
        }
        let annotation = annotation.filter(|_| spawns);
        let columns = match annotation {
            Some(_) => columns::provide(unit, build).ok(),
            None => None,
        };
        let krate = match annotation {
            Some(annotation) => recipe(annotation, unit, columns.is_some())
                .rewrite(&unit.root(), &|path| shown(unit, path)),
            None => Krate::default(),
        };
        if krate.is_unchanged() && !program {
            return Ok(Plan::Watch(Reason::NoSpawn));
        }
        if is_no_std(&head, unit) {
            let spawns = krate.sites().next().is_some();
            return Ok(Plan::Watch(if spawns {
                Reason::NoStd
            } else {
                Reason::NoSpawn
            }));
        }
        if unit.has_own_std() {
            return Ok(Plan::Watch(Reason::OwnStd));
        }
        Ok(Plan::Instrument(Box::new(Rewritten::new(
            unit, build, krate, root, program, columns,
        ))))
    }
}

fn recipe(annotation: Annotation, unit: &Unit, columns: bool) -> Recipe {
    Recipe {
        annotation,
        tests: unit.is_test(),
        columns,
        policy: policy::of(&unit.package.name),
    }
}

fn is_no_std(head: &Head, unit: &Unit) -> bool {
    let is_set = |name: &str, value: Option<&str>| {
        let option = match value {
            Some(value) => format!("{name}=\"{value}\""),
            None => name.to_owned(),
        };
        name == "test" && unit.is_test() || unit.invocation.values("--cfg").any(|cfg| cfg == option)
    };
    condition::is_no_std(head, &is_set)
}

/// A path as the compiler prints it.
fn shown(unit: &Unit, path: &Path) -> String {
    let inside = path
        .strip_prefix(&unit.directory)
        .ok()
        .filter(|_| unit.source.is_relative());
    inside.unwrap_or(path).display().to_string()
}

impl Rewritten {
    fn new(
        unit: &Unit,
        build: &Build<'_>,
        krate: Krate,
        root: String,
        program: bool,
        columns: Option<PathBuf>,
    ) -> Rewritten {
        let sites = krate.sites().map(|site| engine::shown(&site.position));
        let uncovered = krate.uncovered().chain(krate.unparsed.iter().cloned());
        let outcome = Outcome::Instrumented {
            sites: sites.collect(),
            uncovered: uncovered.collect(),
        };
        let mut files: BTreeMap<PathBuf, String> = krate
            .files
            .into_iter()
            .map(|(path, file)| (path, file.text))
            .collect();
        let columns = columns.filter(|_| files.values().any(|text| text.contains(COLUMNS)));
        let old = unit.edition() == "2015";
        if program || old {
            let text = files.entry(unit.root()).or_insert(root);
            if old {
                let macros = columns.as_ref().map(|_| COLUMNS);
                let names: Vec<&str> = [RUNTIME].into_iter().chain(macros).collect();
                text.push_str(&engine::extern_crates(&names));
            }
            if program {
                text.push_str(&engine::at_start(PROGRAM));
            }
        }
        Rewritten {
            base: base(unit, build, files.keys()),
            files,
            columns,
            outcome,
        }
    }
}

/// The directory to mirror: the workspace for its members, the checkout or the package for others, so
/// that what they include from around them is there, too.
fn base<'a>(
    unit: &Unit,
    build: &Build<'_>,
    mut files: impl Iterator<Item = &'a PathBuf>,
) -> PathBuf {
    let package = &unit.package.directory;
    let is_root = |directory: &&Path| {
        [".git", ".cargo-ok", "Cargo.lock"]
            .iter()
            .any(|name| directory.join(name).exists())
    };
    let workspace = &build.session.workspace;
    let likely = if package.starts_with(workspace) {
        workspace
    } else {
        package.ancestors().take(4).find(is_root).unwrap_or(package)
    };
    if files.all(|file| file.starts_with(likely)) {
        likely.to_owned()
    } else {
        PathBuf::from("/")
    }
}
