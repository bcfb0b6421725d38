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
    /// Where `::name` is an item of the crate and not another crate.
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
    /// What is said for the whole crate, by its root or by the user of the tool.
    pub annotation: Annotation,
    /// The name of the runtime among the crates that the compiler is given (`--extern name=…`). Let it be one that no
    /// program has, such as `__birthmark`. In the edition 2015, where `::name` is an item of the crate itself, the name
    /// stands alone: a module of that name would hide the crate, and under `#![no_implicit_prelude]` it is not found.
    pub runtime: String,
    /// The path of a macro that makes changes to the tokens of an item, if there is one: then they are told to it, in
    /// an attribute, and each token stays in its column. [`Rewritten::insertions`] are the same as without.
    pub edit: Option<String>,
    /// The edition of the crate. Where its root gets an `extern crate` for the runtime, the default serves for all.
    pub edition: Edition,
    /// Whether the crate is a runtime: what it spawns counts where it is handed to it, and of its own spawns
    /// only OS threads do. They are roots, unless they are scoped: the runtime keeps them for whoever comes next.
    pub only_threads: bool,
    /// Methods, such as `TokioExecutor::execute`, that only hand a task on: it counts where they are called.
    pub forwarders: Vec<String>,
    /// Methods, such as `Client::connect_to`, whose tasks are kept by a pool, for whoever comes next: they are roots.
    pub pooled: Vec<String>,
    /// Whether items that are there in tests only are passed over, as they are compiled nowhere else.
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
    /// Its path, for the positions of sites. What the program prints is the path that the compiler is given.
    pub path: &'a str,
}

/// What became of a source file.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// The new text; the old one, if there was nothing to do.
    pub text: String,
    /// What was inserted, in the order of the text.
    pub insertions: Vec<Insertion>,
    /// The spawns that were rewritten.
    pub sites: Vec<Site>,
    /// The spawns that were seen and left alone.
    pub uncovered: Vec<Uncovered>,
    /// The user's mistakes, such as a `named!` without effect. The macro would refuse the code; here it is as well to
    /// go on.
    pub mistakes: Vec<Mistake>,
}

impl Rewritten {
    /// Where a byte of the new text stood in the original; of what was inserted, where it was put. For columns in
    /// what the compiler says: to the right of an insertion, they are those of the new text.
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

/// A file that does not consist of tokens, and where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unparsed(pub Mistake);

/// What is wrong with a piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// What is wrong.
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
    /// The path of the module that generated code uses.
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
/// be spawned are listed under [`Reason::Syntax`].
pub fn rewrite(file: File, options: &Options) -> Result<Rewritten, Unparsed> {
    rewrite_except(file, options, Except::Nothing)
}

/// What of a file is left as it is.
#[derive(Clone, Copy, Debug)]
pub enum Except<'a> {
    /// Nothing.
    Nothing,
    /// These functions, and those inside of them.
    Functions(&'a [Function]),
    /// All of it.
    File,
}

/// Rewrites the spawns in a source file, and lists those in what is left as it is under [`Reason::Left`].
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
