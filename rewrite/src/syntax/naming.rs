//! `named!` and `root!`, which the user writes around a task to name one spawn or to make it a root.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, LitStr, Macro, Path};

use super::paths::joined;

/// The combined effect of `named!` and `root!` around one task, and of a text beside it.
#[derive(Clone, Default)]
pub(crate) struct Naming {
    /// The arguments of `format!`.
    pub name: Option<TokenStream>,
    /// `true` under `root!`.
    pub root: bool,
    /// `true` if the crate is known to keep the task in a pool. The task is a root.
    pub pooled: bool,
    /// A text beside the task, which is its name unless the task inherits one.
    pub offered: Option<LitStr>,
}

impl Naming {
    pub(crate) fn is_plain(&self) -> bool {
        self.name.is_none() && !self.root && !self.pooled && self.offered.is_none()
    }
}

/// One `named!(… => task)` or `root!(task)`, taken apart.
pub(crate) struct Named {
    /// The arguments of `format!`; none for `root!`.
    pub name: Option<TokenStream>,
    pub task: Expr,
}

/// Returns the parts of a `named!` or `root!`. Another macro of such a name has other arguments.
pub(crate) fn parse(mac: &Macro) -> Option<Named> {
    let last = mac.path.segments.last()?;
    if last.ident == "root" {
        let task = syn::parse2(mac.tokens.clone()).ok()?;
        return Some(Named { name: None, task });
    }
    if last.ident != "named" {
        return None;
    }
    let (name, task) = split_at_arrow(mac.tokens.clone())?;
    let task = syn::parse2(task).ok()?;
    Some(Named {
        name: Some(name),
        task,
    })
}

/// Returns the task inside.
pub(crate) fn inner(mac: &Macro) -> Option<Expr> {
    parse(mac).map(|named| named.task)
}

/// Returns the arguments that the user's macro call keeps. The name is formatted where the record is made.
///
/// The call itself stays, so that the user's import of `birthmark::named` stays in use.
pub(crate) fn emptied(named: &Named) -> TokenStream {
    let task = &named.task;
    match named.name {
        Some(_) => quote_spanned!(Span::mixed_site()=> "" => #task),
        None => quote!(#task),
    }
}

/// Returns the error for a `birthmark::named!` outside of a spawn. The macro itself reports one that is malformed.
pub(crate) fn misplaced(mac: &Macro, krate: Option<&Path>) -> Option<Error> {
    let path = &mac.path;
    let last = path.segments.last()?;
    if !is_ours(path, krate) || parse(mac).is_none() {
        return None;
    }
    let text = format!(
        "cannot apply `{name}!` here: it is not the task of a known callee\n\
         help: put it directly around the argument of the spawn that is the task\n\
         help: list the callee: `#[instrument(also(callee))]`",
        name = last.ident,
    );
    Some(Error::new(path.span(), text))
}

/// Returns `true` if a path leads to an item of the runtime: `birthmark::x`, or `x` below the path in `crate = …`.
pub(crate) fn is_ours(path: &Path, krate: Option<&Path>) -> bool {
    let path = joined(path);
    let Some((owner, _)) = path.rsplit_once("::") else {
        return false;
    };
    owner == "birthmark" || krate.is_some_and(|krate| owner == joined(krate))
}

fn split_at_arrow(tokens: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |token: &TokenTree, wanted| matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted);
    let arrow = tokens
        .windows(2)
        .position(|pair| is(&pair[0], '=') && is(&pair[1], '>'))?;
    let task = tokens[arrow + 2..].iter().cloned().collect();
    Some((tokens[..arrow].iter().cloned().collect(), task))
}
