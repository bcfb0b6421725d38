//! The attributes at the root of a crate: the annotation, and `no_std`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{AttrStyle, Attribute, Meta, Token};

use crate::attribute::args::Args;
use crate::syntax::naming;

use super::modules::attributes_before;
use super::source::Source;
use super::thread::on_parser_thread;
use super::{Annotation, Mistake, Unparsed};

/// The inner attributes at the root of a crate, as far as they concern birthmark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The arguments of `#![cfg_attr(birthmark, birthmark::instrument(…))]`, if it is there.
    pub annotation: Option<Annotation>,
    /// The mistakes in them.
    pub mistakes: Vec<Mistake>,
    /// The use of the standard library, which the runtime needs.
    pub no_std: NoStd,
    /// The conditions of each `extern crate std`, by which a crate under `#![no_std]` uses it after all. All conditions
    /// of an element have to hold.
    pub extern_std: Vec<Vec<String>>,
}

/// The conditions under which a crate has no standard library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NoStd {
    /// None: the crate uses it.
    #[default]
    No,
    /// `#![no_std]`.
    Always,
    /// `#![cfg_attr(…, no_std)]`, with this condition.
    When(String),
}

/// Reads the attributes of a crate root.
///
/// # Errors
///
/// If the file does not parse so far.
pub fn head(source: &str) -> Result<Head, Unparsed> {
    on_parser_thread(|| {
        let tokens = Source::new(source).tokens()?;
        let parser = |input: syn::parse::ParseStream| {
            let attributes = input.call(Attribute::parse_inner)?;
            Ok((attributes, input.parse::<TokenStream>()?))
        };
        let (attributes, items) =
            Parser::parse2(parser, tokens).map_err(|error| Unparsed((&error).into()))?;
        let mut head = read(&attributes);
        if head.no_std != NoStd::No {
            head.extern_std = extern_std(items);
        }
        Ok(head)
    })
}

/// Returns the conditions of each `extern crate std` among the items of a root, also under another name.
///
/// One in the arguments of a macro, as in `cfg::std! { extern crate std; }`, counts under the feature `std`, because the
/// macro is not expanded.
fn extern_std(items: TokenStream) -> Vec<Vec<String>> {
    let tokens: Vec<TokenTree> = items.into_iter().collect();
    let attributes = declared_std(&tokens).map(|at| attributes_before(&tokens, at));
    let by_attributes =
        attributes.map(|attributes| attributes.iter().filter_map(condition).collect());
    let in_macros = tokens.windows(2).filter(|pair| match pair {
        [TokenTree::Punct(bang), TokenTree::Group(arguments)] => {
            bang.as_char() == '!' && mentions_std(arguments.stream())
        }
        _ => false,
    });
    let by_macros = in_macros.map(|_| vec!["feature = \"std\"".to_owned()]);
    by_attributes.chain(by_macros).collect()
}

/// Returns the index at which each `extern crate std` begins.
fn declared_std(tokens: &[TokenTree]) -> impl Iterator<Item = usize> {
    let is =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
    let starts = tokens.windows(3).enumerate();
    let starts = starts.filter(move |(_, words)| {
        let mut words = words.iter().zip(["extern", "crate", "std"]);
        words.all(|(token, word)| is(token, word))
    });
    starts.map(|(at, _)| at)
}

fn mentions_std(arguments: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    declared_std(&tokens).next().is_some()
        || tokens
            .iter()
            .any(|token| matches!(token, TokenTree::Group(group) if mentions_std(group.stream())))
}

/// Returns the condition of a `cfg`.
fn condition(attribute: &Attribute) -> Option<String> {
    let list = attribute.meta.require_list().ok()?;
    list.path.is_ident("cfg").then(|| list.tokens.to_string())
}

fn read(attributes: &[Attribute]) -> Head {
    let mut head = Head::default();
    for attribute in attributes
        .iter()
        .filter(|one| matches!(one.style, AttrStyle::Inner(_)))
    {
        head.meta(&attribute.meta, None);
    }
    head
}

impl Head {
    fn meta(&mut self, meta: &Meta, condition: Option<&Meta>) {
        let path = meta.path();
        if path.is_ident("cfg_attr") {
            self.conditional(meta);
        } else if path.is_ident("no_std") || path.is_ident("no_core") {
            self.no_std = match condition {
                None => NoStd::Always,
                Some(condition) => NoStd::When(condition.to_token_stream().to_string()),
            };
        } else if naming::is_ours(path, None)
            && path
                .segments
                .last()
                .is_some_and(|last| last.ident == "instrument")
        {
            self.annotation(meta);
        }
    }

    fn conditional(&mut self, meta: &Meta) {
        let Ok(list) = meta.require_list() else {
            return;
        };
        let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
        let Ok(parts) = parser.parse2(list.tokens.clone()) else {
            return;
        };
        let mut parts = parts.iter();
        let condition = parts.next();
        parts.for_each(|part| self.meta(part, condition));
    }

    fn annotation(&mut self, meta: &Meta) {
        let tokens = match meta {
            Meta::List(list) => list.tokens.clone(),
            _ => proc_macro2::TokenStream::new(),
        };
        let (args, errors) = Args::parse(tokens);
        self.annotation = Some(args.into());
        self.mistakes.extend(errors.iter().map(Mistake::from));
    }
}
