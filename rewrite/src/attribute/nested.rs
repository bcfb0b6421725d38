//! Attributes on items inside of an instrumented one: further `#[instrument]`, and attributes for tests.
//!
//! An inner `#[instrument]` stays in place. Without it, an import of `birthmark::instrument` could be unused. The
//! attribute runs after the outer one and recognises that the code is done. The outer one adds the arguments of the
//! inner one to its own.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token};

use crate::attribute::args::Args;
use crate::syntax::naming;

/// Returns the arguments of each `#[instrument]` on an item, also under `cfg_attr`.
///
/// The condition of a `cfg_attr` is unknown here. A `skip` too many does less harm than one too few.
pub(crate) fn arguments(attrs: &[Attribute], krate: Option<&Path>) -> Vec<Args> {
    attrs
        .iter()
        .flat_map(|attr| from_meta(&attr.meta, krate))
        .collect()
}

fn from_meta(meta: &Meta, krate: Option<&Path>) -> Vec<Args> {
    let Meta::List(list) = meta else {
        return Vec::new();
    };
    if list.path.is_ident("cfg_attr") {
        return conditional(list.tokens.clone(), krate);
    }
    if list
        .path
        .segments
        .last()
        .is_none_or(|last| last.ident != "instrument")
    {
        return Vec::new();
    }
    let (args, errors) = Args::parse(list.tokens.clone());
    // A bare `#[instrument(…)]` may be tracing's; its arguments would be errors to ours.
    let ours =
        naming::is_ours(&list.path, krate) || list.path.get_ident().is_some() && errors.is_empty();
    if ours { vec![args] } else { Vec::new() }
}

fn conditional(tokens: TokenStream, krate: Option<&Path>) -> Vec<Args> {
    let metas = inner_metas(tokens);
    metas
        .iter()
        .flat_map(|meta| from_meta(meta, krate))
        .collect()
}

/// Returns the attributes in a `cfg_attr`, without its condition.
fn inner_metas(tokens: TokenStream) -> Vec<Meta> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens);
    metas.unwrap_or_default().into_iter().skip(1).collect()
}

/// Returns an attribute that may be `#[instrument]`. It would run without knowledge of the outer one.
pub(crate) fn find(attrs: &[Attribute]) -> Option<&Attribute> {
    attrs.iter().find(|attr| may_be_ours(&attr.meta))
}

fn may_be_ours(meta: &Meta) -> bool {
    let last = meta.path().segments.last();
    last.is_some_and(|last| last.ident == "instrument")
        || meta.path().is_ident("cfg_attr")
            && meta
                .require_list()
                .is_ok_and(|list| inner_metas(list.tokens.clone()).iter().any(may_be_ours))
}

/// Returns `true` if an attribute keeps its item for tests only.
pub(crate) fn needs_tests(attr: &Attribute) -> bool {
    attr.path().is_ident("test")
        || attr.path().is_ident("cfg")
            && attr
                .parse_args::<Meta>()
                .is_ok_and(|condition| implies_tests(&condition))
}

fn implies_tests(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return condition.path().is_ident("test");
    };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    list.path.is_ident("all") && parts.is_ok_and(|parts| parts.iter().any(implies_tests))
}
