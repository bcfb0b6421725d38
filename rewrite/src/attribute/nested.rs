//! Our own attribute on an item inside of an instrumented one.
//!
//! It stays where it is, for taking it away could leave an unused `use birthmark::instrument` behind. It runs
//! later, over code that is done, and recognises that. Here its arguments are only added to the outer ones.
//! Beside it, the attributes that say that an item is there in tests only.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token};

use crate::attribute::args::Args;
use crate::syntax::naming;

/// The arguments of each of our attributes on an item, also under `cfg_attr`: whether that applies cannot be
/// seen here, and a `skip` too many does less harm than one too few.
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

/// What stands in a `cfg_attr` behind the condition.
fn inner_metas(tokens: TokenStream) -> Vec<Meta> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens);
    metas.unwrap_or_default().into_iter().skip(1).collect()
}

/// An attribute that may be ours, and would run by itself without knowing of the outer one.
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

/// Whether an item is there in tests only.
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
