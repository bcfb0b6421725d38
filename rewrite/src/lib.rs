//! The engine of birthmark: finds the spawns in an item and rewrites them.
//!
//! This crate promises no stability. It is for `birthmark-macros` and `cargo-birthmark` of the same version.
//!
//! The engine is pure. Syntax goes in. Syntax, the sites that were found and the spawns that were left alone come out.
//! It has two front ends: the attribute, which calls [`instrument`], and `text` behind the feature of that name, which
//! inserts text into source files. Both make the same changes, because every change is an insertion around an
//! expression.
//!
//! # The way of a spawn
//!
//! 1. **Attribute.** [`Args`] holds the arguments. `attribute/item.rs` refuses items in which no spawn can be, and
//!    `attribute/nested.rs` reads attributes on inner items.
//! 2. **Walk.** `walk/` visits the item. Its `Context` knows the enclosing function, its variables, and the imports.
//! 3. **Callee.** For each call, `walk/context/recognise.rs` looks for the callee in the table of callees
//!    (`known/callees.rs`). `callee/signatures/` reads the callee's own signature if it is in sight. `callee/relay.rs`
//!    describes functions that forward a task. The result is a `Spawn`.
//! 4. **Task.** `walk/task/` goes from the argument to the expression that is the task. `syntax/shape.rs` classifies the
//!    expression, and `lexical/role.rs` names the task.
//! 5. **Change.** `emit/wrap.rs` is the model of a change. A back end carries it out: `emit/tree.rs` in the syntax tree,
//!    `text/backend.rs` in the text.
//!
//! # Layers
//!
//! Each folder uses those above it in this table, and none below.
//!
//! | folder | contents |
//! | --- | --- |
//! | `known/` | tables of the ecosystem: callees, macros, methods, crates |
//! | `site.rs` | the model of what was found |
//! | `syntax/` | questions about syntax alone |
//! | `attribute/` | the attribute, its arguments, and the items on which it may be |
//! | `lexical/` | the enclosing function, its variables, and the roles of tasks |
//! | `imports/` | where names come from |
//! | `callee/` | the callee of a call, and how it takes a task |
//! | `emit/` | the model of changes, and generated code as tokens |
//! | `walk/` | the walk over the syntax tree |
//! | `text/` | the front end for text |

extern crate proc_macro;

#[cfg(test)]
use birthmark_test_support as _;

mod attribute;
mod callee;
mod emit;
mod imports;
mod known;
mod lexical;
mod site;
mod syntax;
#[cfg(feature = "text")]
pub mod text;
mod walk;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Item;

use callee::signatures::Signatures;
use emit::Emit;
use emit::done::is_done;
use emit::tree::Tree;
use walk::{Outcome, Rules, Settings, Walk};

pub use attribute::args::Args;
#[cfg(feature = "text")]
pub use callee::signatures::CrateSignatures;
pub use imports::macro_names::MacroNames;
#[cfg(feature = "text")]
pub use known::{packages, roles};
pub use site::{Kind, Locate, Position, Reason, Site, Uncovered};

/// The result for an item.
pub struct Output {
    /// The item, rewritten if there was anything to do.
    pub item: TokenStream,
    /// The spawns that were rewritten.
    pub sites: Vec<Site>,
    /// The spawns that were seen and left alone.
    pub uncovered: Vec<Uncovered>,
    /// The user's mistakes.
    pub errors: Vec<syn::Error>,
}

impl Output {
    fn unchanged(item: TokenStream, errors: Vec<syn::Error>) -> Output {
        Output {
            item,
            sites: Vec::new(),
            uncovered: Vec::new(),
            errors,
        }
    }

    /// Returns the item, and beside it the errors in the form in which the compiler reports them.
    #[must_use]
    pub fn into_tokens(self) -> TokenStream {
        let errors = self.errors.iter().map(syn::Error::to_compile_error);
        let mut tokens: TokenStream = errors.collect();
        tokens.extend(self.item);
        tokens
    }
}

/// Rewrites the spawns in an item that carries `#[instrument(args)]`.
///
/// An item that does not parse is returned unchanged, because the compiler describes the mistake better. The same holds
/// for a member of an `impl`, a trait or a module.
#[must_use]
pub fn instrument(args: TokenStream, item: TokenStream, locate: Locate) -> Output {
    let (args, mut errors) = Args::parse(args);
    let Some(mut parsed) = syntax::parse::item(&item) else {
        errors.extend(attribute::item::on_a_crate(&item));
        return Output::unchanged(item, errors);
    };
    let text = item.to_string();
    if args.skip || is_done(&item, &text) {
        return Output::unchanged(item, errors);
    }
    if let Err(error) = attribute::item::check(&parsed) {
        errors.push(error);
        return Output::unchanged(item, errors);
    }
    let outcome = walk_over(&mut parsed, args, &text, locate);
    errors.extend(outcome.errors);
    Output {
        item: match outcome.is_changed {
            true => parsed.to_token_stream(),
            false => item,
        },
        sites: outcome.sites,
        uncovered: outcome.uncovered,
        errors,
    }
}

/// Rewrites an item. `text` is its source.
/// Rewrites a function that carries `#[birthmark::test(args)]`.
#[must_use]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::test::expand(args, item)
}

/// Makes a function that carries `#[birthmark::test(args)]` a test without a check.
#[must_use]
pub fn test_without_check(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::test::expand_without_check(args, item)
}

fn walk_over(item: &mut Item, args: Args, text: &str, locate: Locate) -> Outcome {
    let macro_names = MacroNames::of(text);
    let settings = Settings {
        locate,
        signatures: Signatures::of(std::slice::from_ref(item), &args.also),
        macro_names: vec![&macro_names],
        runtime: None,
        rules: Rules::default(),
    };
    let mut backend = Tree {
        emit: Emit {
            krate: args.krate.clone(),
        },
    };
    Walk::new(args, settings, &mut backend).over_item(item)
}
