//! The files of a crate as the engine rewrites them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use birthmark_rewrite::packages::Policy;
use birthmark_rewrite::roles::KnownRole;
use birthmark_rewrite::text::{
    self, Annotation, Edition, Except, File, Function, Insertion, Options,
};
use birthmark_rewrite::{CrateSignatures, MacroNames, Position, Reason, Site, Uncovered};

use super::modules;

/// The name by which rewritten code finds the runtime.
pub const RUNTIME: &str = "__birthmark";

/// The name by which it finds the macro that keeps columns.
pub const COLUMNS: &str = "__birthmark_columns";

/// The condition of `cfg` that is set if the crate is a program. The code that sets the runtime up depends on it.
pub const PROGRAM: &str = "__birthmark_program";

/// How a crate is rewritten.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The annotation of the whole crate.
    pub annotation: Annotation,
    /// `true` if the macro that keeps columns is available.
    pub columns: bool,
    /// The calls that count as spawns in it.
    pub policy: Policy,
    /// Roles by which people know its tasks.
    pub roles: &'static [KnownRole],
    /// Modules of it whose tasks a pool keeps. An empty path is the whole crate.
    pub roots: Vec<String>,
    /// `true` if its tests are compiled.
    pub tests: bool,
    /// Set if its edition is 2015, in which `await` is a name like any other.
    pub without_await: bool,
}

/// The part of a file that stays as it is.
#[derive(Clone, Debug)]
pub enum Skipped {
    /// These functions.
    Functions(Vec<Function>),
    /// All of it.
    File,
}

/// The skipped part of each file.
pub type SkippedFiles = BTreeMap<PathBuf, Skipped>;

impl Skipped {
    fn except(left: Option<&Skipped>) -> Except<'_> {
        match left {
            None => Except::Nothing,
            Some(Skipped::Functions(functions)) => Except::Functions(functions),
            Some(Skipped::File) => Except::File,
        }
    }
}

/// A crate as the engine has rewritten it.
#[derive(Debug, Default)]
pub struct Krate {
    /// Each file in which something is inserted, or was left alone.
    pub files: BTreeMap<PathBuf, Changed>,
    /// `true` if its awaits have frames.
    pub has_frames: bool,
    /// Files that do not consist of tokens, with the place and the reason.
    pub unparsed: Vec<String>,
}

/// A file as the engine has rewritten it.
#[derive(Debug)]
pub struct Changed {
    /// Its new text.
    pub text: String,
    /// The insertions.
    pub insertions: Vec<Insertion>,
    /// The spawns that are recorded.
    pub sites: Vec<Site>,
    /// The spawns that are not recorded, each with the reason.
    pub uncovered: Vec<Uncovered>,
}

impl Recipe {
    fn options(&self) -> Options {
        let mut annotation = self.annotation.clone();
        annotation.skip |= self.policy == Policy::Nothing;
        if self.without_await {
            annotation.frames = Some(false);
        }
        let (forwarders, pooled): (&[&str], &[&str]) = match self.policy {
            Policy::Spawns { forwarders, pooled } => (forwarders, pooled),
            _ => (&[], &[]),
        };
        let owned = |methods: &[&str]| methods.iter().map(|&method| method.into()).collect();
        Options {
            annotation,
            runtime: RUNTIME.into(),
            edit: self.columns.then(|| format!("::{COLUMNS}::edit")),
            // The root of a crate of 2015 declares the runtime, see `extern_crates`.
            edition: Edition::default(),
            only_threads: self.policy == Policy::Threads,
            forwarders: owned(forwarders),
            pooled: owned(pooled),
            all_pooled: false,
            roles: self.roles,
            without_tests: !self.tests,
            macros: MacroNames::default(),
            signatures: CrateSignatures::default(),
        }
    }

    /// Rewrites all files of the crate with this root. `shown` tells how a path is printed.
    pub fn rewrite(&self, root: &Path, shown: &dyn Fn(&Path) -> String) -> Krate {
        self.rewrite_except(root, shown, &SkippedFiles::new())
    }

