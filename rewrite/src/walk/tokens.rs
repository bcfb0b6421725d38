//! Finds calls of known callees among tokens that do not parse as expressions, such as those of `select!`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprPath};

use crate::callee::spawn::Callee;
use crate::emit;
use crate::known::{callees, locals, waits};
use crate::walk::frames;
use crate::walk::macros::parse_arguments;
use crate::walk::visitor::Visitor;

/// Returns `true` if a look for spawns inside is worth the while.
pub(crate) fn mentions_a_callee(tokens: &TokenStream, also: &[String]) -> bool {
    mentions(tokens, &|name| {
        is_callee(name, also) || scope_functions::may_inherit(&name.to_string())
    })
}

/// Returns `true` if a look for futures that a thread blocks on is worth the while.
pub(crate) fn mentions_a_wait(tokens: &TokenStream) -> bool {
    mentions(tokens, &|name| waits::is_known(&name.to_string()))
}

fn mentions(tokens: &TokenStream, is_meant: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => is_meant(&name),
        TokenTree::Group(group) => mentions(&group.stream(), is_meant),
        _ => false,
    })
}

/// The calls of known callees, with the span and the text of each.
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

impl Visitor<'_> {
    /// Rewrites the spawns among tokens.
    pub(crate) fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut output: Vec<TokenTree> = Vec::with_capacity(tokens.len());
        let mut index = 0;
        while index < tokens.len() {
            let end =
                arguments_at(&tokens, index).filter(|_| is_call(&tokens, index, &self.args.also));
            match (&tokens[index], end) {
                (TokenTree::Ident(name), Some(end)) => {
                    let start = path_start(&tokens, index);
                    output.truncate(output.len() - (index - start));
                    output.extend(self.call(
                        &tokens[start..=end],
                        name,
                        is_method(&tokens, index) || is_cut(&tokens, start),
                    ));
                    index = end;
                }
                (TokenTree::Group(group), _) => output.push(self.group(group).into()),
                (token, _) => output.push(token.clone()),
            }
            index += 1;
        }
        output.into_iter().collect()
    }

    /// Rewrites a path or a name and the arguments behind it.
    fn call(&mut self, tokens: &[TokenTree], name: &Ident, arguments_only: bool) -> TokenStream {
        let call: TokenStream = tokens.iter().cloned().collect();
        match syn::parse2::<Expr>(call.clone()) {
            Ok(mut expr @ Expr::Call(_)) if !arguments_only => {
                self.visit_expr_mut(&mut expr);
                // What follows is not known here, so the call has to hold together.
                let parens = matches!(expr, Expr::Verbatim(_));
                let span = emit::generated(name.span());
                emit::parenthesized(parens, span, expr.to_token_stream())
            }
            _ => self.method(tokens, name).unwrap_or(call),
        }
    }

    /// Rewrites the arguments of a call whose receiver cannot be told from the tokens before it.
    fn method(&mut self, tokens: &[TokenTree], name: &Ident) -> Option<TokenStream> {
        let (TokenTree::Group(group), before) = tokens.split_last()? else {
            return None;
        };
        let mut args = parse_arguments(group.stream())?;
        let callee = Callee {
            name,
            path: None,
            receiver: None,
        };
        let Some(spawn) = self.recognise(&callee, &args) else {
            args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            return Some(with_arguments(before, group, args.to_token_stream()));
        };
        let index = spawn.index;
        let mut task = self.new_task(spawn);
        let has_no_table = self.has_no_table();
        self.arguments(&mut args, &mut task);
        if has_no_table {
            self.add_local_table(&mut args[index]);
        }
        Some(with_arguments(before, group, args.to_token_stream()))
    }

    /// Rewrites inside a group: as statements, if it is a block, or else as tokens.
    fn group(&mut self, group: &Group) -> Group {
        let tokens = group.stream();
        let frames =
            self.has_frames() && (frames::mentions_await(&tokens) || mentions_a_wait(&tokens));
        if !frames && !mentions_a_callee(&group.stream(), &self.args.also) {
            return group.clone();
        }
        let statements = match group.delimiter() {
            Delimiter::Brace => Block::parse_within.parse2(group.stream()).ok(),
            _ => None,
        };
        let Some(stmts) = statements else {
            return with_stream(group, self.tokens(group.stream()));
        };
        let mut block = Block {
            brace_token: syn::token::Brace(group.span()),
            stmts,
        };
        self.visit_block_mut(&mut block);
        with_stream(
            group,
            block.stmts.iter().map(ToTokens::to_token_stream).collect(),
        )
    }
}

fn with_arguments(before: &[TokenTree], group: &Group, arguments: TokenStream) -> TokenStream {
    let group = TokenTree::from(with_stream(group, arguments));
    before.iter().cloned().chain([group]).collect()
}

fn with_stream(group: &Group, stream: TokenStream) -> Group {
    let mut changed = Group::new(group.delimiter(), stream);
    changed.set_span(group.span());
    changed
}

fn is_call(tokens: &[TokenTree], index: usize, also: &[String]) -> bool {
    matches!(&tokens[index], TokenTree::Ident(name) if is_callee(name, also))
        && !is_definition(tokens, index)
}

fn is_definition(tokens: &[TokenTree], index: usize) -> bool {
    index > 0 && matches!(&tokens[index - 1], TokenTree::Ident(before) if before == "fn")
}

fn is_method(tokens: &[TokenTree], index: usize) -> bool {
    index > 0 && is_punct(&tokens[index - 1], '.')
}

/// Whether the path goes on before `start` in a way that was not followed, as in `JoinSet::<T>::spawn`.
fn is_cut(tokens: &[TokenTree], start: usize) -> bool {
    start > 0
        && (is_punct(&tokens[start - 1], '>') || is_punct(&tokens[start - 1], '$'))
        && is_punct(&tokens[start], ':')
}

/// Where the parentheses stand that belong to the name at `index`, behind a turbofish if there is one.
fn arguments_at(tokens: &[TokenTree], index: usize) -> Option<usize> {
    let mut at = index + 1;
    if is_path_separator(tokens, at) && is_punct(tokens.get(at + 2)?, '<') {
        let mut depth = 0usize;
        at += 2;
        loop {
            depth = match tokens.get(at)? {
                token if is_punct(token, '<') => depth + 1,
                token if is_punct(token, '>') && !is_punct(&tokens[at - 1], '-') => depth - 1,
                _ => depth,
            };
            at += 1;
            if depth == 0 {
                break;
            }
        }
    }
    match tokens.get(at)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(at),
        _ => None,
    }
}

/// Where the path begins that ends with the name at `index`.
fn path_start(tokens: &[TokenTree], index: usize) -> usize {
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

/// Keywords that can stand before a path that begins with `::`.
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
