//! The pass over one file.

use proc_macro2::Span;

use super::backend::Text;
use super::edits::{self, Edits};
use super::print::{self, Print};
use super::source::Source;
use super::{Except, File, Mistake, Options, Rewritten, Unparsed, columns, prefilter};
use crate::attribute::nested;
use crate::callee::signatures::Signatures;
use crate::emit::done::is_done;
use crate::imports::macro_names::MacroNames;
use crate::site::{Locate, Position, Reason, Uncovered};
use crate::syntax::parse::{self, Parsed, Refused};
use crate::walk::{Exemption, Outcome, Rules, Settings, Walk};

/// Rewrites a file.
pub(super) fn run(
    file: File,
    options: &Options,
    except: Except<'_>,
) -> Result<Rewritten, Unparsed> {
    let source = Source::new(file.source);
    let tokens = source.tokens()?;
    if is_done(&tokens, file.source) {
        return Ok(Rewritten::unchanged(file.source));
    }
    let mut parsed = parse::file(tokens);
    let targets = match options.edit {
        Some(_) => columns::targets(source, &parsed.file),
        None => Vec::new(),
    };
    let locate = |span: Span| position(file.path, span);
    let mut backend = Text {
        print: Print {
            private: options.private(),
            local: print::local(file.source),
            source,
        },
        edits: Edits::default(),
    };
    let outcome = walk_over(&mut parsed, file, options, except, &locate, &mut backend);
    let insertions = backend.edits.in_order();
    let wrapped = &backend.edits.wrapped;
    let text = match &options.edit {
        None => edits::apply(file.source, &insertions),
        Some(edit) => columns::apply(file.source, &insertions, wrapped, &targets, edit),
    };
    let refused = parsed.refused.iter();
    let refused = refused.filter_map(|one| one.uncovered(source, options, &locate));
    Ok(Rewritten {
        text,
        insertions,
        sites: outcome.sites,
        uncovered: all_uncovered(outcome.uncovered, refused),
        mistakes: outcome.errors.iter().map(Mistake::from).collect(),
    })
}

fn position(path: &str, span: Span) -> Position {
    let start = span.start();
    Position {
        file: path.to_owned(),
        line: start.line,
        column: start.column + 1,
    }
}

fn walk_over(
    parsed: &mut Parsed,
    file: File,
    options: &Options,
    except: Except<'_>,
    locate: Locate<'_>,
    backend: &mut Text,
) -> Outcome {
    let args = options.annotation.args();
    let macro_names = MacroNames::of(file.source);
    let unchanged = match except {
        Except::Functions(functions) => functions,
        Except::Nothing | Except::File => &[],
    };
    let unchanged: Vec<_> = unchanged.iter().map(|one| one.at(file.path)).collect();
    let settings = Settings {
        locate,
        signatures: Signatures::of(&parsed.file.items, &args.also).and(&options.signatures),
        macro_names: vec![&options.macros, &macro_names],
        runtime: Some(options.runtime.clone()),
        rules: Rules {
            exemption: exemption(options, except),
            unchanged: &unchanged,
            only_threads: options.only_threads,
            forwarders: &options.forwarders,
            pooled: &options.pooled,
            all_pooled: options.all_pooled,
            roles: options.roles,
            without_tests: options.without_tests,
            tests_are_roots: options.annotation.tests,
        },
    };
    Walk::new(args, settings, backend).over_file(&mut parsed.file.items)
}

fn exemption(options: &Options, except: Except<'_>) -> Option<Exemption> {
    match except {
        Except::File => Some(Exemption::Left),
        _ if options.annotation.skip => Some(Exemption::Skipped),
        _ => None,
    }
}

/// Returns the spawns that are not covered, in the order of the source. Those in `mod name;` are found in other files.
fn all_uncovered(
    found: Vec<Uncovered>,
    refused: impl Iterator<Item = Uncovered>,
) -> Vec<Uncovered> {
    let found = found.into_iter().filter(|one| one.reason != Reason::Module);
    let mut all: Vec<_> = found.chain(refused).collect();
    all.sort_by_key(|one| (one.position.line, one.position.column));
    all
}

impl Refused {
    /// Returns the item as not covered, if a task may be spawned in it.
    fn uncovered(
        &self,
        source: Source<'_>,
        options: &Options,
        locate: Locate<'_>,
    ) -> Option<Uncovered> {
        let text = &source.text[source.range(&self.tokens)?];
        let for_tests = self.attributes.iter().any(nested::needs_tests);
        let is_listed = prefilter::may_spawn(text, &options.annotation)
            && !(options.without_tests && for_tests);
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
