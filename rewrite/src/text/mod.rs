//! The front end for text: rewrites one source file by insertions.
//!
//! The front end is for tools that instrument whole crates while they are built. No insertion contains a line break, so
//! line numbers hold. What is found is what the attribute finds; the tests compare both over real source files.
//!
//! | step | file |
//! | --- | --- |
//! | decide whether a file is worth parsing | `prefilter.rs` |
//! | run on a thread with a large stack | `thread.rs` |
//! | take the text apart | `source.rs`, `crate::syntax::parse` |
//! | walk over the items; the back end notes insertions | `pass.rs`, `backend.rs`, `print.rs` |
//! | put the insertions in order, and into the text | `edits.rs` |
//! | or write them as attributes, so that tokens keep their columns | `columns.rs` |
//!
//! Other questions about a file have a file each: `head.rs` (the attributes of a crate root), `modules.rs` (`mod name;`),
//! `functions.rs`, `signatures.rs`.

mod annotation;
mod backend;
mod columns;
mod edits;
mod functions;
mod head;
mod modules;
mod pass;
mod prefilter;
mod print;
mod signatures;
mod source;
mod thread;

use proc_macro2::Span;

use crate::callee::signatures::CrateSignatures;
use crate::imports::macro_names::MacroNames;
use crate::known::roles::KnownRole;
use crate::site::{Site, Uncovered};

pub use annotation::Annotation;
pub use edits::Insertion;
pub use functions::{Function, functions};
pub use head::{Head, NoStd, head};
pub use modules::{Module, Parent, modules};
pub use prefilter::may_spawn;

use thread::on_parser_thread;

/// The edition of a crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// 2015, in which `::name` is an item of the crate and not another crate.
    E2015,
    /// 2018.
    E2018,
    /// 2021.
    E2021,
    /// 2024, and those to come.
    #[default]
    E2024,
}

/// How to rewrite the files of a crate.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The annotation of the whole crate, from its root or from the user of the tool.
    pub annotation: Annotation,
    /// The name of the runtime among the crates that the compiler is given (`--extern name=…`). The name should be one
    /// that no program has, such as `__birthmark`.
    ///
    /// In the edition 2015, `::name` is an item of the crate itself, so the name is used without the colons. A module of
    /// that name would hide the crate. Under `#![no_implicit_prelude]` the crate is not found.
    pub runtime: String,
    /// The path of a macro that makes changes to the tokens of an item. With it, changes are written as an attribute, and
    /// each token stays in its column. [`Rewritten::insertions`] are the same as without.
    pub edit: Option<String>,
    /// The edition of the crate. If its root gets an `extern crate` for the runtime, the default serves for all editions.
    pub edition: Edition,
    /// `true` if the crate is a runtime. Its tasks are recorded where they are given to the runtime. Of its own spawns,
    /// only OS threads are recorded. They are roots unless they are scoped, because the runtime keeps them for later tasks.
    pub only_threads: bool,
    /// Methods, such as `TokioExecutor::execute`, that only forward a task. It is recorded where they are called.
    pub forwarders: Vec<String>,
    /// Functions, such as `Client::connect_to`, whose tasks a pool keeps for later users. The tasks are roots.
    pub pooled: Vec<String>,
    /// `true` if a pool keeps all tasks of the file, except scoped threads. The tasks are roots.
    pub all_pooled: bool,
    /// Roles by which people know the tasks of the crate.
    pub roles: &'static [KnownRole],
    /// `true` if items for tests only are passed over, because no test is compiled.
    pub without_tests: bool,
    /// The macros that any file of the crate defines or imports.
    pub macros: MacroNames,
    /// The functions of any file of the crate that are named like callees.
    pub signatures: CrateSignatures,
}

/// A source file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its text.
    pub source: &'a str,
    /// Its path, for the positions of sites. The program itself prints the path that the compiler is given.
    pub path: &'a str,
}

/// The result for a source file.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// The new text, or the old one if there was nothing to do.
    pub text: String,
    /// The insertions, in the order of the text.
    pub insertions: Vec<Insertion>,
    /// The spawns that were rewritten.
    pub sites: Vec<Site>,
    /// The spawns that were seen and left alone.
    pub uncovered: Vec<Uncovered>,
    /// The user's mistakes, such as a `named!` without effect. The attribute would refuse the code.
    pub mistakes: Vec<Mistake>,
}

impl Rewritten {
    /// Returns the offset in the original of a byte of the new text. For inserted text, it is the offset of the insertion.
    ///
    /// Messages of the compiler need it. To the right of an insertion, they have the columns of the new text.
    #[must_use]
    pub fn original(&self, offset: usize) -> usize {
        edits::original(offset, &self.insertions)
    }

    fn unchanged(source: &str) -> Rewritten {
        Rewritten {
            text: source.to_owned(),
            ..Rewritten::default()
        }
    }
}

/// An error for a file that does not consist of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unparsed(pub Mistake);

/// A mistake in a piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The description.
    pub message: String,
}

impl Mistake {
    fn new(span: Span, message: String) -> Mistake {
        let start = span.start();
        Mistake {
            line: start.line,
            column: start.column + 1,
            message,
        }
    }
}

impl Unparsed {
    fn new(span: Span, message: &str) -> Unparsed {
        Unparsed(Mistake::new(span, message.to_owned()))
    }
}

impl From<&syn::Error> for Mistake {
    fn from(error: &syn::Error) -> Mistake {
        Mistake::new(error.span(), error.to_string())
    }
}

impl Options {
    /// Returns the path of the module that generated code calls.
    pub(crate) fn private(&self) -> String {
        let root = if self.edition == Edition::E2015 {
            ""
        } else {
            "::"
        };
        format!("{root}{}::__private", self.runtime)
    }
}

/// Rewrites the spawns in a source file.
///
/// ```
/// use birthmark_rewrite::text::{File, Options, rewrite};
///
/// let options = Options { runtime: "__birthmark".to_owned(), ..Options::default() };
/// let source = "fn main() {\n    std::thread::spawn(work); // and go on\n}\n";
/// let rewritten = rewrite(File { source, path: "src/main.rs" }, &options).unwrap();
///
/// assert_eq!(rewritten.sites[0].position.line, 2);
/// assert_eq!(rewritten.text.lines().count(), 3);
/// assert!(rewritten.text.contains("::__birthmark::__private::place!(__BIRTHMARK_SITES[0], work)"));
/// ```
///
/// # Errors
///
/// If the file does not consist of tokens. Items that the parser refuses are left as they are. Those in which a task may
/// be spawned are listed under [`Reason::Syntax`](crate::Reason::Syntax).
pub fn rewrite(file: File, options: &Options) -> Result<Rewritten, Unparsed> {
    rewrite_except(file, options, Except::Nothing)
}

/// The part of a file that is left as it is.
#[derive(Clone, Copy, Debug)]
pub enum Except<'a> {
    /// Nothing.
    Nothing,
    /// These functions, and those inside of them.
    Functions(&'a [Function]),
    /// All of it.
    File,
}

/// Rewrites the spawns in a source file. Spawns in the part that is left as it is are listed under
/// [`Reason::Left`](crate::Reason::Left).
///
/// # Errors
///
/// If the file does not consist of tokens.
pub fn rewrite_except(
    file: File,
    options: &Options,
    except: Except<'_>,
) -> Result<Rewritten, Unparsed> {
    if !may_spawn(file.source, &options.annotation) {
        return Ok(Rewritten::unchanged(file.source));
    }
    on_parser_thread(|| pass::run(file, options, except))
}