    /// Does the same as [`Recipe::rewrite`], except for what is left as it is.
    pub fn rewrite_except(
        &self,
        root: &Path,
        shown: &dyn Fn(&Path) -> String,
        left: &SkippedFiles,
    ) -> Krate {
        let files = modules::files(root, self.tests);
        let mut options = self.options();
        for (path, source) in &files {
            options.macros.add(source);
            let module = modules::name_of(path, root);
            let also = &self.annotation.also;
            options.signatures.add(module, source, also);
        }
        let mut krate = Krate {
            has_frames: options.annotation.frames != Some(false) && !options.annotation.skip,
            ..Krate::default()
        };
        for (path, source) in files {
            let module = modules::path_of(&path, root);
            options.all_pooled = self.roots.iter().any(|one| modules::contains(one, &module));
            let file = File {
                source: &source,
                path: &shown(&path),
            };
            match text::rewrite_except(file, &options, Skipped::except(left.get(&path))) {
                Ok(rewritten) => krate.add(path, rewritten),
                Err(text::Unparsed(mistake)) => {
                    let text::Mistake {
                        line,
                        column,
                        message,
                    } = mistake;
                    krate
                        .unparsed
                        .push(format!("{}:{line}:{column}: {message}", shown(&path)));
                }
            }
        }
        krate
    }
}

impl Krate {
    /// Keeps what was found in a file, if anything was.
    fn add(&mut self, path: PathBuf, rewritten: text::Rewritten) {
        let text::Rewritten {
            text,
            insertions,
            sites,
            uncovered,
            ..
        } = rewritten;
        if !insertions.is_empty() || !uncovered.is_empty() {
            self.files.insert(
                path,
                Changed {
                    text,
                    insertions,
                    sites,
                    uncovered,
                },
            );
        }
    }

    /// Returns `true` if nothing is inserted.
    pub fn is_unchanged(&self) -> bool {
        self.files.values().all(|file| file.insertions.is_empty())
    }

    /// The spawns that are not recorded, each with its place and why.
    pub fn uncovered(&self) -> impl Iterator<Item = String> {
        let uncovered = self.files.values().flat_map(|file| &file.uncovered);
        uncovered.map(|one| {
            let (at, why) = (shown(&one.position), why(&one.reason));
            format!("{at}: {}: {why}", one.callee)
        })
    }

    /// All spawns that are recorded.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.files.values().flat_map(|file| &file.sites)
    }
}

/// The code that has birthmark set up before `main`, for the end of the root of a program.
/// Switches the carriers of libraries on, and adds rules and patterns of spawns whose stacks are kept, too.
pub fn at_start(carry: &[String], rules: &[String], spawn_stacks: &[String]) -> String {
    let carry = carry.join(" ");
    let list = |texts: &[String]| -> String {
        let texts = texts.iter().map(|text| format!(" {text:?}"));
        texts.collect()
    };
    let rest = match (rules, spawn_stacks) {
        ([], []) => String::new(),
        (rules, []) => format!(";{}", list(rules)),
        (rules, patterns) => format!(";{};{}", list(rules), list(patterns)),
    };
    format!("\n#[cfg({PROGRAM})] ::{RUNTIME}::__private::at_start! {{ {carry}{rest} }}\n")
}

/// The carrier of a library, for the end of its root.
pub fn carrier(library: &str) -> String {
    format!("\n::{RUNTIME}::__private::carrier! {{ {library} }}\n")
}

/// Returns items for the end of the root of a crate of the edition 2015. They declare crates, so that `::name` leads to
/// them.
pub fn extern_crates(names: &[&str]) -> String {
    let names = names.iter().map(|name| format!("extern crate {name}; "));
    format!("\n{}\n", names.collect::<String>())
}

/// A place as the compiler prints it.
pub fn shown(position: &Position) -> String {
    let Position { file, line, column } = position;
    format!("{file}:{line}:{column}")
}

/// Why a spawn is not recorded.
pub fn why(reason: &Reason) -> String {
    match reason {
        Reason::Skipped => "is in an item with `skip`".into(),
        Reason::Left => "is in code that does not compile when it is rewritten".into(),
        Reason::Macro(name) => format!(
            "is in the arguments of `{name}!`, which may not pass them on; \
             `macros({name})` in the annotation has them read"
        ),
        Reason::Forwarder => {
            "passes a task on within a runtime, and counts at the call that passed the task to the runtime".into()
        }
        Reason::Shape(shape) => (*shape).into(),
        Reason::Syntax { line, error } => {
            format!("may have spawns; its syntax is unknown: line {line}: {error}")
        }
        Reason::Module => "may be in a file that was not read".into(),
    }
}
