//! A crate that was rewritten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use birthmark_rewrite::text::Annotation;
use birthmark_rewrite::{packages, roles};

use super::Build;
use super::command_line::Unit;
use super::report::Outcome;
use crate::source::engine::{self, COLUMNS, Krate, RUNTIME, Recipe, SkippedFiles};

/// The input from which a crate is rewritten.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The annotation of the whole crate, if anything in it is to be rewritten.
    pub annotation: Option<Annotation>,
    /// The text of its root.
    pub root: String,
    /// `true` if it sets the runtime up.
    pub program: bool,
    /// Modules of it whose tasks a pool keeps.
    pub roots: Vec<String>,
    /// The carrier at its end.
    pub carrier: Option<&'static str>,
    /// The parts that stay as they are, because they do not compile otherwise.
    pub left: SkippedParts,
    /// The directory to mirror, if the usual one does not hold all that its files include.
    pub wider: Option<PathBuf>,
}

/// The parts of a crate that stay as they are, because they do not compile when they are rewritten.
#[derive(Clone, Debug, Default)]
pub struct SkippedParts {
    /// The parts of each file.
    pub files: SkippedFiles,
    /// Each function and file, with the error of the compiler.
    pub shown: Vec<String>,
}

impl Draft {
    /// Has the engine rewrite it.
    pub fn krate(&self, unit: &Unit, columns: bool) -> Krate {
        let Some(annotation) = self.annotation.clone() else {
            return Krate::default();
        };
        let recipe = Recipe {
            annotation,
            tests: unit.is_test(),
            columns,
            policy: packages::policy_of(&unit.package.name, &unit.name),
            roles: roles::of(&unit.package.name, &unit.name),
            roots: self.roots.clone(),
            without_await: unit.edition() == "2015",
        };
        recipe.rewrite_except(&unit.root(), &|path| shown(unit, path), &self.left.files)
    }

    /// A draft in which nothing is rewritten, of a program that sets the runtime up.
    pub fn bare(&self) -> Option<Draft> {
        self.program.then(|| Draft {
            annotation: None,
            carrier: None,
            ..self.clone()
        })
    }
}

/// A path as the compiler prints it.
pub fn shown(unit: &Unit, path: &Path) -> String {
    let inside = path
        .strip_prefix(&unit.directory)
        .ok()
        .filter(|_| unit.source.is_relative());
    inside.unwrap_or(path).display().to_string()
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
    /// The outcome to report.
    pub outcome: Outcome,
    draft: Draft,
}

impl Rewritten {
    /// Puts together what is compiled.
    pub fn new(
        unit: &Unit,
        build: &Build<'_>,
        krate: Krate,
        draft: Draft,
        columns: Option<PathBuf>,
    ) -> Rewritten {
        let outcome = outcome(&krate, &draft);
        let files = krate.files.into_iter();
        let mut files: BTreeMap<PathBuf, String> =
            files.map(|(path, file)| (path, file.text)).collect();
        let columns = columns.filter(|_| files.values().any(|text| text.contains(COLUMNS)));
        let old = unit.edition() == "2015";
        if draft.program || draft.carrier.is_some() || old {
            let root = || draft.root.clone();
            let text = files.entry(unit.root()).or_insert_with(root);
            if old {
                let macros = columns.as_ref().map(|_| COLUMNS);
                let names: Vec<&str> = [RUNTIME].into_iter().chain(macros).collect();
                text.push_str(&engine::extern_crates(&names));
            }
            if let Some(carrier) = draft.carrier {
                text.push_str(&engine::carrier(carrier));
            }
            if draft.program {
                let scope = &build.session.scope;
                text.push_str(&engine::at_start(
                    &scope.carry,
                    &scope.rules,
                    &scope.spawn_stacks,
                ));
            }
        }
        Rewritten {
            base: match &draft.wider {
                Some(wider) => wider.clone(),
                None => base(unit, build, files.keys()),
            },
            files,
            columns,
            outcome,
            draft,
        }
    }

    /// Returns the draft from which the crate was rewritten.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Rewrites another draft of the crate. `columns` is the macro for columns, if the draft may use it.
    pub fn again(
        draft: Draft,
        unit: &Unit,
        build: &Build<'_>,
        columns: Option<PathBuf>,
    ) -> Rewritten {
        let krate = draft.krate(unit, columns.is_some());
        Rewritten::new(unit, build, krate, draft, columns)
    }
}

fn outcome(krate: &Krate, draft: &Draft) -> Outcome {
    let [sites, probable] = [true, false].map(|certain| {
        let sites = krate.sites().filter(|site| site.certain == certain);
        sites.map(|site| engine::shown(&site.position)).collect()
    });
    let uncovered = krate.uncovered().chain(krate.unparsed.iter().cloned());
    Outcome::Instrumented {
        sites,
        probable,
        uncovered: uncovered.collect(),
        left: draft.left.shown.clone(),
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
