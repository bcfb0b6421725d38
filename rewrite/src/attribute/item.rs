//! The items on which the attribute may be.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Item};

/// Returns an error for an item in which no spawn can be.
pub(crate) fn check(item: &Item) -> Result<(), Error> {
    let what = match item {
        Item::Fn(_)
        | Item::Impl(_)
        | Item::Trait(_)
        | Item::Static(_)
        | Item::Const(_)
        | Item::Verbatim(_) => return Ok(()),
        Item::Mod(module) if module.content.is_some() => return Ok(()),
        Item::Mod(module) => return Err(out_of_line(module)),
        Item::Struct(_) => "a struct",
        Item::Enum(_) => "an enum",
        Item::Union(_) => "a union",
        Item::Type(_) => "a type alias",
        Item::TraitAlias(_) => "a trait alias",
        Item::Use(_) => "a `use`",
        Item::ExternCrate(_) => "an `extern crate`",
        Item::ForeignMod(_) => "an `extern` block",
        Item::Macro(_) => "a macro",
        _ => "this item",
    };
    let text = format!(
        "cannot instrument {what}: it contains no spawn to instrument\n\
         help: put `#[instrument]` on a function, an `impl`, a trait or an inline module"
    );
    Err(Error::new(name_of(item).span(), text))
}

fn out_of_line(module: &syn::ItemMod) -> Error {
    let name = &module.ident;
    let text = format!(
        "cannot see into `mod {name};`: an attribute is given the declaration without the file\n\
         help: write the module inline, `mod {name} {{ … }}`, or put `#[instrument]` on the items in the file\n\
         help: build with `cargo birthmark`, which reads all files of a crate"
    );
    Error::new(name.span(), text)
}

/// Returns the error for an attribute on a crate. The tokens are then all items of a file, and not one item.
pub(crate) fn on_a_crate(tokens: &TokenStream) -> Option<Error> {
    let file = syn::parse2::<syn::File>(tokens.clone()).ok()?;
    let text = "cannot instrument a crate: an attribute sees the root without the files of its modules\n\
        help: put `#[instrument]` on functions, `impl`s, traits or inline modules\n\
        help: write `#![cfg_attr(birthmark, birthmark::instrument)]` and build with `cargo birthmark`";
    (file.items.len() > 1).then(|| Error::new(Span::call_site(), text))
}

/// Returns the name of the item, or else its first token that is no attribute.
fn name_of(item: &Item) -> TokenStream {
    match item {
        Item::Struct(item) => item.ident.to_token_stream(),
        Item::Enum(item) => item.ident.to_token_stream(),
        Item::Union(item) => item.ident.to_token_stream(),
        Item::Type(item) => item.ident.to_token_stream(),
        Item::TraitAlias(item) => item.ident.to_token_stream(),
        Item::Use(item) => item.use_token.to_token_stream(),
        Item::ExternCrate(item) => item.ident.to_token_stream(),
        Item::Macro(item) => item.mac.path.to_token_stream(),
        item => item.to_token_stream(),
    }
}
