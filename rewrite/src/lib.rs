//! The engine of birthmark: finds the spawns in an item and rewrites them.
//!
//! It is pure. Syntax goes in; syntax, the sites that were found and the spawns that were left alone come out.
//! The attribute macro is one front end; the other, for commands, inserts text into source files (`text`, behind the
//! feature of that name). Both do the same, for every change is an insertion around an expression.
//!
//! The way of a spawn through the engine:
//!
//! 1. [`Args`] holds what the attribute says; `nested.rs` adds what attributes on inner items say.
//! 2. `visit.rs` walks the tree, and `visitor.rs` knows the enclosing function, type and variables; `macros.rs`
//!    and `tokens.rs` take it into macro calls.
//! 3. `known/` is all that is known of other crates by name. `spawn.rs` recognises a call by `known/callees.rs`, and
//!    `value.rs` reports a callee that is handed on without being called.
//!    `signatures.rs` and `takes.rs` read the callee's own signature, if it is in sight.
//!    `relay.rs` tells functions that hand a task on from those that spawn it.
//! 4. `role.rs` tells what the task is; `site.rs` is the model of what was found.
//! 5. `task.rs` finds the expression that is the task, `shape.rs` tells how to treat it, `named.rs` reads
//!    `named!` and `root!` around it.
//! 6. `around.rs` is the model of what is put around an expression; `backend.rs` puts it there, as `emit.rs` prints
//!    it, or the files below `text/` do.

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
pub use known::packages;
pub use site::{Kind, Locate, Position, Reason, Site, Uncovered};

/// What became of an item.
pub struct Output {
    /// The item, rewritten; as it was, if there was nothing to do.
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

    /// The item, and beside it the errors as the compiler is to report them.
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
/// An item that does not parse comes out as it went in: the compiler has better words for it. So does a member of an
/// `impl`, a trait or a module.
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
