//! The front end for text: rewrites one source file by insertions.
//!
//! For tools that instrument whole crates while they are built. Every insertion stays on its line and contains no
//! line break, so that line numbers hold. What is found is what the attribute macro finds; the tests compare both.

mod annotation;
mod backend;
mod columns;
mod edits;
mod functions;
mod head;
mod modules;
mod prefilter;
mod print;
mod source;

use proc_macro2::Span;

use crate::callee::signatures::{CrateSignatures, Signatures};
use crate::imports::macro_names::MacroNames;
use crate::site::{Position, Reason, Site, Uncovered};
use crate::syntax::parse::{self, Parsed, Refused};
use crate::walk::visitor::Visitor;

pub use annotation::Annotation;
pub use edits::Insertion;
pub use functions::{Function, functions};
pub use head::{Head, NoStd, head};
pub use modules::{Module, Parent, modules};
pub use prefilter::may_spawn;

use source::Source;

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
    on_parser_thread(|| rewrite_here(file, options, except))
}

fn rewrite_here(file: File, options: &Options, except: Except<'_>) -> Result<Rewritten, Unparsed> {
    let source = Source::new(file.source);
    let tokens = source.tokens()?;
    if crate::is_done(&tokens, file.source) {
        return Ok(Rewritten::unchanged(file.source));
    }
    let Parsed {
        file: mut parsed,
        refused,
    } = parse::file(tokens);
    let targets = match options.edit {
        Some(_) => columns::targets(source, &parsed),
        None => Vec::new(),
    };
    let mut backend = backend::Text {
        print: print::Print {
            private: options.private(),
            local: print::local(file.source),
            source,
        },
        edits: edits::Edits::default(),
    };
    let locate = |span: Span| {
        let start = span.start();
        Position {
            file: file.path.to_owned(),
            line: start.line,
            column: start.column + 1,
        }
    };
    let args = options.annotation.args();
    let signatures = Signatures::of(&parsed.items, &args.also).and(&options.signatures);
    let mut visitor = Visitor::new(args, &mut backend, &locate);
    visitor.signatures = signatures;
    visitor.skips = usize::from(options.annotation.skip);
    visitor.lefts = usize::from(matches!(except, Except::File));
    let left = match except {
        Except::Functions(functions) => functions,
        Except::Nothing | Except::File => &[],
    };
    let left: Vec<Position> = left.iter().map(|one| one.at(file.path)).collect();
    visitor.left = &left;
    visitor.forwarders = &options.forwarders;
    visitor.pooled = &options.pooled;
    visitor.without_tests = options.without_tests;
    visitor.only_threads = options.only_threads;
    visitor.imports.elsewhere = options.macros.clone();
    visitor.imports.elsewhere.add(file.source);
    visitor.imports.ours.push(options.runtime.clone());
    visitor.module_items(&mut parsed.items);
    let Visitor {
        sites,
        uncovered,
        errors,
        ..
    } = visitor;
    let refused = refused
        .iter()
        .filter_map(|one| one.uncovered(source, options, &locate));
    // The files of other modules are rewritten, too.
    let mut uncovered: Vec<Uncovered> = uncovered
        .into_iter()
        .filter(|one| one.reason != Reason::Module)
        .chain(refused)
        .collect();
    uncovered.sort_by_key(|one| (one.position.line, one.position.column));
    let insertions = backend.edits.in_order();
    let text = match &options.edit {
        None => edits::apply(file.source, &insertions),
        Some(edit) => columns::apply(
            file.source,
            &insertions,
            &backend.edits.wrapped,
            &targets,
            edit,
        ),
    };
    Ok(Rewritten {
        text,
        insertions,
        sites,
        uncovered,
        mistakes: errors.iter().map(Mistake::from).collect(),
    })
}

/// Parses a file, and gives what is read from it, unless it does not consist of tokens.
pub(crate) fn parsed<T: Send>(source: &str, read: impl FnOnce(syn::File) -> T + Send) -> Option<T> {
    let parsed = on_parser_thread(|| Ok(read(parse::file(Source::new(source).tokens()?).file)));
    parsed.ok()
}

impl Refused {
    /// Returns the item as not covered, if a task may be spawned in it.
    fn uncovered(
        &self,
        source: Source<'_>,
        options: &Options,
        locate: crate::Locate<'_>,
    ) -> Option<Uncovered> {
        let text = &source.text[source.range(&self.tokens)?];
        let for_tests = self
            .attributes
            .iter()
            .any(crate::attribute::nested::needs_tests);
        let is_listed =
            may_spawn(text, &options.annotation) && !(options.without_tests && for_tests);
        is_listed.then(|| Uncovered {
            position: locate(self.at),
            function: String::new(),
            callee: self.name.clone(),
            reason: Reason::Syntax {
                line: self.error.span().start().line,
                error: self.error.to_string(),
            },
        })
    }
}

impl Options {
    /// The path of the module that generated code uses.
    fn private(&self) -> String {
        let root = if self.edition == Edition::E2015 {
            ""
        } else {
            "::"
        };
        format!("{root}{}::__private", self.runtime)
    }
}

/// The stack of the thread that parses. Nested expressions take as many calls as they are deep.
const STACK: usize = 64 << 20;

/// Runs something on a thread of its own: with it goes the table of positions, which would otherwise keep the text of
/// each file, and it has a stack for code that no human wrote.
fn on_parser_thread<T: Send>(
    run: impl FnOnce() -> Result<T, Unparsed> + Send,
) -> Result<T, Unparsed> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        match thread.spawn_scoped(scope, run).map(|handle| handle.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Unparsed(Mistake {
                line: 1,
                column: 1,
                message: "the parser gave up on this file".to_owned(),
            })),
        }
    })
}
