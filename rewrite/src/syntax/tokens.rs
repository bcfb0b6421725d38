//! Calls among tokens that are not parsed, such as the arguments of unknown macros.
//!
//! Tokens have no grammar. A call is a known name with parentheses behind it, perhaps after a turbofish. The path in
//! front of the name is followed backwards from `::` to `::`. A path that cannot be followed to its start is *cut*, as
//! in `JoinSet::<T>::spawn(…)`.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ExprPath;

use crate::known::{callees, scope_functions, waits};

/// Returns `true` if tokens contain the name of a callee, or of a function that runs a closure as its caller.
pub(crate) fn mentions_a_callee(tokens: &TokenStream, also: &[String]) -> bool {
    mentions(tokens, &|name| {
        is_callee(name, also) || scope_functions::may_inherit(&name.to_string())
    })
}

/// Returns `true` if tokens contain an `await`, or the name of a function that blocks on a future.
pub(crate) fn mentions_polls(tokens: &TokenStream) -> bool {
    mentions_await(tokens) || mentions(tokens, &|name| waits::is_known(&name.to_string()))
}

/// Returns `true` if tokens contain an `await`.
pub(crate) fn mentions_await(tokens: &TokenStream) -> bool {
    mentions(tokens, &|name| name == "await")
}

fn mentions(tokens: &TokenStream, is_meant: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => is_meant(&name),
        TokenTree::Group(group) => mentions(&group.stream(), is_meant),
        _ => false,
    })
}

/// Returns the calls of known callees, each with its span and its callee as written.
pub(crate) fn callees(tokens: &TokenStream, also: &[String]) -> Vec<(Span, String)> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(name) if is_callee(name, also) && has_arguments(&tokens, index) => {
                let start = path_start(&tokens, index);
                let text: String = tokens[start..=index]
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let dot = if is_method(&tokens, index) { "." } else { "" };
                found.push((tokens[start].span(), format!("{dot}{text}")));
            }
            TokenTree::Group(group) => found.extend(callees(&group.stream(), also)),
            _ => {}
        }
    }
    found
}

fn has_arguments(tokens: &[TokenTree], name: usize) -> bool {
    !is_definition(tokens, name)
        && arguments_at(tokens, name).is_some_and(
            |at| matches!(&tokens[at], TokenTree::Group(group) if !group.stream().is_empty()),
        )
}

fn is_callee(name: &Ident, also: &[String]) -> bool {
    callees::is_known(&name.to_string(), also)
}

pub(crate) fn is_call(tokens: &[TokenTree], index: usize, also: &[String]) -> bool {
    matches!(&tokens[index], TokenTree::Ident(name) if is_callee(name, also))
        && !is_definition(tokens, index)
}

fn is_definition(tokens: &[TokenTree], index: usize) -> bool {
    index > 0 && matches!(&tokens[index - 1], TokenTree::Ident(before) if before == "fn")
}

pub(crate) fn is_method(tokens: &[TokenTree], index: usize) -> bool {
    index > 0 && is_punct(&tokens[index - 1], '.')
}

/// Returns `true` if the path continues in front of `start`, as in `JoinSet::<T>::spawn`.
pub(crate) fn is_cut(tokens: &[TokenTree], start: usize) -> bool {
    start > 0
        && (is_punct(&tokens[start - 1], '>') || is_punct(&tokens[start - 1], '$'))
        && is_punct(&tokens[start], ':')
}

/// Returns the index of the parentheses that belong to the name at `index`. A turbofish may be in between.
pub(crate) fn arguments_at(tokens: &[TokenTree], index: usize) -> Option<usize> {
    let at = behind_turbofish(tokens, index + 1)?;
    match tokens.get(at)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(at),
        _ => None,
    }
}

/// Returns the index behind the turbofish that begins at `at`, or `at` if there is none.
fn behind_turbofish(tokens: &[TokenTree], mut at: usize) -> Option<usize> {
    if !is_path_separator(tokens, at) || !is_punct(tokens.get(at + 2)?, '<') {
        return Some(at);
    }
    at += 2;
    let mut depth = 0usize;
    loop {
        depth = match tokens.get(at)? {
            token if is_punct(token, '<') => depth + 1,
            token if is_punct(token, '>') && !is_punct(&tokens[at - 1], '-') => depth - 1,
            _ => depth,
        };
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Returns the index at which the path begins that ends with the name at `index`.
pub(crate) fn path_start(tokens: &[TokenTree], index: usize) -> usize {
    let mut start = index;
    while start >= 2 && is_path_separator(tokens, start - 2) {
        start -= 2;
        match start.checked_sub(1).map(|before| &tokens[before]) {
            Some(TokenTree::Ident(segment)) if !is_keyword(segment) => start -= 1,
            _ => break,
        }
    }
    start
}

/// Returns `true` for keywords that are not segments of a path.
fn is_keyword(name: &Ident) -> bool {
    let allowed = ["crate", "self", "super", "Self"];
    !allowed.iter().any(|allowed| name == allowed)
        && syn::parse2::<ExprPath>(name.to_token_stream()).is_err()
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    at + 1 < tokens.len() && is_punct(&tokens[at], ':') && is_punct(&tokens[at + 1], ':')
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}
