//! What the attribute may stand on.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Item};

/// Complains about an item in which no spawn can be seen.
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
        "{what} contains no spawn to instrument; put `#[instrument]` on a function, an `impl`, a trait or an inline module"
    );
    Err(Error::new(head(item).span(), text))
}

fn out_of_line(module: &syn::ItemMod) -> Error {
    let name = &module.ident;
    let text = format!(
        "an attribute cannot see into `mod {name};`; put `#[instrument]` on the items inside of it, \
         or write the module inline: `mod {name} {{ … }}`"
    );
    Error::new(name.span(), text)
}

/// The name of the item, or else its first token that is no attribute of its own.
fn head(item: &Item) -> TokenStream {
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
