//! Recognises code that the engine has rewritten before.

use proc_macro2::{TokenStream, TokenTree};

use super::names::{FRAMES, SITES};

/// Names that occur wherever something was inserted.
const TABLES: [&str; 2] = [SITES, FRAMES];

/// Returns `true` if the attribute of an enclosing item, or another one of the same item, has rewritten the code.
///
/// `text` is the same code. It is searched first because a look at each token is slow in a macro, which is compiled
/// without optimisation.
pub(crate) fn is_done(item: &TokenStream, text: &str) -> bool {
    TABLES.iter().any(|table| text.contains(table)) && names_table(item)
}

fn names_table(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => TABLES.iter().any(|table| ident == table),
        TokenTree::Group(group) => names_table(&group.stream()),
        _ => false,
    })
}
